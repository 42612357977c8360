"""The client of an attempt: its address, and what form and cookies say for it."""

import secrets

from flask import Response, after_this_request, current_app, request
from itsdangerous import BadSignature, URLSafeSerializer

from webapp.domain.employees.identifiers import normal_email
from webapp.infra.rate_limit import Client, fingerprint

COOKIE = "townhall_known"
COOKIE_SECONDS = 365 * 24 * 3600
# A shared computer remembers the latest of its users.
MAX_PASSED = 10


def read_client() -> Client:
    """Return the client of the current request."""
    browser, passed = _read_cookie()
    return Client(
        source=request.remote_addr or "",
        proof=request.form.get("proof", ""),
        ticket=request.form.get("ticket", ""),
        queue="queue" in request.form,
        browser=browser,
        passed=frozenset(passed),
    )


def remember_browser(kind: str, email: str) -> None:
    """Remember with the current answer that this browser passed as the owner of `email`."""
    browser, passed = _read_cookie()
    name = fingerprint(kind, normal_email(email))
    if name in passed:
        return
    latest = [*passed, name][-MAX_PASSED:]
    value = _serializer().dumps([browser or secrets.token_urlsafe(12), latest])

    @after_this_request
    def set_cookie(response: Response) -> Response:
        interface = current_app.session_interface
        response.set_cookie(
            COOKIE,
            value,
            max_age=COOKIE_SECONDS,
            httponly=True,
            samesite="Lax",
            secure=interface.get_cookie_secure(current_app),
        )
        return response


def _read_cookie() -> tuple[str, list[str]]:
    try:
        browser, passed = _serializer().loads(request.cookies.get(COOKIE, ""))
    except BadSignature:
        return "", []
    return browser, passed


def _serializer() -> URLSafeSerializer:
    keys = [*current_app.config["SECRET_KEY_FALLBACKS"], str(current_app.secret_key)]
    return URLSafeSerializer(keys, "known browser")
