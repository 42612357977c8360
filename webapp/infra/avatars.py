"""The mark of a person: initials and one of a few colours, as in frontend/avatar.js."""

import regex

COLORS = 8
_FIRST = regex.compile(r"\P{M}\p{M}*")


def initials(name: str) -> str:
    """Return the first letters of the first and the last word, in capitals: `AL`."""
    words = name.split()
    ends = words if len(words) < 2 else [words[0], words[-1]]
    return "".join(_first_letter(word) for word in ends).upper()


def avatar_color(name: str) -> int:
    """Return the number of the colour, below `COLORS`; the same for the same name."""
    return sum(map(ord, name)) % COLORS


def _first_letter(word: str) -> str:
    match = _FIRST.match(word)
    return match[0] if match else ""
