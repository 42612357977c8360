"""Counts reach viewers once a second, and few of them at a time."""

import time
from typing import Any

import pytest
from flask import Flask
from flask_socketio import SocketIO

from realtime.fanout.counts import CountTicker
from tests.support.waiting import wait_for

Sent = list[tuple[str, str, Any]]


@pytest.fixture
def sent() -> Sent:
    return []


@pytest.fixture
def ticker(sent: Sent) -> CountTicker:
    return CountTicker(SocketIO(), lambda *count: sent.append(count))


def test_counts_of_one_second_become_one(ticker: CountTicker, sent: Sent) -> None:
    ticker.add("a", "votes_changed", {1: 4, 2: 1})
    ticker.add("a", "votes_changed", {1: 5, 3: 1})
    ticker.send_due()
    assert sent == [("a", "votes_changed", {1: 5, 2: 1, 3: 1})]


def test_a_count_that_waits_gives_way_to_a_newer_one(ticker: CountTicker, sent: Sent) -> None:
    ticker.correct("a", "votes_changed", {1: 9})
    ticker.add("a", "votes_changed", {1: 4, 2: 1})
    ticker.correct("a", "votes_changed", {1: 8, 3: 7})
    ticker.send_due()
    assert sent == [("a", "votes_changed", {1: 8, 2: 1})]


def test_reactions_add_up(ticker: CountTicker, sent: Sent) -> None:
    ticker.add("a", "reactions", {"like": 2})
    ticker.add("a", "reactions", {"like": 3, "love": 1})
    ticker.send_due()
    assert sent == [("a", "reactions", {"like": 5, "love": 1})]


def test_the_last_number_of_viewers_is_sent(ticker: CountTicker, sent: Sent) -> None:
    for watching in (1, 2, 3):
        ticker.add("a", "viewers_changed", {"watching": watching})
    ticker.send_due()
    assert sent == [("a", "viewers_changed", {"watching": 3})]


def test_two_names_are_sent_at_a_time_and_each_has_its_turn(
    ticker: CountTicker, sent: Sent
) -> None:
    names = ("viewers_changed", "votes_changed", "poll_changed", "reactions")
    for _ in range(4):
        for name in names:
            ticker.add("a", name, {})
        ticker.send_due()
    assert [name for _, name, _ in sent] == [*names, *names]


def test_a_count_that_arrives_during_a_send_is_kept(sent: Sent) -> None:
    def send(slug: str, name: str, payload: Any) -> None:
        sent.append((slug, name, payload))
        if payload == {1: 1}:
            sending.add("a", "votes_changed", {1: 2})

    sending = CountTicker(SocketIO(), send)
    sending.add("a", "votes_changed", {1: 1})
    sending.send_due()
    sending.send_due()
    assert [payload for _, _, payload in sent] == [{1: 1}, {1: 2}]


def test_one_event_does_not_keep_another_waiting(ticker: CountTicker, sent: Sent) -> None:
    for name in ("viewers_changed", "votes_changed", "reactions"):
        ticker.add("a", name, {})
    ticker.add("b", "reactions", {"like": 1})
    ticker.send_due()
    assert ("b", "reactions", {"like": 1}) in sent


def test_a_count_after_a_quiet_second_is_sent_at_once_and_the_next_waits() -> None:
    moments: list[float] = []
    server = SocketIO(Flask("counts"), async_mode="threading")
    running = CountTicker(server, lambda *_: moments.append(time.monotonic()))
    running.start()
    begin = time.monotonic()
    running.add("a", "votes_changed", {1: 1})
    wait_for(lambda: len(moments) == 1)
    running.add("a", "votes_changed", {1: 2})
    wait_for(lambda: len(moments) == 2)
    assert moments[0] - begin < 0.5
    assert moments[1] - moments[0] >= 0.95
