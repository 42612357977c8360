"""Compressed answers of the embedded default; in the full system nginx compresses."""

import gzip
import mimetypes
from pathlib import Path

from flask import Flask, Response, request, send_from_directory
from flask.typing import RouteCallable

# A smaller answer fits into one packet anyway.
MIN_BYTES = 1000
# Level 9 takes twice the time of a page for 1 % less.
LEVEL = 5
TYPES = {
    "application/json",
    "application/vnd.apple.mpegurl",
    "image/svg+xml",
    "text/calendar",
    "text/css",
    "text/csv",
    "text/html",
    "text/plain",
}


def register_compression(app: Flask) -> None:
    """Compress pages as they leave, and send the compressed files of the build as they are."""
    app.after_request(_compress)
    app.view_functions["static"] = _static_sender(app)


def _static_sender(app: Flask) -> RouteCallable:
    folder = app.static_folder or ""
    packed = {str(path.relative_to(folder)) for path in Path(folder).rglob("*.gz")}

    def send(filename: str) -> Response:
        name = f"{filename}.gz"
        if name not in packed or not _accepted():
            return app.send_static_file(filename)
        kind = mimetypes.guess_type(filename)[0]
        response = send_from_directory(folder, name, mimetype=kind)
        response.headers["Content-Encoding"] = "gzip"
        response.vary.add("Accept-Encoding")
        return response

    return send


def _compress(response: Response) -> Response:
    if response.mimetype not in TYPES or response.direct_passthrough or response.is_streamed:
        return response
    response.vary.add("Accept-Encoding")
    if not _accepted() or "Content-Encoding" in response.headers:
        return response
    body = response.get_data()
    if len(body) >= MIN_BYTES:
        response.set_data(gzip.compress(body, LEVEL, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response


def _accepted() -> bool:
    return bool(request.accept_encodings["gzip"])
