"""What people type, as it may be kept and shown."""

import unicodedata


def printable(text: str) -> str:
    """Without control characters (line ends stay) and lone surrogates.

    The former are no part of an HTML page, the latter of no UTF-8.
    """
    if text.isprintable():
        return text
    return "".join(c for c in text if c == "\n" or unicodedata.category(c) not in ("Cc", "Cs"))


def one_line(text: str) -> str:
    """The same for a name: white space folded, and accents composed, as most systems write them."""
    return unicodedata.normalize("NFC", printable(" ".join(text.split())).strip())


def clean_field(text: str | None) -> str | None:
    """A form field's value, printable; a filter for WTForms."""
    return printable(text) if text else text
