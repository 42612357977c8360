"""Admin forms that an ended session would lose.

The fields of such a form travel through the sign-in form, signed, and come back on a page with a
button that sends them again. Nothing is stored, and nothing is sent without that press. Only a
form of this site is kept: browsers name the site of a form in `Origin`.

Single sign-on leaves the site, so there the form waits in a cookie of its own, if it fits.
"""

from dataclasses import dataclass
from typing import Any

from flask import Response, current_app, request, url_for
from itsdangerous import BadSignature, URLSafeSerializer

from webapp.errors import NotFound
from webapp.http.headers import current_site
from webapp.http.rendering import is_htmx, render

FIELD = "kept"
# The longest form, a plan with an embed code, has 30,000. It is sent with the sign-in.
MAX_CHARACTERS = 100_000
# For single sign-on. Browsers keep 4,096 bytes of a cookie, and nginx takes 8 KiB of all of them.
COOKIE = "townhall_kept"
COOKIE_CHARACTERS = 3_500
COOKIE_SECONDS = 600
# Of the page that the form was on; the next page has its own.
TRANSIENT = ("csrf_token", FIELD)
# A form with a password is never kept: the page would show it.
PASSWORDS = {"current", "password", "repeated"}
# Fields for programs.
UNSEEN = ("seen", "nonce", "confirmed")


@dataclass(frozen=True)
class KeptForm:
    """A form that was not processed: its address, and its fields in their order."""

    address: str
    fields: list[tuple[str, str]]

    @property
    def typed(self) -> list[tuple[str, str]]:
        """Return the fields with a text, by readable names."""
        shown = [(name, text) for name, text in self.fields if name not in UNSEEN and text.strip()]
        return [(name.replace("_", " "), text) for name, text in shown]


def keep_form() -> str:
    """Return this request's form as a text for the field `kept`, or "" if it cannot be kept."""
    if not _is_own_form() or request.files or not PASSWORDS.isdisjoint(request.form):
        return ""
    fields = [pair for pair in request.form.items(multi=True) if pair[0] not in TRANSIENT]
    if sum(map(len, (text for pair in fields for text in pair))) > MAX_CHARACTERS:
        return ""
    return str(_serializer().dumps([request.full_path.rstrip("?"), fields]))


def read_kept(text: str) -> KeptForm | None:
    """Return the form that `keep_form` turned into `text`; None for any other text."""
    try:
        address, fields = _serializer().loads(text)
    except BadSignature:
        return None
    return KeptForm(address, [(name, value) for name, value in fields])


def is_carried(text: str) -> bool:
    """Return whether the kept form `text` fits the cookie in which it waits for a sign-on."""
    return len(text) <= COOKIE_CHARACTERS and read_kept(text) is not None


def carry(response: Response, text: str) -> Response:
    """Let the kept form `text` wait in the browser for the end of a single sign-on."""
    if current_app.config["SSO_NAME"] and is_carried(text):
        response.set_cookie(
            COOKIE,
            text,
            max_age=COOKIE_SECONDS,
            path=url_for("account.show_kept"),
            httponly=True,
            samesite="Lax",
            secure=current_app.session_interface.get_cookie_secure(current_app),
        )
    return response


def read_carried() -> KeptForm:
    """Return the form that waits in this browser. Raises `NotFound`."""
    if kept := read_kept(request.cookies.get(COOKIE, "")):
        return kept
    raise NotFound("What you had entered is not here any more.")


def show_kept(kept: KeptForm, status: int = 200) -> Response:
    """Answer with the page that shows the form and offers to send it."""
    return as_page(render("account/kept_form.html", kept=kept, status=status))


def show_sign_in() -> Response | None:
    """Answer a form of an admin who is signed out with the sign-in form, which keeps it.

    Return None where there is nothing to keep.
    """
    kept = keep_form()
    if not kept:
        return None
    page: Response = current_app.extensions["sign_in_page"](kept)
    return as_page(page)


def as_page(response: Response) -> Response:
    """Let HTMX show the answer as a page, whatever its request wanted to swap."""
    if is_htmx():
        response.headers.update({"HX-Retarget": "body", "HX-Reswap": "innerHTML show:top"})
    return response


def _is_own_form() -> bool:
    view: Any = current_app.view_functions.get(request.endpoint or "")
    is_admin = getattr(view, "access", "") == "admin_required"
    return request.method == "POST" and is_admin and request.origin == current_site().origin


def _serializer() -> URLSafeSerializer:
    # Without a time: it is good for nothing but the person who has it in their page.
    keys = [*current_app.config["SECRET_KEY_FALLBACKS"], str(current_app.secret_key)]
    return URLSafeSerializer(keys, salt="kept form")
