"""Start eventlet and serve on it; the rest of the node uses the standard library and `socketio`.

Overrides the hub's functions for exceptions that no task handles, and registers with the hub for
bytes that a green thread need not wake for.
"""

import errno
import os
import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

ASYNC_MODE = "eventlet"
KERNEL_BYTES = 128 * 1024
BUFFER_BYTES = 2 * 1024
# As in nginx.conf and gunicorn.conf.py: other applications of a company may set many cookies.
HEADER_LINE_BYTES = 32 * 1024
# For pages and probes, and for clients that are being refused.
SPARE_CONNECTIONS = 1000
# A connection that cannot be accepted just now: it broke, or this process has no file left.
NOT_NOW = {
    errno.ECONNABORTED,
    errno.ECONNRESET,
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOBUFS,
    errno.ENOMEM,
    errno.EPIPE,
    errno.EPROTO,
}
NOT_NOW_SECONDS = 0.1


def patch() -> None:
    """Make sockets, threads and time of the standard library green.

    Call it before importing anything else: a module imported earlier keeps the blocking ones.
    """
    # eventlet's own resolver knows neither /etc/nsswitch.conf nor every container's DNS.
    os.environ.setdefault("EVENTLET_NO_GREENDNS", "yes")
    with warnings.catch_warnings():
        # It advises new projects against itself; docs/decisions/0001 has our answer.
        warnings.simplefilter("ignore")
        import eventlet

    eventlet.monkey_patch()
    _resolve_names_in_threads()
    hub = eventlet.hubs.get_hub()
    # Upstream prints a traceback of many lines, past the log and its limits.
    hub.squelch_generic_exception = log_unhandled
    hub.squelch_timer_exception = lambda _timer, exception: log_unhandled(exception)


def _resolve_names_in_threads() -> None:
    """Look host names up outside the event loop: a DNS server that is silent would stop it."""
    import socket

    import eventlet.green.socket
    from eventlet import tpool

    resolve = socket.getaddrinfo

    def getaddrinfo(
        host: Any,
        port: Any,
        family: int = 0,
        type: int = 0,  # noqa: A002 - the name of the standard library
        proto: int = 0,
        flags: int = 0,
    ) -> Any:
        with suppress(socket.gaierror):
            return resolve(host, port, family, type, proto, flags | socket.AI_NUMERICHOST)
        return tpool.execute(resolve, host, port, family, type, proto, flags)

    # `create_connection` of the latter uses its own.
    socket.getaddrinfo = eventlet.green.socket.getaddrinfo = getaddrinfo


def log_unhandled(exception: Any) -> None:
    """Log the `sys.exc_info()` of a task that ended with an exception."""
    if issubclass(exception[0], OSError):
        # A peer that is gone, in the middle of a request.
        _log().info("a connection broke: %s", exception[1])
    else:
        _log().error("a task ended with an exception", exc_info=exception)


def _log() -> Any:
    # Imported late: it imports threading, which `patch` must come before.
    import logging

    return logging.getLogger(__name__)


def wait_for(sock: Any, arrived: Callable[[], bool]) -> None:
    """Have the event loop call `arrived` each time `sock` can be read, until it returns True.

    `arrived` must not wait. The calling task sleeps meanwhile: to wake it for each packet took five
    times as long as handling a click. Raise what `arrived` raises, and `OSError` when `sock` is
    closed.
    """
    from eventlet import getcurrent
    from eventlet.hubs import get_hub

    hub, task = get_hub(), getcurrent()

    def look(_fileno: int) -> None:
        try:
            wake = arrived()
        except Exception as error:
            task.throw(error)
        else:
            if wake:
                task.switch()

    listener = hub.add(hub.READ, sock.fileno(), look, task.throw, sock._mark_as_closed)
    try:
        hub.switch()
    finally:
        hub.remove(listener)


def listen(host: str, port: int) -> Any:
    """Return a socket that listens at that address. Raises `OSError` when it is taken.

    An IPv6 address such as `::` serves IPv4 clients as well.
    """
    import socket

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server(
        (host, port), family=family, backlog=4096, dualstack_ipv6=":" in host
    )
    # Connections inherit both. The kernel's buffer for a slow reader would grow to megabytes;
    # TCP_NODELAY sends a frame before the previous one is acknowledged.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def serve(listener: Any, app: Callable[..., Any], max_connections: int) -> None:
    """Serve `app` until the listener is closed."""
    import eventlet.wsgi

    class Protocol(eventlet.wsgi.HttpProtocol):
        # A viewer keeps the buffers of its handshake while it watches: 24 KiB by default.
        rbufsize = wbufsize = BUFFER_BYTES

        # The standard library writes two lines to standard error for each malformed request.
        def log_error(self, format: str, *args: Any) -> None:  # noqa: A002 - upstream's name
            _log().warning("refused a malformed request: %.200s", format % args)

        def log_request(self, code: Any = "-", size: Any = "-") -> None:
            """Log nothing: `log_error` does."""

    # A module's constant, not an argument. By default a cookie of 8 KiB ends in a 400.
    eventlet.wsgi.MAX_HEADER_LINE = HEADER_LINE_BYTES
    listener.accept = partial(_accept, listener.accept)

    eventlet.wsgi.server(
        listener,
        app,
        protocol=Protocol,
        # By default the 1,025th connection hangs. The admission middleware refuses viewers beyond
        # the limit, and needs a thread to do so.
        max_size=max_connections + SPARE_CONNECTIONS,
        # True would send tracebacks to the client, even into an open WebSocket.
        debug=False,
        log_output=False,
        keepalive=75,
    )


def _accept(accept: Callable[[], Any]) -> Any:
    """Return the next connection. Upstream would end its loop at the first that is not to be had.

    It would then wait for all viewers to leave, while nobody new gets in.
    """
    import time

    while True:
        try:
            return accept()
        except OSError as error:
            if error.errno not in NOT_NOW:
                raise
            _log().warning("cannot accept connections just now: %s", error)
            time.sleep(NOT_NOW_SECONDS)
