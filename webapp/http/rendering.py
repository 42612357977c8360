"""Rendering: every view answers with a page, a fragment or JSON through these functions."""

from collections.abc import MutableMapping
from typing import Any

from flask import Response, make_response, redirect, render_template, request
from flask.templating import Environment
from flask.typing import ResponseReturnValue
from werkzeug.urls import iri_to_uri

from webapp.errors import TownhallError
from webapp.http.toasts import keep_toasts, toast_headers


class TemplateEnvironment(Environment):
    """Flask's environment, with the globals of each template in a plain dictionary.

    Upstream chains dictionaries in Python, and reads each of 60 globals through the chain for every
    template, block and include: 4 % of a check-in's CPU. Globals are set before the first page.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Return the globals of a template whose own are `d`."""
        return {**self.globals, **(d or {})}


def is_htmx() -> bool:
    """Return True when HTMX asks for a fragment (not when it restores its history)."""
    return "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers


def wants_json() -> bool:
    """Return True when the client prefers JSON to HTML."""
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
    """Render the fragment for HTMX and the page for everything else; both show `error`.

    `status` defaults to that of the error, or 200.
    """
    template = fragment if fragment and is_htmx() else page
    response = make_response(render_template(template, error=error, **context))
    response.status_code = status or (error.status if error else 200)
    if error and error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    if is_htmx():
        response.headers.update(toast_headers())
    response.vary.update(("HX-Request", "Accept", "Accept-Language", "Cookie"))
    return response


def redirect_to(address: str) -> ResponseReturnValue:
    """Redirect to `address`, whose page shows the toasts of this request.

    HTMX gets a header instead: it would swap in the page after a 303.
    """
    keep_toasts()
    if is_htmx():
        return "", 204, {"HX-Redirect": iri_to_uri(address)}
    return redirect(address, 303)
