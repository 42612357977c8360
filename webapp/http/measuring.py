"""Name, time and count the requests of the web tier."""

import time

from flask import Flask, Response, g, request

from webapp.infra.metrics import HTTP_REQUESTS, HTTP_SECONDS
from webapp.infra.request_id import begin_request, current_request_id

# A client may send any word as its method.
METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})


def register_measuring(app: Flask) -> None:
    """Measure every request, and tell the client its id for questions to the operator."""
    app.before_request(_begin)
    app.after_request(_count)


def _begin() -> None:
    g.began_at = time.perf_counter()
    begin_request(request.environ)


def _count(response: Response) -> Response:
    method = request.method if request.method in METHODS else "other"
    HTTP_REQUESTS.labels(request.endpoint or "none", method, response.status_code).inc()
    HTTP_SECONDS.observe(time.perf_counter() - g.get("began_at", time.perf_counter()))
    response.headers["X-Request-Id"] = current_request_id()
    return response
