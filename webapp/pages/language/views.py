"""The choice of a language, which this browser remembers."""

from flask import Blueprint, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from webapp.http.access import public
from webapp.http.headers import referring_page
from webapp.http.language import remember_language

bp = Blueprint("language", __name__)

BACK_LENGTH = 1000


@bp.get("/language/<language>")
@public
def choose(language: str) -> ResponseReturnValue:
    # A link, so that pages without a form and a session can offer it; it only affects what this
    # browser reads.
    response = make_response(redirect(_back(), 303))
    remember_language(response, language)
    return response


def _back() -> str:
    """Return the page of this site that the reader came from."""
    back = request.args.get("back") or referring_page() or ""
    # `//host` and `/\host` are addresses of other sites.
    own = back.startswith("/") and back[1:2] not in ("/", "\\") and back.isprintable()
    return back if own and len(back) <= BACK_LENGTH else url_for("checkin.show_current")
