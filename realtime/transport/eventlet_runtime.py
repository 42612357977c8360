"""eventlet, in one place: everything else uses the standard library and `socketio`.

Another async mode is a change of this file.
"""

import os
import warnings
from collections.abc import Callable
from typing import Any

ASYNC_MODE = "eventlet"
KERNEL_BYTES = 128 * 1024
BUFFER_BYTES = 2 * 1024
# For pages and probes, and for those who are being refused.
SPARE_CONNECTIONS = 1000


def patch() -> None:
    """Make sockets, threads and time of the standard library green.

    Called before anything else is imported: what was imported earlier keeps the blocking ones.
    """
    # Its own resolver knows neither /etc/nsswitch.conf nor every container's DNS.
    os.environ.setdefault("EVENTLET_NO_GREENDNS", "yes")
    with warnings.catch_warnings():
        # It says that new projects should not use it; docs/decisions/ has our answer.
        warnings.simplefilter("ignore")
        import eventlet

    eventlet.monkey_patch()


def listen(host: str, port: int) -> Any:
    """A listening socket at that address. Raises `OSError` when it is taken."""
    import socket

    import eventlet

    listener = eventlet.listen((host, port), backlog=4096)
    # Connections inherit these. What the kernel keeps for a viewer who does not read would grow
    # to megabytes; and a frame is not held back until the one before it is acknowledged.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def serve(listener: Any, app: Callable[..., Any], max_connections: int) -> None:
    """Serve `app` until the listener is closed."""
    import eventlet.wsgi

    class SmallBuffers(eventlet.wsgi.HttpProtocol):
        # A viewer keeps those of its handshake for as long as it watches: 24 KiB by default.
        rbufsize = wbufsize = BUFFER_BYTES

    eventlet.wsgi.server(
        listener,
        app,
        protocol=SmallBuffers,
        # The default is 1,024 green threads, and silence for whoever comes after. The gate refuses
        # viewers beyond their limit, so somebody must be there to do it.
        max_size=max_connections + SPARE_CONNECTIONS,
        # True would send a traceback to the client, into an open WebSocket even.
        debug=False,
        log_output=False,
        keepalive=75,
    )
