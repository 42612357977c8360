"""Page or fragment or JSON: decided here for every view."""

from typing import Any

from flask import Response, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from webapp.errors import TownhallError


def is_htmx() -> bool:
    """True when HTMX asks for a fragment of the page (and not to restore its history)."""
    return "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers


def wants_json() -> bool:
    """True when the client prefers JSON to HTML."""
    kinds = request.accept_mimetypes
    return kinds.best_match(["text/html", "application/json"]) == "application/json"


def render(
    page: str,
    fragment: str | None = None,
    /,
    *,
    error: TownhallError | None = None,
    status: int | None = None,
    **context: Any,
) -> Response:
    """The fragment for HTMX, the whole page for everyone else; `error` is shown in either.

    The status is the error's, or 200, unless it is given.
    """
    template = fragment if fragment and is_htmx() else page
    response = make_response(render_template(template, error=error, **context))
    response.status_code = status or (error.status if error else 200)
    if error and error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    response.vary.update(("HX-Request", "Accept", "Cookie"))
    return response


def redirect_to(address: str) -> ResponseReturnValue:
    """303 to `address`; HTMX, which would swap in what a 303 leads to, is told to go there."""
    return ("", 204, {"HX-Redirect": address}) if is_htmx() else redirect(address, 303)
