"""Solve the proof of work of a page, as its script does."""

import html
import json
import re

import altcha
from werkzeug.test import TestResponse


def challenge_of(page: TestResponse) -> altcha.Challenge:
    """Return the challenge in a page's form."""
    found = re.search(r'data-challenge="([^"]+)"', page.text)
    assert found, "the page asks for no proof of work"
    return altcha.Challenge.from_dict(json.loads(html.unescape(found[1])))


def solve(challenge: altcha.Challenge) -> str:
    """Return the solved challenge as a form field carries it."""
    solution = altcha.solve_challenge(challenge)
    assert solution, "not solved in time"
    return altcha.Payload(challenge, solution).to_base64()
