"""Colours with enough contrast (WCAG 2.2). A colour is a text such as `#1d4ed8`."""

import re
from collections.abc import Iterable

WHITE, BLACK = "#ffffff", "#000000"
# Contrast that WCAG requires of text, and of controls and focus marks.
TEXT, CONTROL = 4.5, 3.0
_STEP = 0.02


def is_color(text: str) -> bool:
    """Return True for a hash and six hexadecimal digits."""
    return re.fullmatch(r"#[0-9a-fA-F]{6}", text) is not None


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21."""
    bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def mix(color: str, other: str, share: float) -> str:
    """Return `color` with that share of `other` in it."""
    pairs = zip(_channels(color), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def ink_on(fill: str) -> str:
    """Return white or black, whichever reads better on `fill`; the contrast is at least 4.5."""
    return max(WHITE, BLACK, key=lambda ink: contrast(ink, fill))


def stand_out(color: str, grounds: Iterable[str], ratio: float) -> str:
    """Return the colour nearest to `color`, darker or lighter, with `ratio` on every ground.

    The grounds must be all light or all dark.
    """
    grounds = list(grounds)
    toward = ink_on(grounds[0])
    share = 0.0
    while share < 1 and any(contrast(mix(color, toward, share), one) < ratio for one in grounds):
        share += _STEP
    return mix(color, toward, min(share, 1))


def _channels(color: str) -> list[int]:
    return [int(color[start : start + 2], 16) for start in (1, 3, 5)]


def _luminance(color: str) -> float:
    shares = [channel / 255 for channel in _channels(color)]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
