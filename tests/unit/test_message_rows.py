"""Groups of messages in the rows that the server renders."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from flask import Flask

from tests.support.clocks import set_clock
from webapp.pages.live.rows import message_rows

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
BERLIN = "Europe/Berlin"


@pytest.fixture(autouse=True)
def _noon(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    set_clock(monkeypatch, NOW)
    with app.test_request_context():
        yield


def _rows(*messages: tuple[int, str]) -> list[str]:
    made = [
        {
            "id": number,
            "author_id": author,
            "author": f"Person {author}",
            "department": "Sales",
            "body": "Hello",
            "posted_at": at,
        }
        for number, (author, at) in enumerate(messages, start=1)
    ]
    return [f"<li{row}" for row in message_rows(made, BERLIN, viewer_id=0).split("<li")[1:]]


def test_messages_of_one_author_within_five_minutes_follow() -> None:
    rows = _rows(
        (7, "2026-11-28T11:00:00Z"), (7, "2026-11-28T11:04:59Z"), (8, "2026-11-28T11:05:00Z")
    )
    assert [" follows" in row for row in rows] == [False, True, False]


def test_messages_five_minutes_apart_do_not_follow() -> None:
    rows = _rows((7, "2026-11-28T11:00:00Z"), (7, "2026-11-28T11:05:00Z"))
    assert [" follows" in row for row in rows] == [False, False]


def test_a_new_day_says_its_date_in_the_zone_of_the_event() -> None:
    rows = _rows((7, "2026-11-27T22:59:00Z"), (7, "2026-11-27T23:01:00Z"))
    assert "Friday 27 November" in rows[0]
    assert "Saturday 28 November" in rows[1]
    assert " follows" not in rows[1]


def test_messages_of_today_say_no_date() -> None:
    assert 'class="day"' not in _rows((7, "2026-11-28T11:00:00Z"))[0]
