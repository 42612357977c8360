"""The sprite has every icon that a page or script draws."""

import re

from webapp.infra.settings import ROOT

DRAWN = re.compile(
    r"""\bicon(?:_button)?\("([a-z0-9-]+)"|\bdrawIcon\("([a-z0-9-]+)"|\bsymbol="([a-z0-9-]+)\""""
)


def test_the_sprite_has_every_icon_that_is_drawn() -> None:
    listed = set(re.findall(r'"([a-z0-9-]+)"', (ROOT / "frontend/icons.js").read_text()))
    files = [*(ROOT / "templates").rglob("*.html"), *(ROOT / "frontend").rglob("*.js")]
    drawn = {name for file in files for found in DRAWN.findall(file.read_text()) for name in found}
    assert "chevron-down" in drawn
    assert drawn - {""} <= listed
