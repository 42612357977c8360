"""The system is upgraded from the release before, process by process, while people use it.

Without the history of the repository the release before is not at hand. Then processes of this one
are replaced; tests/integration/test_version_skew.py compares the two in any case.
"""

import math
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack import Stack
from stack.app import AppServer
from stack.chaos import store
from stack.chaos.audience import Audience
from stack.process import ROOT
from tests.support import released_code
from tests.support.visitors import Visitors
from tests.support.waiting import wait_for

BACK_SECONDS = 5
# Others than the pages of the audience.
VISITORS = 60


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder with the code of the release before, or of this one."""
    return released_code.unpack(tmp_path_factory.mktemp("before")) or ROOT


@pytest.fixture(scope="module")
def stack(before: Path) -> Iterator[Stack]:
    with Stack(root=before) as stack:
        yield stack


@pytest.fixture
def mended() -> None:
    """Stand in for the fixture of the other tests: this one's processes change."""


def test_an_upgrade_under_load_loses_nothing(stack: Stack, before: Path) -> None:
    slug = store.open_event(stack)
    store.open_named_poll(stack, slug)
    everybody = store.people(stack, 6 + VISITORS)
    with (
        Audience(stack.url, slug, everybody[:6]) as audience,
        Visitors(stack.url, slug, everybody[6:]) as visitors,
    ):
        began = time.time()
        audience.wait_for_messages(3)
        visitors.wait_for_more()
        # The code of the release before goes on serving on the later schema.
        stack.prepare()
        servers: list[AppServer] = [*stack.web, *stack.realtime]
        for server in servers:
            server.upgrade()
            # Both releases serve now, until the last one is replaced.
            visitors.wait_for_more()
            audience.wait_for_messages(3)
            audience.wait_until_back(BACK_SECONDS)
        wait_for(lambda: sampled_minutes(began), 40, "a minute is sampled")
        minutes = sampled_minutes(began)
        verdict = audience.settle(
            lambda: store.stored(stack, slug),
            lambda: store.stored_questions(stack, slug),
            lambda: store.stored_poll(stack, slug),
        )
    assert not visitors.errors
    assert verdict.faultless, verdict
    assert 0 < verdict.slowest_return < BACK_SECONDS
    assert {server.root for server in servers} == {ROOT}
    assert all(server.exit_status is None for server in servers)
    stored = Counter(body for _, body in store.stored(stack, slug))
    assert {body: stored[body] for body in visitors.posted} == dict.fromkeys(visitors.posted, 1)
    assert_attended(stack, slug, visitors.arrived)
    assert_watched(stack, slug, [number for _, number in everybody[:6]], minutes)


def sampled_minutes(began: float) -> list[int]:
    """Return the minutes since the epoch whose sample every node has taken and recorded by now.

    Nodes look at second 30 (`realtime/presence.py`).
    """
    first, last = math.ceil((began - 30) / 60), math.floor((time.time() - 35) / 60)
    return list(range(first, last + 1))


def assert_attended(stack: Stack, slug: str, numbers: list[str]) -> None:
    """Check that everybody who checked in is on the roster with a time, and once."""
    rows = store.execute(
        stack,
        "SELECT employee_number FROM roster_entries JOIN events ON events.id = event_id"
        " WHERE slug = %s AND checked_in_at IS NOT NULL",
        slug,
    )
    found = Counter(str(number) for (number,) in rows)
    assert {number: found[number] for number in numbers} == dict.fromkeys(numbers, 1)


def assert_watched(stack: Stack, slug: str, numbers: list[str], minutes: list[int]) -> None:
    """Check that viewers who were there all along have every minute."""
    rows = store.execute(
        stack,
        "SELECT employee_number, minute FROM watched_minutes"
        " JOIN employees ON employees.id = employee_id JOIN events ON events.id = event_id"
        " WHERE slug = %s",
        slug,
    )
    found = {(str(number), int(str(minute))) for number, minute in rows}
    assert {(number, minute) for number in numbers for minute in minutes} <= found
