"""Decide about a request for a socket before its handshake costs anything."""

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

from flask import Flask

from realtime.transport.places import (
    ADDRESS_PLACES,
    EMPLOYEE_PLACES,
    PLACE,
    STRANGER_PLACES,
    Place,
    Places,
)
from webapp.http.identity import employee_of_cookie
from webapp.infra.addresses import client_address, network_of

PATH = "/socket.io/"
RETRY_SECONDS = "5"

Environ = dict[str, Any]
StartResponse = Callable[..., Any]


class AdmissionMiddleware:
    """Refuses malformed handshakes, and clients for whom this node has no place.

    Everything else passes: a full node still answers pages, /healthz and /metrics. It answers 503
    to a WebSocket, so that nginx tries the next node, and 429 to long polling, whose next request
    would come here again. A client that holds all of its own places gets 429.
    """

    def __init__(self, app: Flask, max_connections: int, trusted_proxies: int) -> None:
        self._flask = app
        self._app = app.wsgi_app
        self._trusted_proxies = trusted_proxies
        self._viewers = Places(max_connections, EMPLOYEE_PLACES)
        self._strangers = Places(STRANGER_PLACES, ADDRESS_PLACES)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request of WSGI."""
        # permessage-deflate would cost 128 KiB and half the speed per viewer.
        environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
        if not environ["PATH_INFO"].startswith(PATH):
            return self._app(environ, start_response)
        # As engineio reads it: a `sid` without a value is none.
        query = parse_qs(environ.get("QUERY_STRING", ""))
        if "j" in query:
            return _refuse(start_response, "400 Bad Request", "JSONP is not supported.")
        if "HTTP_UPGRADE" in environ and not _is_handshake(environ):
            return _refuse(start_response, "400 Bad Request", "Not a WebSocket handshake.")
        if "sid" in query:
            return self._app(environ, start_response)
        place = self._place(environ)
        if isinstance(place, str):
            return _refuse(start_response, place, "Too many connections.")
        token = PLACE.set(place)
        try:
            return self._app(environ, start_response)
        finally:
            PLACE.reset(token)
            if not place.taken:
                # engineio refused the request, and made no connection.
                place.leave()

    def _place(self, environ: Environ) -> Place | str:
        """Return a place for the client, or the status that refuses it."""
        employee_id = employee_of_cookie(self._flask, environ)
        if employee_id is None:
            address = client_address(environ, self._trusted_proxies)
            give_back = self._strangers.take(network_of(address))
        elif self._viewers.full and "HTTP_UPGRADE" in environ:
            # nginx tries the next node.
            return "503 Service Unavailable"
        else:
            give_back = self._viewers.take(employee_id)
        return Place(employee_id is not None, give_back) if give_back else "429 Too Many Requests"


def _is_handshake(environ: Environ) -> bool:
    # eventlet would also speak a draft of 2010, whose frames have no length.
    return (
        environ.get("HTTP_SEC_WEBSOCKET_VERSION") == "13"
        and "HTTP_SEC_WEBSOCKET_KEY" in environ
        and environ["HTTP_UPGRADE"].lower() == "websocket"
    )


def _refuse(start_response: StartResponse, status: str, message: str) -> Iterable[bytes]:
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Connection", "close")]
    if not status.startswith("400"):
        headers.append(("Retry-After", RETRY_SECONDS))
    start_response(status, headers)
    return [f"{message}\n".encode()]
