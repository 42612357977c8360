"""A moment is broadcast in order, in few events, and nothing twice."""

from typing import Any

from realtime.fanout.batcher import News, add_news


def moment(*added: tuple[str, Any]) -> News:
    news: News = []
    for name, payload in added:
        add_news(news, name, payload)
    return news


def posted(*ids: int) -> tuple[str, list[dict[str, int]]]:
    return "messages_posted", [{"id": i} for i in ids]


def test_messages_of_a_moment_are_one_list_in_the_order_of_their_ids() -> None:
    assert moment(posted(1, 2), posted(5), posted(4)) == [posted(1, 2, 4, 5)]


def test_a_count_between_messages_does_not_part_them() -> None:
    count = ("viewers_changed", {"watching": 1})
    assert moment(posted(1), count, posted(2)) == [posted(1, 2), count]


def test_a_message_that_is_removed_stays_before_its_removal() -> None:
    removed = ("message_removed", {"id": 1})
    assert moment(posted(1), removed, posted(2)) == [posted(1), removed, posted(2)]


def test_settings_keep_their_order() -> None:
    closed, opened = ("event_changed", {"chat_open": False}), ("event_changed", {"chat_open": True})
    assert moment(closed, posted(1), opened, posted(2)) == [closed, posted(1), opened, posted(2)]
