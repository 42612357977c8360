"""Check the texts that viewers write."""

from webapp.domain.models import BODY_LENGTH
from webapp.errors import Invalid
from webapp.infra.text import clean_text


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
