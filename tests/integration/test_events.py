"""Planning events: in their own zone, at an address of their own."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from realtime.headcount import Headcount
from tests.support.client import PageClient, text_of
from tests.support.data import ADMIN, add_admin, add_employee, add_event
from tests.support.statements import counted_statements
from webapp.domain.attendance import checkin, viewer_count
from webapp.domain.events import store as event_store
from webapp.domain.models import Attendance, Employee, Event
from webapp.infra.circuit_breaker import Breaker
from webapp.infra.clock import minute_of, utcnow
from webapp.infra.extensions import db
from webapp.infra.redis_client import redis_breaker

PLAN = {
    "title": "Résumé of the year",
    "starts_at": "2027-07-01T14:00",
    "ends_at": "2027-07-01T15:30",
    "timezone": "Europe/Berlin",
    "stream_url": "https://youtu.be/dQw4w9WgXcQ",
}


@pytest.fixture
def admin(app: Flask, client: PageClient) -> PageClient:
    with app.app_context():
        add_admin()
    client.sign_in(*ADMIN)
    return client


def plan(admin: PageClient, **changes: str) -> tuple[int, str]:
    answer = admin.submit(admin.get("/admin/events/new"), "events/new", **(PLAN | changes))
    return answer.status_code, answer.text


def test_an_event_is_planned_in_its_own_zone(app: Flask, admin: PageClient) -> None:
    assert plan(admin)[0] == 303
    with app.app_context():
        event = db.session.scalars(select(Event)).one()
        assert event.slug == "resume-of-the-year"
        assert event.starts_at == datetime(2027, 7, 1, 12, 0, tzinfo=UTC)
        assert event.state == "scheduled"
    assert "Thursday, 1 July 2027, 14:00" in text_of(admin.get("/events/resume-of-the-year/").text)


def test_events_of_one_title_have_different_addresses(app: Flask, admin: PageClient) -> None:
    for _ in range(3):
        plan(admin, title="???")
    with app.app_context():
        assert set(db.session.scalars(select(Event.slug))) == {"event", "event-2", "event-3"}


def test_editing_keeps_what_is_not_changed(app: Flask, admin: PageClient) -> None:
    plan(admin)
    page = admin.get("/admin/events/resume-of-the-year/edit")
    assert 'value="2027-07-01T14:00"' in page.text
    assert admin.submit(page, "/edit", title="The year").status_code == 303
    with app.app_context():
        event = db.session.scalars(select(Event)).one()
        assert (event.title, event.slug) == ("The year", "resume-of-the-year")
        assert event.ends_at == datetime(2027, 7, 1, 13, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"title": ""}, "Give it a title."),
        ({"title": "x" * 201}, "Field cannot be longer than 200 characters."),
        ({"starts_at": "tomorrow"}, "Not a valid datetime value."),
        ({"ends_at": "2027-07-01T13:00"}, "The event must end after it begins."),
        ({"starts_at": "2027-03-28T02:30"}, "does not exist in Europe/Berlin"),
        ({"ends_at": "2027-10-31T02:30"}, "comes twice in Europe/Berlin"),
        ({"starts_at": "0001-01-01T00:00"}, "Choose another year."),
        ({"timezone": "Mars/Olympus"}, "Choose a time zone"),
        ({"stream_url": "javascript:alert(1)"}, "https://"),
    ],
)
def test_what_cannot_be_is_said_and_kept(
    app: Flask, admin: PageClient, changes: dict[str, str], complaint: str
) -> None:
    status, page = plan(admin, **changes)
    assert status == 422
    assert complaint in text_of(page)
    with app.app_context():
        assert db.session.scalar(select(Event)) is None


def test_an_event_is_opened_and_closed(app: Flask, admin: PageClient) -> None:
    with app.app_context():
        add_event(state="scheduled")
    admin.submit(admin.get("/admin/"), "/state", state="open")
    assert admin.get("/").location == "/events/town-hall/"
    assert "Check in to watch" in text_of(admin.get("/events/town-hall/").text)
    admin.submit(admin.get("/admin/"), "/state", state="closed")
    assert "This event is over" in text_of(admin.get("/events/town-hall/").text)


def test_a_copy_is_planned_at_the_same_time_of_day(app: Flask, admin: PageClient) -> None:
    with app.app_context():
        # 14:00 in Berlin, in winter and in summer.
        begin = datetime(2026, 1, 15, 13, 0, tzinfo=UTC)
        times = {"starts_at": begin, "ends_at": begin + timedelta(minutes=90)}
        add_event("town-hall", "closed", slow_mode_seconds=30, required_share=80, **times)
    page = admin.get("/admin/")
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    answer = admin.post("/admin/events/town-hall/copy", data={"csrf_token": token})
    assert (answer.status_code, answer.location) == (303, "/admin/events/town-hall-2/edit")
    with app.app_context():
        copy = event_store.get_event("town-hall-2")
        assert (copy.state, copy.slow_mode_seconds, copy.required_share) == ("scheduled", 30, 80)
        assert utcnow() < copy.starts_at <= utcnow() + timedelta(weeks=1, hours=2)
        assert copy.local(copy.starts_at).strftime("%a %H:%M") == "Thu 14:00"
        assert copy.ends_at - copy.starts_at == timedelta(minutes=90)


def test_the_overview_counts_in_as_many_statements_for_any_number_of_events(
    app: Flask, admin: PageClient
) -> None:
    asked = set()
    admin.get("/admin/")
    for number in range(3):
        with app.app_context():
            event, employee = add_event(f"e{number}"), add_employee(f"{number}")
            watch(event, employee)
            if not app.config["EMBEDDED"]:
                say_watching(app, event.id, [7, 8])
        with counted_statements(app) as statements:
            page = admin.get("/admin/", headers={"HX-Request": "true"})
        asked.add(len(statements))
        assert "Set-Cookie" not in page.headers
    assert len(asked) == 1
    expected = 1 if app.config["EMBEDDED"] else 2
    assert page.text.count(f'data-label="Watching">{expected}<') == 3


@pytest.mark.parametrize("settings", ["full"], indirect=True)
def test_without_redis_the_overview_counts_the_last_minutes(app: Flask, admin: PageClient) -> None:
    with app.app_context():
        event, employee = add_event(), add_employee()
        watch(event, employee)
        redis_breaker().failed(ConnectionError("away"))
        assert viewer_count.count_watching([event.id]) == {event.id: 1}


def watch(event: Event, employee: Employee) -> None:
    """Check in, and be counted in this minute."""
    row = {"event_id": event.id, "employee_id": employee.id, "checked_in_at": utcnow()}
    db.session.add(Attendance(**row))
    db.session.commit()
    checkin.record_minute(event.id, [employee.id], minute_of(utcnow()))


def say_watching(app: Flask, event_id: int, employees: list[int]) -> None:
    """What a node says to Redis."""
    redis = app.extensions["redis"]
    assert Headcount(redis, "node", Breaker("Redis")).distinct(event_id, set(employees)) == 2
