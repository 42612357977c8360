"""Headers of every answer: content security policy, privacy and caching."""

from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import urlsplit, urlunsplit

from flask import Flask, Response, g, request
from werkzeug.routing import RequestRedirect

from webapp.domain.events.embeds import Site
from webapp.domain.events.streams import Stream

BASE_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "media-src": "'self'",
    "manifest-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
# No view sets one of these itself.
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}


def current_site() -> Site:
    """Return the site as the browser addresses it in this request."""
    origin = request.host_url.rstrip("/")
    return Site(urlsplit(origin).hostname or "", request.is_secure, origin)


def referring_page() -> str | None:
    """Return path and query of the page of this site that led here, or None."""
    try:
        page = urlsplit(request.referrer or "")
    except ValueError:
        return None
    return f"{page.path}?{page.query}".rstrip("?") if page.netloc == request.host else None


def allow_stream(stream: Stream, hosts: Iterable[str] = ()) -> None:
    """Extend the policy of the current answer, so that it may frame or play the stream.

    `hosts` are further sources of the stream.
    """
    sources = [*filter(None, [stream.origin]), *hosts]
    if stream.kind == "embed":
        g.stream_policy = {"frame-src": " ".join(sources)}
    else:
        g.stream_policy = {
            # hls.js makes captions tracks of `data:,WEBVTT`.
            "media-src": " ".join(["'self'", "blob:", "data:", *sources]),
            "connect-src": " ".join(["'self'", *sources]),
            "worker-src": "'self' blob:",
        }


def register_headers(app: Flask) -> None:
    """Set the headers after every request."""
    app.after_request(_set_headers)
    app.after_request(_redirect_within_site)


def _redirect_within_site(response: Response) -> Response:
    """Drop scheme and host from the redirect to an address with a slash at its end.

    Werkzeug takes them from the request, whose scheme and host a proxy may have changed.
    """
    if isinstance(request.routing_exception, RequestRedirect):
        target = urlsplit(response.location or "")
        path = "/" + target.path.lstrip("/")
        response.location = urlunsplit(("", "", path, target.query, ""))
    return response


def _set_headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", _policy(**g.get("stream_policy", {})))
    response.headers.extend(ALWAYS)
    if request.endpoint == "static":
        # The version in the address changes with the content (webapp/http/assets.py).
        kept = "public, max-age=31536000, immutable" if "v" in request.args else "no-cache"
        response.headers["Cache-Control"] = kept
    else:
        response.headers.setdefault("Cache-Control", "no-store")
    return response


@lru_cache
def _policy(**stream: str) -> str:
    return "; ".join(f"{name} {value}" for name, value in (BASE_POLICY | stream).items())
