"""Events that open and close by themselves, exactly once, whichever process is there."""

import threading
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select, update

from tests.support.client import PageClient, text_of
from tests.support.data import add_employee, add_event
from tests.support.polls import add_poll
from webapp.domain.events import store as event_store
from webapp.domain.events.store import EventInfo
from webapp.domain.models import AuditEntry, Closing, Event, Poll, RosterEntry
from webapp.domain.polls.drafts import PollDraft
from webapp.domain.polls.states import open_poll
from webapp.domain.running.states import change_state
from webapp.domain.running.timetable import LOOK_SECONDS, run_timetable
from webapp.errors import EventNotOpen
from webapp.infra.clock import utcnow
from webapp.infra.extensions import db

MINUTE = timedelta(minutes=1)
SLUG = "town-hall"


def plan_event(state: str = "scheduled", **values: Any) -> Event:
    """Add an event that began a minute ago and opened or opens then."""
    begin = utcnow() - MINUTE
    times = {"starts_at": begin, "ends_at": begin + 60 * MINUTE, "opens_at": begin}
    return add_event(SLUG, state, **(times | values))


def state_of(slug: str = SLUG) -> str:
    return event_store.get_event(slug).state


def actions() -> list[tuple[str, int | None, bool]]:
    entries = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id))
    return [(entry.action, entry.admin_id, '"by": "time"' in entry.details) for entry in entries]


def test_an_event_opens_at_its_time_and_fills_its_roster(app: Flask) -> None:
    with app.app_context():
        add_employee()
        plan_event()
        assert state_of() == "scheduled"
        run_timetable()
        assert state_of() == "open"
        assert len(db.session.scalars(select(RosterEntry)).all()) == 1
        assert actions() == [("event_opened", None, True)]


def test_an_event_closes_at_its_time(app: Flask) -> None:
    now = utcnow()
    with app.app_context():
        plan_event("open", ends_at=now - 2 * MINUTE, starts_at=now - 62 * MINUTE, closes_at=now)
        run_timetable()
        assert state_of() == "closed"
        closing = db.session.scalars(select(Closing)).one()
        assert (closing.closed_by, closing.ends_at) == (None, now - 2 * MINUTE)
        assert actions() == [("event_closed", None, True)]


@pytest.mark.parametrize("state", ["scheduled", "open"])
def test_of_many_processes_one_does_it(app: Flask, state: str) -> None:
    with app.app_context():
        add_employee()
        plan_event(state, closes_at=utcnow() if state == "open" else None)
    ready = threading.Barrier(5)

    def run() -> None:
        with app.app_context():
            ready.wait()
            run_timetable()
            db.session.remove()

    threads = [threading.Thread(target=run) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with app.app_context():
        action = "event_opened" if state == "scheduled" else "event_closed"
        assert actions() == [(action, None, True)]
        assert state_of() == ("open" if state == "scheduled" else "closed")


@pytest.mark.parametrize(
    "values",
    [
        {"opens_at": None},
        {"opens_at": utcnow() + 60 * MINUTE},
        {"state": "closed"},
        {"archived_at": utcnow()},
        # Nobody was there at its time: opening last month's event now would lead everybody to it.
        {"starts_at": utcnow() - 90 * MINUTE, "ends_at": utcnow() - 30 * MINUTE},
        {"state": "open", "closes_at": utcnow() + 60 * MINUTE},
        {"state": "open", "closes_at": None},
    ],
    ids=["by hand", "later", "closed", "archived", "over", "closes later", "closed by hand"],
)
def test_what_is_not_due_stays_as_it_is(app: Flask, values: dict[str, Any]) -> None:
    with app.app_context():
        before = plan_event(**values).state
        run_timetable()
        assert state_of() == before


def test_the_next_look_is_at_the_next_moment(app: Flask) -> None:
    with app.app_context():
        assert run_timetable() == LOOK_SECONDS
        opens_at = utcnow() + timedelta(seconds=10)
        plan_event(opens_at=opens_at)
        seconds = run_timetable()
        assert (opens_at - utcnow()).total_seconds() <= seconds <= 10


def test_an_event_opened_again_is_not_closed_by_the_time_that_passed(app: Flask) -> None:
    with app.app_context():
        plan_event("open", closes_at=utcnow() - MINUTE)
        run_timetable()
        assert state_of() == "closed"
        change_state(event_store.get_event(SLUG), "open", "Closed too early")
        run_timetable()
        assert state_of() == "open"
        assert event_store.get_event(SLUG).closes_after is None


def test_open_polls_close_with_the_event(app: Flask) -> None:
    with app.app_context():
        plan_event("open", closes_at=utcnow() - MINUTE)
        draft = PollDraft("Lunch?", ["Soup", "Cake"])
        add_poll(draft, SLUG)
        prepared, _ = add_poll(draft, SLUG, opened=False)
        run_timetable()
        polls = {poll.id: (poll.state, poll.open_in) for poll in db.session.scalars(select(Poll))}
        assert polls.pop(prepared) == ("draft", None)
        assert list(polls.values()) == [("closed", None)]


def test_no_poll_opens_while_its_event_closes(app: Flask) -> None:
    with app.app_context():
        plan_event("open")
        poll, _ = add_poll(PollDraft("Lunch?", ["Soup", "Cake"]), SLUG, opened=False)
        stale = event_store.get_event(SLUG)
        change_state(stale, "closed")
        with pytest.raises(EventNotOpen):
            open_poll(stale, poll)


PLAN = {
    "title": "Town hall",
    "starts_at": "2027-03-28T03:30",
    "ends_at": "2027-03-28T05:00",
    "timezone": "Europe/Berlin",
    "opens_before": "60",
    "closes_after": "15",
}


def planned(app: Flask) -> EventInfo:
    with app.app_context():
        return event_store.list_events()[0]


def local(event: EventInfo, moment: datetime | None) -> str:
    assert moment
    return f"{event.local(moment):%H:%M}"


def test_times_follow_the_plan_over_the_change_of_the_clocks(app: Flask, admin: PageClient) -> None:
    admin.submit(admin.get("/admin/events/new"), "events/new", **PLAN)
    event = planned(app)
    # At 02:00 the clocks went forward to 03:00.
    assert (local(event, event.opens_at), local(event, event.closes_at)) == ("01:30", "05:15")
    page = admin.get(f"/admin/events/{event.slug}")
    assert "Opens by itself: 28 Mar, 01:30" in text_of(page.text)
    edit = admin.get(f"/admin/events/{event.slug}/edit")
    assert '<option selected value="60">' in edit.text
    admin.submit(edit, "/edit", starts_at="2027-03-28T04:00", opens_before="0", closes_after="")
    event = planned(app)
    assert local(event, event.opens_at) == "04:00"
    assert event.closes_at is None


def test_an_edit_cannot_close_an_open_event_at_once(app: Flask, admin: PageClient) -> None:
    with app.app_context():
        plan_event("open", starts_at=utcnow() - 90 * MINUTE, ends_at=utcnow() - 30 * MINUTE)
    edit = admin.get(f"/admin/events/{SLUG}/edit")
    answer = admin.submit(edit, "/edit", closes_after="15")
    assert answer.status_code == 422
    assert "would close at once" in text_of(answer.text)
    assert admin.submit(edit, "/edit", closes_after="60").status_code == 303


@pytest.mark.parametrize("choice", ["7", "-5", "soon", "1e9"])
def test_another_choice_than_those_of_the_form_is_refused(
    app: Flask, admin: PageClient, choice: str
) -> None:
    page = admin.get("/admin/events/new")
    assert admin.submit(page, "events/new", **PLAN | {"opens_before": choice}).status_code == 422


def test_a_copy_opens_and_closes_in_the_same_way(app: Flask, admin: PageClient) -> None:
    with app.app_context():
        event = plan_event(opens_at=utcnow() - 6 * MINUTE, closes_at=utcnow() + 64 * MINUTE)
        db.session.execute(update(Event).values(closes_at=event.ends_at + 5 * MINUTE))
        db.session.commit()
    token = admin.get("/admin/").text.split('name="csrf_token" value="')[1].split('"')[0]
    admin.post(f"/admin/events/{SLUG}/copy", data={"csrf_token": token})
    with app.app_context():
        slug = db.session.scalars(select(Event.slug).where(Event.slug != SLUG)).one()
        made = event_store.get_event(slug)
        assert (made.opens_before, made.closes_after) == (5, 5)


def test_an_open_event_says_when_it_closes(app: Flask, admin: PageClient) -> None:
    closes_at = utcnow() + 70 * MINUTE
    with app.app_context():
        event = plan_event("open", closes_at=closes_at)
        said = f"Closes by itself: {closes_at.astimezone(ZoneInfo(event.timezone)):%-d %b, %H:%M}"
    assert said in text_of(admin.get(f"/admin/events/{SLUG}").text)
