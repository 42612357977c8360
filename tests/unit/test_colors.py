"""Colours of any ACCENT_COLOR can be read, and those of the tokens too."""

import itertools
import re

import pytest

from webapp.http.branding import DARK, LIGHT, accent_style
from webapp.infra.colors import CONTROL, TEXT, contrast, ink_on, is_color, mix
from webapp.infra.settings import ROOT

LEVELS = ("00", "40", "80", "c0", "ff")
ACCENTS = [f"#{''.join(levels)}" for levels in itertools.product(LEVELS, repeat=3)]
NO_COLORS = ["", "#fff", "blue", "#12345g", "#1234567", " #123456", "#123456\n"]


def properties(style: str) -> list[dict[str, str]]:
    """Return the custom properties of each `:root` of the style sheet: light, then dark."""
    blocks = re.findall(r":root\s*{(.*?)}", style, re.DOTALL)
    return [dict(re.findall(r"(--[\w-]+):\s*(#[0-9a-f]{3,6})\b", block)) for block in blocks]


def tokens() -> list[dict[str, str]]:
    """Return the light and the dark tokens, with six digits each."""
    light, dark, *_ = properties((ROOT / "frontend/styles/tokens.css").read_text())
    return [{name: long_form(color) for name, color in scheme.items()} for scheme in (light, dark)]


def long_form(color: str) -> str:
    """Return `#rrggbb` for `#rgb`."""
    return color if len(color) == 7 else "#" + "".join(digit * 2 for digit in color[1:])


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == contrast("#ffffff", "#000000") == 21
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)


def test_mixing_moves_from_one_colour_to_the_other() -> None:
    assert mix("#000000", "#ff8000", 0) == "#000000"
    assert mix("#000000", "#ff8000", 0.5) == "#804000"
    assert mix("#000000", "#ff8000", 1) == "#ff8000"


@pytest.mark.parametrize(
    "text", ["", "#fff", "blue", "#12345g", "#1234567", " #123456", "#123456\n"]
)
def test_only_six_digits_are_a_colour(text: str) -> None:
    assert not is_color(text)


@pytest.mark.parametrize("accent", ACCENTS)
def test_every_accent_can_be_read_in_light_and_dark(accent: str) -> None:
    for found, grounds in zip(properties(accent_style(accent)), (LIGHT, DARK), strict=True):
        assert contrast(found["--accent"], found["--accent-ink"]) >= TEXT
        for ground in (*grounds, found["--accent-ground"]):
            assert contrast(found["--accent-text"], ground) >= TEXT
    assert all(contrast(found["--accent"], ground) >= CONTROL for ground in DARK)


def test_an_accent_that_can_be_read_stays_as_it_is() -> None:
    light = properties(accent_style("#1d4ed8"))[0]
    assert light["--accent"] == light["--accent-text"] == "#1d4ed8"
    assert ink_on("#1d4ed8") == "#ffffff"


def test_the_grounds_of_the_accent_are_those_of_the_tokens() -> None:
    assert [(scheme["--surface"], scheme["--ground"]) for scheme in tokens()] == [LIGHT, DARK]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_the_tokens_can_be_read(scheme: int) -> None:
    found = tokens()[scheme]
    for ground in ("--surface", "--ground", "--sunken"):
        assert contrast(found["--ink"], found[ground]) >= 7
        assert contrast(found["--strong"], found[ground]) >= 7
        assert contrast(found["--soft"], found[ground]) >= TEXT
        assert contrast(found["--accent-text"], found[ground]) >= TEXT
        assert contrast(found["--edge"], found[ground]) >= (
            CONTROL if ground != "--sunken" else 2.8
        )
    for state in ("--good", "--warn", "--bad"):
        for ground in ("--surface", "--ground", f"{state}-ground"):
            assert contrast(found[state], found[ground]) >= TEXT
    assert contrast(found["--accent"], found["--accent-ink"]) >= TEXT
    assert contrast(found["--bad"], found["--on-state"]) >= TEXT
