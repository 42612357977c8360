"""Texts that a program has garbled, and what they probably were before."""

import html
import re
import unicodedata
from email.errors import HeaderParseError
from email.header import decode_header, make_header

# As which programs misread UTF-8: on Windows, on a Mac, elsewhere in Europe, and in DOS.
MISREAD_AS = ("cp1252", "mac-roman", "cp1250", "cp1251", "cp850", "cp437")
# Not letters, but in names or around them.
PUNCTUATION = "’‘–—“”„"
ENTITY = re.compile(r"&(?:#\d{2,7}|#[xX][0-9a-fA-F]{2,6}|[A-Za-z]{2,8}\d{0,2});")
ESCAPES = re.compile(r"(?:\\u[0-9a-fA-F]{4})+")
ENCODED_WORD = re.compile(r"=\?[\w-]+\?[bqBQ]\?[^?\s]*\?=")
# At least one of them stands in each of the three above; most texts have none.
MARKS = re.compile(r"[&\\?]")
QUESTION_MARK_INSIDE = re.compile(r"\?(?=\w)|\A\?+\Z")


def restore(text: str) -> str | None:
    """Return `José` for `JosÃ©`, `Jos&eacute;`, `Jos\\u00e9` and `=?utf-8?Q?Jos=C3=A9?=`.

    Return None for a text that is as somebody wrote it.
    """
    if not text.isascii():
        return next(filter(None, (_decode_again(text, name) for name in MISREAD_AS)), None)
    if not MARKS.search(text):
        return None
    restored = ENTITY.sub(lambda found: html.unescape(found[0]), text)
    restored = ESCAPES.sub(_unescape, restored)
    if ENCODED_WORD.search(restored):
        restored = _decode_words(restored)
    return restored if restored != text else None


def has_lost_letter(text: str, *, name: bool) -> bool:
    """Return True where a question mark stands for a letter that a program could not write.

    The `name` of a person has none; elsewhere one may end a sentence.
    """
    return "?" in text and (name or QUESTION_MARK_INSIDE.search(text) is not None)


def _decode_again(text: str, encoding: str) -> str | None:
    """Return the text whose UTF-8 was read as `encoding`, or None.

    Two letters may be right as they stand: those of `Лі` and of `KRÚŠEK` are valid UTF-8, too. So
    there must be a symbol, more letters, or `Ãª` and its like, which no language writes.
    """
    try:
        meant = text.encode(encoding).decode("utf-8")
    except UnicodeError:
        return None
    letters = [c for c in meant if not c.isascii()]
    if not all(c.isalpha() or c in PUNCTUATION for c in letters):
        return None
    certain = len(letters) > 1 or not all(c.isascii() or c.isalpha() for c in text)
    western = encoding == "cp1252" and unicodedata.name(letters[0], "").startswith("LATIN")
    return meant if certain or western else None


def _unescape(found: re.Match[str]) -> str:
    return bytes.fromhex(found[0].replace("\\u", "")).decode("utf-16-be", errors="replace")


def _decode_words(text: str) -> str:
    try:
        return str(make_header(decode_header(text)))
    except (HeaderParseError, LookupError, UnicodeError):
        return text
