"""What a node tells its viewers, and what it keeps to itself since they know."""

from typing import Any

import pytest

from realtime.told import OVERLAP, Told

SETTINGS = {"state": "open", "slow_mode_seconds": 0}
LUNCH = {"id": 3, "body": "Lunch", "posted_at": "2026-01-15T10:00:00Z"}


@pytest.fixture
def told() -> Told:
    return Told([1, 2], 0, [5], SETTINGS, LUNCH)


def posted(*ids: int) -> list[dict[str, Any]]:
    return [{"id": i} for i in ids]


def test_a_message_is_told_once(told: Told) -> None:
    assert told.news("messages_posted", posted(2, 3, 4)) == posted(3, 4)
    assert told.news("messages_posted", posted(3, 4)) is None


def test_a_message_that_was_removed_is_not_told_any_more(told: Told) -> None:
    assert told.news("message_removed", {"id": 7}) == {"id": 7}
    assert told.news("message_removed", {"id": 7}) is None
    assert told.news("messages_posted", posted(5, 7)) is None
    assert told.standing()["removed"] == [5, 7]


def test_settings_are_told_when_they_change(told: Told) -> None:
    assert told.news("event_changed", dict(SETTINGS)) is None
    slower = SETTINGS | {"slow_mode_seconds": 10}
    assert told.news("event_changed", slower) == slower
    assert told.standing()["event"] == slower


def test_an_announcement_that_arrives_late_does_not_come_back(told: Told) -> None:
    dinner = LUNCH | {"id": 4, "body": "Dinner"}
    assert told.news("announcement_posted", dinner) == dinner
    assert told.news("announcement_posted", LUNCH) is None
    assert told.news("announcement_removed", {"id": 3}) is None
    assert told.news("announcement_removed", {"id": 4}) == {"id": 4}
    assert told.news("announcement_posted", dinner) is None
    assert told.standing()["announcement"] is None


def test_everything_else_passes(told: Told) -> None:
    for _ in range(2):
        assert told.news("viewers_changed", {"watching": 3}) == {"watching": 3}


def test_what_is_remembered_is_bounded(told: Told) -> None:
    for i in range(1, 5 * OVERLAP):
        told.news("messages_posted", posted(10 + i))
        told.news("message_removed", {"id": 10 + i})
        told.news("messages_posted", posted(6 * OVERLAP + i))
    assert told.floor > 6 * OVERLAP
    assert told.missing([11, told.floor]) == []
    assert told.standing()["removed"] == []
