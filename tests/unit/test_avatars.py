"""Initials and colours of people, the same in Python and in the browser."""

import json
import subprocess

import pytest

from webapp.infra.avatars import COLORS, avatar_color, initials
from webapp.infra.settings import ROOT

NAMES = {
    "Ada Lovelace": "AL",
    "Grace Brewster Hopper": "GH",
    "zoë": "Z",
    "Ångström Örn": "ÅÖ",
    "e\u0301ric dupont": "E\u0301D",
    "李小龍": "李",
    "  Ada   Lovelace ": "AL",
    "𝒜da 𝔏ovelace": "𝒜𝔏",
    "": "",
}


@pytest.mark.parametrize(("name", "letters"), NAMES.items())
def test_initials_are_those_of_the_first_and_last_word(name: str, letters: str) -> None:
    assert initials(name) == letters
    assert 0 <= avatar_color(name) < COLORS


def test_the_browser_draws_the_same_avatars() -> None:
    script = """
        const { initials, avatarColor } = await import("./frontend/avatar.js");
        const names = JSON.parse(process.argv[1]);
        console.log(JSON.stringify(names.map((name) => [initials(name), avatarColor(name)])));
    """
    node = ["node", "--input-type=module", "--eval", script, json.dumps(list(NAMES))]
    answer = subprocess.run(node, cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(answer.stdout) == [[initials(name), avatar_color(name)] for name in NAMES]
