"""The sprite has the icons that pages and scripts draw, and no others."""

import re

from webapp.infra.settings import ROOT

DRAWN = re.compile(
    r"""\bicon(?:_button)?\("([a-z0-9-]+)"|\bdrawIcon\("([a-z0-9-]+)"|\bsymbol="([a-z0-9-]+)\""""
)


FILES = [*(ROOT / "templates").rglob("*.html"), *(ROOT / "frontend").rglob("*.js")]
SPRITE = ROOT / "frontend" / "icons.js"
LISTED = set(re.findall(r'"([a-z0-9-]+)"', SPRITE.read_text()))


def test_the_sprite_has_every_icon_that_is_drawn() -> None:
    drawn = {name for file in FILES for found in DRAWN.findall(file.read_text()) for name in found}
    assert "chevron-down" in drawn
    assert drawn - {""} <= LISTED


def test_the_sprite_has_no_other_icon() -> None:
    # A name may be chosen by a condition, so it only has to stand somewhere.
    texts = [file.read_text() for file in FILES if file != SPRITE]
    assert {name for name in LISTED if not any(f'"{name}"' in text for text in texts)} == set()
