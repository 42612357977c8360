"""Find the addresses in a text that people typed.

The live page finds them by the same rule (frontend/live/links.js); tests/links.json holds both
to it.
"""

from collections.abc import Iterator

import regex

# No letter or digit before it; no white space, quotes, angle brackets or CJK punctuation in it.
_ADDRESS = regex.compile(
    r"(?<![\p{L}\p{N}])https?://[^\s\ufeff<>\"“”«»" + "。、，！？：；「」『』（）《》]+",
    regex.IGNORECASE,
)
# A host must follow. A name before it would show one host and lead to another.
_VALID = regex.compile(r"https?://[\p{L}\p{N}\[][^@]*", regex.IGNORECASE)
_BRACKETS = (("(", ")"), ("[", "]"), ("{", "}"))


def split_links(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the parts of a text, and for each whether it is an address to link to."""
    end = 0
    for match in _ADDRESS.finditer(text):
        address = _trim_end(match[0])
        if not _VALID.fullmatch(address):
            continue
        if match.start() > end:
            yield text[end : match.start()], False
        yield address, True
        end = match.start() + len(address)
    if end < len(text):
        yield text[end:], False


def _trim_end(address: str) -> str:
    """Return an address without the punctuation of the sentence around it."""
    address = address.rstrip(".,;:!?'’…")
    for opening, closing in _BRACKETS:
        if address.endswith(closing) and address.count(closing) > address.count(opening):
            return _trim_end(address[:-1])
    return address
