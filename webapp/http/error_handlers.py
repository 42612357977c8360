"""The one place where an error of a request becomes an answer."""

from flask import Flask, Response, jsonify, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import BadHost, HTTPException

from webapp.errors import (
    Invalid,
    NotFound,
    SlowDown,
    TownhallError,
    Unavailable,
    as_townhall_error,
)
from webapp.http import identity, kept_forms
from webapp.http.rendering import is_htmx, wants_json
from webapp.http.session_cookie import cookies_needed, has_session_cookie
from webapp.i18n import lazy
from webapp.infra.extensions import db

EXPIRED = lazy("This page had been open for too long. Please send it again.")

# Where the reader wanted to save nothing.
CANNOT_READ = lazy("This page cannot be shown right now. Try again in a moment.")

# Texts for refusals of Flask and Werkzeug, by status.
REFUSALS = {
    404: NotFound.text,
    405: lazy("This address does not accept that kind of request."),
    413: lazy("This is too much data. Send less."),
    414: lazy("This address is too long."),
    415: lazy("This kind of data is not accepted here."),
    429: SlowDown.text,
    503: Unavailable.text,
}


def register_error_handlers(app: Flask) -> None:
    """Answer our own errors, Flask's and the database's in the format that the client wants."""
    app.register_error_handler(CSRFError, _show_stale)
    app.register_error_handler(BadHost, _show_bad_host)
    app.register_error_handler(HTTPException, _show_http)
    app.register_error_handler(Exception, _show)


def stale_form() -> Invalid:
    """Return the reason why the token of the current form does not fit its cookie."""
    if has_session_cookie() or "csrf_token" not in request.form:
        return Invalid(EXPIRED)
    return Invalid(cookies_needed())


def respond(error: TownhallError, *, status: int | None = None, as_json: bool = False) -> Response:
    """Answer with `error` as a page, a fragment or JSON, whichever the client asks for."""
    status = status or error.status
    if request.method == "GET" and error.message == str(Unavailable.text):
        error = Unavailable(CANNOT_READ)
    if as_json or wants_json():
        response = jsonify(ok=False, error=error.as_dict())
    elif is_htmx():
        response = make_response(render_template("_error.html", error=error))
        # Shown above the form: swapping the form itself would lose the typed values.
        response.headers.update({"HX-Retarget": "#alert", "HX-Reswap": "innerHTML"})
    else:
        response = make_response(render_template("error.html", error=error, status=status))
    response.status_code = status
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    response.vary.update(("HX-Request", "Accept", "Accept-Language", "Cookie"))
    return response


def _show(error: Exception) -> Response:
    # A failed session refuses every statement until it is rolled back.
    db.session.rollback()
    return respond(as_townhall_error(error))


def _show_stale(_error: CSRFError) -> Response:
    """Offer to send an admin's form again, which the session had outlived; refuse any other."""
    if identity.current_admin() is None:
        return kept_forms.show_sign_in() or respond(stale_form(), status=400)
    kept = kept_forms.read_kept(kept_forms.keep_form())
    return kept_forms.show_kept(kept, 400) if kept else respond(stale_form(), status=400)


def _show_bad_host(_error: BadHost) -> Response:
    """Answer a request whose host is not a name, for which a page could not link to anything."""
    return Response(str(Invalid.text), 400, mimetype="text/plain")


def _show_http(error: HTTPException) -> Response | HTTPException:
    if error.code is None or error.code < 400:
        return error
    family = Invalid if error.code < 500 else TownhallError
    response = respond(family(REFUSALS.get(error.code)), status=error.code)
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            response.headers[name] = value
    return response
