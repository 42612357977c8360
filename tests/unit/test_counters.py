"""Counters of one process: they add up, end, and take bounded memory."""

import pytest

from webapp.infra import counters
from webapp.infra.circuit_breaker import Breaker
from webapp.infra.counters import Counters


@pytest.fixture
def own() -> Counters:
    return Counters(None, Breaker("Redis"))


def test_amounts_add_up_per_key(own: Counters) -> None:
    assert [own.add("a", 60), own.add("a", 60), own.add("b", 60), own.add("a", 60, -1)] == [
        1,
        2,
        1,
        1,
    ]


def test_a_counter_begins_again_after_its_end(own: Counters) -> None:
    assert [own.add("a", 0), own.add("a", 0)] == [1, 1]


def test_the_counters_used_longest_ago_are_dropped(
    own: Counters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counters, "MAX_OWN", 2)
    for key in ("old", "used", "used", "new"):
        own.add(key, 60)
    assert own.add("used", 60) == 3
    assert own.add("old", 60) == 1
