"""eventlet, in one place: everything else uses the standard library and `socketio`.

Another async mode is a change of this file.
"""

import os
import warnings
from collections.abc import Callable
from typing import Any

ASYNC_MODE = "eventlet"


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
    import eventlet

    return eventlet.listen((host, port), backlog=4096)


def serve(listener: Any, app: Callable[..., Any], max_connections: int) -> None:
    """Serve `app` until the listener is closed."""
    import eventlet.wsgi

    eventlet.wsgi.server(
        listener,
        app,
        # The default is 1,024 green threads, and silence for whoever comes after.
        max_size=max_connections,
        # True would send a traceback to the client, into an open WebSocket even.
        debug=False,
        log_output=False,
        keepalive=75,
    )
