"""Check which events a node sends to its viewers, and which it drops as delivered."""

from typing import Any

import pytest

from realtime.fanout.delivered import OVERLAP, DeliveredLog
from webapp.domain.chat.marks import Mark

SETTINGS = {"state": "open", "slow_mode_seconds": 0}
LUNCH = {"id": 3, "body": "Lunch", "posted_at": "2026-01-15T10:00:00Z"}


@pytest.fixture
def log() -> DeliveredLog:
    return DeliveredLog(posted(1, 2), 0, [Mark(5, removed=True, revision=1)], SETTINGS, LUNCH)


def removal(message_id: int, revision: int = 1) -> dict[str, Any]:
    return {"id": message_id, "revision": revision}


def restoration(message_id: int, revision: int = 2) -> dict[str, Any]:
    return {"message": {"id": message_id}, "revision": revision}


def posted(*ids: int) -> list[dict[str, Any]]:
    return [{"id": i} for i in ids]


def test_message_is_sent_once(log: DeliveredLog) -> None:
    assert log.take_new("messages_posted", posted(2, 3, 4)) == posted(3, 4)
    assert log.take_new("messages_posted", posted(3, 4)) is None


def test_removed_message_is_not_sent(log: DeliveredLog) -> None:
    assert log.take_new("message_removed", removal(7)) == {"id": 7}
    assert log.take_new("message_removed", removal(7)) is None
    assert log.take_new("messages_posted", posted(5, 7)) is None
    assert log.snapshot(1)["removed"] == [5, 7]


def test_restored_message_is_sent_once_and_stays(log: DeliveredLog) -> None:
    log.take_new("message_removed", removal(2))
    assert log.take_new("message_restored", restoration(2)) == {"id": 2}
    assert log.take_new("message_restored", restoration(2)) is None
    assert log.since(0) == (posted(1, 2), False)
    assert log.snapshot(1)["removed"] == [5]
    assert log.snapshot(1)["restored"] == posted(2)


def test_late_packet_does_not_undo_a_newer_one(log: DeliveredLog) -> None:
    assert log.take_new("message_restored", restoration(2)) == {"id": 2}
    assert log.take_new("message_removed", removal(2)) is None
    assert log.take_new("message_removed", removal(2, 3)) == {"id": 2}
    assert log.take_new("message_restored", restoration(2)) is None
    assert log.snapshot(1)["removed"] == [2, 5]


def test_message_that_was_never_sent_is_sent_when_it_is_restored(log: DeliveredLog) -> None:
    assert log.take_new("message_restored", restoration(7)) == {"id": 7}
    assert log.take_new("messages_posted", posted(7)) is None
    assert log.since(2) == (posted(7), False)


def test_change_below_the_floor_passes() -> None:
    log = DeliveredLog(posted(11), floor=10)
    assert log.take_new("message_removed", removal(3)) == {"id": 3}
    assert log.take_new("message_restored", restoration(3)) == {"id": 3}
    assert log.since(10) == (posted(11), False)


def test_settings_are_sent_when_they_change(log: DeliveredLog) -> None:
    assert log.take_new("event_changed", dict(SETTINGS)) is None
    slower = SETTINGS | {"slow_mode_seconds": 10}
    assert log.take_new("event_changed", slower) == slower
    assert log.snapshot(1)["event"] == slower


def test_late_announcement_does_not_return(log: DeliveredLog) -> None:
    dinner = LUNCH | {"id": 4, "body": "Dinner"}
    assert log.take_new("announcement_posted", dinner) == dinner
    assert log.take_new("announcement_posted", LUNCH) is None
    assert log.take_new("announcement_removed", {"id": 3}) is None
    assert log.take_new("announcement_removed", {"id": 4}) == {"id": 4}
    assert log.take_new("announcement_posted", dinner) is None
    assert log.snapshot(1)["announcement"] is None


def test_other_events_pass(log: DeliveredLog) -> None:
    for _ in range(2):
        assert log.take_new("viewers_changed", {"watching": 3}) == {"watching": 3}


def test_memory_is_bounded(log: DeliveredLog) -> None:
    for i in range(1, 5 * OVERLAP):
        log.take_new("messages_posted", posted(10 + i))
        log.take_new("message_removed", removal(10 + i))
        log.take_new("messages_posted", posted(6 * OVERLAP + i))
    assert log.floor > 6 * OVERLAP
    assert log.missing([11, log.floor]) == []
    assert log.snapshot(1)["removed"] == []


def test_catch_up_is_answered_from_memory(log: DeliveredLog) -> None:
    log.take_new("messages_posted", posted(9, 4))
    log.take_new("message_removed", removal(2))
    assert log.since(0) == (posted(1, 4, 9), False)
    assert log.since(4) == (posted(9), False)
    assert log.since(9) == ([], False)


def test_answer_from_memory_has_at_most_200_messages(log: DeliveredLog) -> None:
    log.take_new("messages_posted", posted(*range(10, 300)))
    assert log.since(9) == (posted(*range(10, 210)), True)


def test_memory_has_no_answer_before_its_floor() -> None:
    log = DeliveredLog(posted(11, 12), floor=10)
    assert log.since(10) == (posted(11, 12), False)
    assert log.since(9) is None


def test_sweep_reads_only_when_counts_differ(log: DeliveredLog) -> None:
    assert log.is_whole(total=3, revisions=1)
    assert not log.is_whole(total=4, revisions=1)
    # One more was removed, and one more was posted.
    assert not log.is_whole(total=4, revisions=2)
    assert not log.is_whole(total=3, revisions=2)


def test_sweep_reads_when_one_message_was_removed_and_another_restored(log: DeliveredLog) -> None:
    # As many are removed as before: 1 instead of 5.
    assert not log.is_whole(total=3, revisions=3)
    log.take_new("message_removed", removal(1))
    log.take_new("message_restored", restoration(5))
    assert log.is_whole(total=3, revisions=3)
