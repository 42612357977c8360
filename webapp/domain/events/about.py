"""The public description of an event: its text, speakers and recording."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from webapp.domain.models import DESCRIPTION_LENGTH, RECORDING_URL_LENGTH, SPEAKERS_LENGTH
from webapp.errors import Invalid
from webapp.infra.text import clean_text, one_line

UNSAFE = frozenset(" \"'<>\\^`{|}")


@dataclass(frozen=True)
class Speaker:
    """A person who speaks at an event; `role` may be empty."""

    name: str
    role: str


def clean_description(text: str) -> str:
    """Return the text as it is stored. Raises `Invalid` if it is too long."""
    return _limited(clean_text(text), DESCRIPTION_LENGTH, "description")


def clean_speakers(text: str) -> str:
    """Return one speaker a line, without blank lines. Raises `Invalid` if it is too long."""
    lines = filter(None, map(one_line, text.splitlines()))
    return _limited("\n".join(lines), SPEAKERS_LENGTH, "speakers")


def parse_speakers(text: str) -> list[Speaker]:
    """Return the speakers of `clean_speakers`; the role follows the first comma of a line."""
    parts = (line.partition(",") for line in text.splitlines())
    return [Speaker(name.strip(), role.strip()) for name, _, role in parts]


def recording_address(text: str) -> str:
    """Return the address of a recording, or "". Raises `Invalid` unless it begins with https://."""
    address = _limited(text.strip(), RECORDING_URL_LENGTH, "recording_url")
    if address and not _is_https(address):
        raise Invalid(
            "A recording address begins with https:// and has no spaces or quotes.",
            form_field="recording_url",
        )
    return address


def _limited(text: str, most: int, field: str) -> str:
    if len(text) > most:
        raise Invalid("Use at most %(most)s characters.", most=most, form_field=field)
    return text


def _is_https(address: str) -> bool:
    if not address.isprintable() or not UNSAFE.isdisjoint(address):
        return False
    try:
        url = urlsplit(address)
        # `urlsplit` checks the port when it is read. A name before the host would show one host
        # and lead to another.
        valid = url.port != 0 and "@" not in url.netloc
    except ValueError:
        return False
    return valid and url.scheme == "https" and bool(url.hostname)
