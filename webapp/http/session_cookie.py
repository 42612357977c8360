"""Flask's signed session cookie, accepted by machines whose clocks differ."""

from typing import Any

from flask import Flask, current_app, request
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import SignatureExpired, TimestampSigner, URLSafeTimedSerializer

from webapp.i18n import gettext as _
from webapp.infra.clock import utcnow


class _Signer(TimestampSigner):
    """Signs with the clock that all processes share, and accepts signatures from the future.

    Upstream uses each machine's own clock and calls a signature from the future expired. A node
    one second behind the web tier would send viewers who just checked in back to the form, and
    the form would send them to the live page again.
    """

    def get_timestamp(self) -> int:
        return int(utcnow().timestamp())

    def unsign(
        self, signed_value: str | bytes, max_age: int | None = None, return_timestamp: bool = False
    ) -> Any:
        try:
            return super().unsign(signed_value, max_age, return_timestamp)  # type: ignore[call-overload]
        except SignatureExpired as error:
            if error.date_signed is None or error.date_signed <= utcnow():
                raise
            return super().unsign(signed_value, None, return_timestamp)  # type: ignore[call-overload]


def has_session_cookie() -> bool:
    """Return True when the browser sent a session cookie, whatever its content."""
    return current_app.config["SESSION_COOKIE_NAME"] in request.cookies


def cookies_needed() -> str:
    """Return the sentence for a browser that did not return the session cookie."""
    if current_app.config["SESSION_COOKIE_SECURE"] and not request.is_secure:
        return _(
            "This site needs cookies, which work over https only: open https://%(host)s/.",
            host=request.host,
        )
    return _("This site needs cookies: allow them in your browser and try again.")


class CookieSessions(SecureCookieSessionInterface):
    """Flask's session cookie with that signer."""

    _serializer: URLSafeTimedSerializer | None = None

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Return the serializer that signs and reads the cookie, made once per application."""
        if self._serializer is None and (made := super().get_signing_serializer(app)):
            made.signer = _Signer
            self._serializer = made
        return self._serializer
