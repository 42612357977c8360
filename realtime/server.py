"""Serve a node until it is told to stop; then store every accepted draft before it ends."""

import gc
import logging
import resource
import signal
import socket
import sys
import time
from types import FrameType

from realtime.app import Node
from realtime.transport import eventlet_runtime
from webapp.infra.settings import Settings

log = logging.getLogger(__name__)

# Compose and the local stack kill after ten seconds.
DRAIN_SECONDS = 8.0
LOOK_SECONDS = 0.05
# For the last frames: acknowledgements and the close itself.
FLUSH_SECONDS = 0.5


def listen(settings: Settings, port: int) -> socket.socket:
    """Return a socket that listens at HOST, or end the process with one line."""
    try:
        listener: socket.socket = eventlet_runtime.listen(settings.host, port)
    except OSError as error:
        sys.exit(f"townhall: cannot serve {address(settings.host, port)}: {error.strerror}")
    return listener


def address(host: str, port: int) -> str:
    """Return `host:port` as in an address bar, where an IPv6 address is in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def serve(node: Node, settings: Settings, listener: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT; then store the accepted drafts and return."""
    _raise_open_files_limit(settings.max_connections + eventlet_runtime.SPARE_CONNECTIONS)
    node.start()
    node.socketio.start_background_task(
        eventlet_runtime.serve, listener, node.app, settings.max_connections
    )
    # The libraries stay loaded. Each full collection walked through them for a tenth of a second,
    # during which nothing was sent.
    gc.collect()
    gc.freeze()
    log.info("serving http://%s", address(settings.host, listener.getsockname()[1]))
    _wait_for_signal()
    listener.close()
    _drain(node)
    log.info("stopped")


def _raise_open_files_limit(wanted: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed < wanted:
        log.warning("MAX_CONNECTIONS is more than this process may open: %d files", hard)


def _wait_for_signal() -> None:
    # The handler only sets a flag: it may run inside the event loop, where nothing can wait.
    received: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        received.append(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, note)
    while not received:
        time.sleep(0.1)


def _drain(node: Node) -> None:
    for writer in node.writers:
        writer.close()
    deadline = time.monotonic() + DRAIN_SECONDS
    while not node.idle and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)
    node.reactions.close()
    node.presence.close()
    # On the stock path an acknowledgement still passes through a queue.
    time.sleep(LOOK_SECONDS)
    node.close_sockets()
    time.sleep(FLUSH_SECONDS)
