"""Nonces: a text that is sent again under its nonce is stored once."""

import re

from webapp.domain.models import NONCE_LENGTH
from webapp.errors import Invalid
from webapp.i18n import lazy

NONCE = re.compile(rf"[!-~]{{1,{NONCE_LENGTH}}}")


class NonceSpent(Invalid):
    """No text can be stored under this nonce any more: the next attempt needs a new one."""


class NonceReused(NonceSpent):
    """Something else was stored under this nonce.

    The first receipt would make its author believe that this text was stored as well.
    """

    text = lazy(
        "You have sent a different text from this form before. Send this one again to add it."
    )


def check_nonce(nonce: object) -> str:
    """Return the nonce. Raises `Invalid` unless it has 1 to 64 visible ASCII characters."""
    if not isinstance(nonce, str) or not NONCE.fullmatch(nonce):
        raise Invalid("A nonce has 1 to %(most)s visible ASCII characters.", most=NONCE_LENGTH)
    return nonce
