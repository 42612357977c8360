"""What a request for a socket must pass before its handshake."""

from collections.abc import Callable, Iterable
from typing import Any

from flask_socketio import SocketIO

from realtime.transport.connection import connections

PATH = "/socket.io/"
RETRY_SECONDS = "5"

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
App = Callable[[Environ, StartResponse], Iterable[bytes]]


class AdmissionMiddleware:
    """Refuses viewers beyond the limit of this node, and handshakes that are none.

    Everything else passes: a node that is full still answers pages, /healthz and /metrics.
    """

    def __init__(self, app: App, socketio: SocketIO, max_connections: int) -> None:
        self._app = app
        self._socketio = socketio
        self._max_connections = max_connections

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        # permessage-deflate would cost 128 KiB and half the speed per viewer.
        environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
        if environ["PATH_INFO"].startswith(PATH):
            if _is_new(environ) and self._full:
                return _refuse(start_response, "503 Service Unavailable", "This node is full.")
            if "HTTP_UPGRADE" in environ and not _is_handshake(environ):
                return _refuse(start_response, "400 Bad Request", "This is no handshake.")
        return self._app(environ, start_response)

    @property
    def _full(self) -> bool:
        return len(connections(self._socketio)) >= self._max_connections


def _is_new(environ: Environ) -> bool:
    return "sid=" not in environ.get("QUERY_STRING", "")


def _is_handshake(environ: Environ) -> bool:
    # eventlet would also speak a draft of 2010, which knows no length of a frame.
    return (
        environ.get("HTTP_SEC_WEBSOCKET_VERSION") == "13"
        and "HTTP_SEC_WEBSOCKET_KEY" in environ
        and environ["HTTP_UPGRADE"].lower() == "websocket"
    )


def _refuse(start_response: StartResponse, status: str, message: str) -> Iterable[bytes]:
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Connection", "close")]
    if status.startswith("503"):
        headers.append(("Retry-After", RETRY_SECONDS))
    start_response(status, headers)
    return [f"{message}\n".encode()]
