"""What a node tells its viewers, and what it keeps to itself since they know."""

from typing import Any

import pytest

from realtime.fanout.delivered import OVERLAP, DeliveredLog

SETTINGS = {"state": "open", "slow_mode_seconds": 0}
LUNCH = {"id": 3, "body": "Lunch", "posted_at": "2026-01-15T10:00:00Z"}


@pytest.fixture
def told() -> DeliveredLog:
    return DeliveredLog(posted(1, 2), 0, [5], SETTINGS, LUNCH)


def posted(*ids: int) -> list[dict[str, Any]]:
    return [{"id": i} for i in ids]


def test_a_message_is_told_once(told: DeliveredLog) -> None:
    assert told.take_new("messages_posted", posted(2, 3, 4)) == posted(3, 4)
    assert told.take_new("messages_posted", posted(3, 4)) is None


def test_a_message_that_was_removed_is_not_told_any_more(told: DeliveredLog) -> None:
    assert told.take_new("message_removed", {"id": 7}) == {"id": 7}
    assert told.take_new("message_removed", {"id": 7}) is None
    assert told.take_new("messages_posted", posted(5, 7)) is None
    assert told.snapshot(1)["removed"] == [5, 7]


def test_settings_are_told_when_they_change(told: DeliveredLog) -> None:
    assert told.take_new("event_changed", dict(SETTINGS)) is None
    slower = SETTINGS | {"slow_mode_seconds": 10}
    assert told.take_new("event_changed", slower) == slower
    assert told.snapshot(1)["event"] == slower


def test_an_announcement_that_arrives_late_does_not_come_back(told: DeliveredLog) -> None:
    dinner = LUNCH | {"id": 4, "body": "Dinner"}
    assert told.take_new("announcement_posted", dinner) == dinner
    assert told.take_new("announcement_posted", LUNCH) is None
    assert told.take_new("announcement_removed", {"id": 3}) is None
    assert told.take_new("announcement_removed", {"id": 4}) == {"id": 4}
    assert told.take_new("announcement_posted", dinner) is None
    assert told.snapshot(1)["announcement"] is None


def test_everything_else_passes(told: DeliveredLog) -> None:
    for _ in range(2):
        assert told.take_new("viewers_changed", {"watching": 3}) == {"watching": 3}


def test_what_is_remembered_is_bounded(told: DeliveredLog) -> None:
    for i in range(1, 5 * OVERLAP):
        told.take_new("messages_posted", posted(10 + i))
        told.take_new("message_removed", {"id": 10 + i})
        told.take_new("messages_posted", posted(6 * OVERLAP + i))
    assert told.floor > 6 * OVERLAP
    assert told.missing([11, told.floor]) == []
    assert told.snapshot(1)["removed"] == []


def test_who_asks_for_what_came_meanwhile_is_answered_from_memory(told: DeliveredLog) -> None:
    told.take_new("messages_posted", posted(9, 4))
    told.take_new("message_removed", {"id": 2})
    assert told.since(0) == (posted(1, 4, 9), False)
    assert told.since(4) == (posted(9), False)
    assert told.since(9) == ([], False)


def test_an_answer_from_memory_has_two_hundred_messages_at_most(told: DeliveredLog) -> None:
    told.take_new("messages_posted", posted(*range(10, 300)))
    assert told.since(9) == (posted(*range(10, 210)), True)


def test_further_back_than_is_remembered_there_is_no_answer() -> None:
    told = DeliveredLog(posted(11, 12), floor=10)
    assert told.since(10) == (posted(11, 12), False)
    assert told.since(9) is None


def test_the_sweep_has_nothing_to_read_while_the_numbers_agree(told: DeliveredLog) -> None:
    assert told.is_whole(total=3, removed=1)
    assert not told.is_whole(total=4, removed=1)
    # One more was removed, and one more was posted.
    assert not told.is_whole(total=4, removed=2)
    assert not told.is_whole(total=3, removed=2)
