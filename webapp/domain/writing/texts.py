"""Check what viewers write: texts, and the nonces under which they are sent once."""

import re

from webapp.domain.models import BODY_LENGTH, NONCE_LENGTH
from webapp.errors import Invalid
from webapp.infra.text import clean_text

NONCE = re.compile(rf"[!-~]{{1,{NONCE_LENGTH}}}")


def clean_body(body: object) -> str:
    """Return a text of 1 to 500 characters (code points) as it is stored. Raises `Invalid`."""
    if not isinstance(body, str):
        raise Invalid("A message must be a text.")
    # Far beyond the limit the text is counted as it came: cleaning it takes time.
    text = clean_text(body) if len(body) < 20 * BODY_LENGTH else body
    if not text:
        raise Invalid("Write something first.")
    if len(text) > BODY_LENGTH:
        raise Invalid(
            "Use at most %(most)s characters: this has %(count)s.",
            most=BODY_LENGTH,
            count=len(text),
        )
    return text


def check_nonce(nonce: object) -> str:
    """Return the nonce. Raises `Invalid` unless it has 1 to 64 visible ASCII characters."""
    if not isinstance(nonce, str) or not NONCE.fullmatch(nonce):
        raise Invalid("A nonce has 1 to %(most)s visible ASCII characters.", most=NONCE_LENGTH)
    return nonce
