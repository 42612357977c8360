"""The overview of events: today, upcoming, past, and what needs a hand first."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from tests.support.client import PageClient, text_of
from tests.support.data import add_event
from webapp.domain.events.overview import PAGE_ROWS, read_current, read_past
from webapp.infra.clock import utcnow

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ZONE = "Europe/Berlin"


def plan(slug: str, begins_in: timedelta, state: str = "scheduled", **values: Any) -> None:
    begin = utcnow() + begins_in
    add_event(slug, state, **({"starts_at": begin, "ends_at": begin + HOUR} | values))


def test_events_are_those_of_today_later_ones_and_past_ones(app: Flask) -> None:
    with app.app_context():
        plan("open-since-last-month", -30 * DAY, "open")
        plan("running", timedelta(minutes=-5), "open")
        plan("next-week", 7 * DAY)
        plan("next-month", 30 * DAY)
        plan("last-week", -7 * DAY, "closed")
        plan("never-opened", -8 * DAY)
        plan("archived", -9 * DAY, "closed", archived_at=utcnow())
        current, past = read_current(ZONE), read_past(ZONE, "", 1)
        assert [event.slug for event in current.today] == ["open-since-last-month", "running"]
        assert [event.slug for event in current.upcoming] == ["next-week", "next-month"]
        assert [event.slug for event in past.events] == ["last-week", "never-opened"]
        archived = read_past(ZONE, "", 1, archived=True)
        assert [event.slug for event in archived.events] == ["archived"]


@pytest.mark.parametrize(
    ("kind", "begins_in", "values"),
    [
        ("overdue", -HOUR / 2, {}),
        ("forgotten", -2 * HOUR, {"state": "open"}),
        ("no_stream", DAY, {"stream_url": ""}),
        ("silent", DAY, {"stream_answers": False, "stream_tested_at": utcnow()}),
        (None, -2 * HOUR, {"state": "open", "closes_at": utcnow() + HOUR}),
        (None, -HOUR / 2, {"opens_at": utcnow() + HOUR / 4}),
        (None, -HOUR / 2, {"state": "open"}),
        (None, 20 * DAY, {"stream_url": ""}),
        (None, DAY, {"stream_answers": True}),
        (None, -3 * HOUR, {}),
    ],
)
def test_what_needs_a_hand_is_named(
    app: Flask, kind: str | None, begins_in: timedelta, values: dict[str, Any]
) -> None:
    with app.app_context():
        plan("one", begins_in, **values)
        assert [task.kind for task in read_current(ZONE).tasks] == [kind] * bool(kind)


def test_the_past_is_searched_and_paged(app: Flask, admin: PageClient) -> None:
    with app.app_context():
        for number in range(PAGE_ROWS + 1):
            plan(f"e{number}", -(number + 2) * DAY, "closed", title=f"Hall {number:03}")
        plan("zoe", -90 * DAY, "closed", title="Zoë 100 %")
    first, second = (text_of(admin.get(f"/admin/?page={page}").text) for page in (1, 2))
    assert "Hall 000" in first
    assert f"Hall {PAGE_ROWS:03}" not in first
    assert f"Hall {PAGE_ROWS:03}" in second
    assert "Page 2 of 2" in second
    found = text_of(admin.get("/admin/?q=zoe").text)
    assert "Zoë 100 %" in found
    assert "Hall" not in found.replace("Townhall", "")
    assert "Zoë" in text_of(admin.get("/admin/?q=100 %25").text)
    assert "No event matches." in text_of(admin.get("/admin/?q=_").text)


@pytest.mark.parametrize(("page", "status"), [("0", 422), ("x", 422), ("1000000", 200)])
def test_odd_page_numbers_have_an_answer(admin: PageClient, page: str, status: int) -> None:
    answer = admin.get(f"/admin/?page={page}")
    assert answer.status_code == status
    assert "There is no such page." in text_of(answer.text)
