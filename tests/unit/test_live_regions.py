"""Live regions: several screen readers say nothing of one that is filled while it is hidden."""

import re
from pathlib import Path

import pytest

from webapp.infra.settings import ROOT

REGION = re.compile(r"""<[a-z]+ [^>]*(?:aria-live=|role="(?:status|log)")[^>]*>""")
HIDDEN = re.compile(r"(?<![-\w])hidden(?![-\w=])")
PAGES = sorted((ROOT / "templates").rglob("*.html"))


@pytest.mark.parametrize("path", PAGES, ids=[str(p.relative_to(ROOT / "templates")) for p in PAGES])
def test_a_live_region_is_never_hidden(path: Path) -> None:
    regions = REGION.findall(path.read_text())
    assert [region for region in regions if HIDDEN.search(region)] == []


def test_a_hidden_region_is_found() -> None:
    (region,) = REGION.findall('<p id="x" role="status"{% if not answer %} hidden{% endif %}>')
    assert HIDDEN.search(region)
    assert not HIDDEN.search('<p class="visually-hidden" role="status">')
