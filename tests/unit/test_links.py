"""Addresses in messages: the server and the live page find the same ones."""

import json
from pathlib import Path
from typing import Any

import pytest

from webapp.http.filters import linked
from webapp.infra.links import split_links

CASES = json.loads((Path(__file__).parents[1] / "links.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"])
def test_addresses_are_found_as_in_the_browser(case: dict[str, Any]) -> None:
    expected = [(part, link == ["link"]) for part, *link in case["parts"]]
    assert list(split_links(case["text"])) == expected


def test_a_link_opens_elsewhere_and_everything_is_escaped() -> None:
    markup = linked("<b> https://example.com/?a=1&b=2 </b>")
    assert markup == (
        '&lt;b&gt; <a href="https://example.com/?a=1&amp;b=2" target="_blank"'
        ' rel="noopener noreferrer nofollow">https://example.com/?a=1&amp;b=2</a> &lt;/b&gt;'
    )
