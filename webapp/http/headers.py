"""Headers of every answer: content security policy, privacy and caching."""

from flask import Flask, Response, g, request

BASE_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


def allow_stream(kind: str, origin: str | None) -> None:
    """Extend the policy of the current answer, so that it may frame or play the stream."""
    policy = {"media-src": "'self' blob:", "worker-src": "'self' blob:"}
    if origin and kind == "embed":
        policy["frame-src"] = origin
    elif origin:
        policy["media-src"] += f" {origin}"
        policy["connect-src"] = f"'self' {origin}"
    g.stream_policy = policy


def register_headers(app: Flask) -> None:
    """Set the headers after every request."""
    app.after_request(_set_headers)


def _set_headers(response: Response) -> Response:
    policy = BASE_POLICY | g.get("stream_policy", {})
    response.headers.setdefault(
        "Content-Security-Policy", "; ".join(f"{name} {value}" for name, value in policy.items())
    )
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
    response.headers.setdefault(
        "Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()"
    )
    if request.endpoint == "static":
        # The version in the address changes with the content (webapp/http/assets.py).
        kept = "public, max-age=31536000, immutable" if "v" in request.args else "no-cache"
        response.headers["Cache-Control"] = kept
    else:
        response.headers.setdefault("Cache-Control", "no-store")
    return response
