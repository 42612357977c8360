"""Planning events: in their own zone, at an address of their own."""

from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import select

from tests.support.client import PageClient, text_of
from tests.support.data import ADMIN, add_admin, add_event
from webapp.core.extensions import db
from webapp.core.models import Event

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
