"""The signed session cookie: Flask's own, taken by machines whose clocks do not agree."""

from typing import Any

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import SignatureExpired, TimestampSigner, URLSafeTimedSerializer

from webapp.infra.clock import utcnow


class _Signer(TimestampSigner):
    """Dates by the clock that all processes share, and takes what is dated ahead of it.

    Upstream goes by each machine's own and calls that expired: whoever checked in a moment ago
    would be nobody to a node that is a second behind, be sent to the form, and from there back,
    again and again.
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


class CookieSessions(SecureCookieSessionInterface):
    """Flask's session cookie with that signer."""

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """What signs the cookie and reads it."""
        serializer = super().get_signing_serializer(app)
        if serializer:
            serializer.signer = _Signer
        return serializer
