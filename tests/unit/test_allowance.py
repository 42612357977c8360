"""An allowance: so much at once, then as fast as it comes back."""

import pytest

from webapp.errors import SlowDown
from webapp.infra.allowance import KEPT_KEYS, Allowance


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def taken(allowance: Allowance, times: int, key: int = 1) -> int:
    """Return how many of so many tries were allowed."""
    allowed = 0
    for _ in range(times):
        try:
            allowance.take(key)
        except SlowDown:
            continue
        allowed += 1
    return allowed


def test_a_burst_is_allowed_and_no_more(clock: Clock) -> None:
    allowance = Allowance(30, 15, clock)
    assert taken(allowance, 100) == 30
    assert taken(allowance, 100, key=2) == 30


def test_it_comes_back_evenly(clock: Clock) -> None:
    allowance = Allowance(30, 15, clock)
    taken(allowance, 30)
    clock.now += 1
    assert taken(allowance, 100) == 2
    clock.now += 1000
    assert taken(allowance, 100) == 30


def test_a_refusal_says_how_long_to_wait(clock: Clock) -> None:
    allowance = Allowance(2, 20, clock)
    taken(allowance, 2)
    with pytest.raises(SlowDown) as refusal:
        allowance.take(1)
    assert refusal.value.retry_after == 10
    clock.now += 10
    assert taken(allowance, 2) == 1


def test_it_forgets_keys_that_are_whole_again(clock: Clock) -> None:
    allowance = Allowance(2, 20, clock)
    for key in range(KEPT_KEYS):
        allowance.take(key)
    clock.now += 20
    taken(allowance, 1, key=-1)
    assert len(allowance) == 1
