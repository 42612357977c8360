"""The outbox: what is written while the server is away is kept, and sent once."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import insert, select

from tests.support.browser import People, come_in, expect_connected, write
from tests.support.embedded import Embedded, running
from tests.support.meeting import Meeting, held_meeting
from webapp.domain.models import Employee, Event, Message
from webapp.infra.clock import utcnow
from webapp.infra.extensions import db


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Embedded]:
    """Start a system for this test alone, which it may kill."""
    with running(Embedded(tmp_path)) as server:
        yield server


@pytest.fixture
def meeting(server: Embedded) -> Iterator[Meeting]:
    with held_meeting(server.settings, server.url, stream_url="") as meeting:
        yield meeting


def add_message(meeting: Meeting, body: str) -> None:
    """Add a message of a new employee straight to the database."""
    _, number = meeting.employee()
    author = db.session.scalar(select(Employee.id).where(Employee.employee_number == number))
    event = db.session.scalar(select(Event.id).where(Event.slug == meeting.slug))
    values = {"event_id": event, "employee_id": author, "body": body, "nonce": body[:8]}
    db.session.execute(insert(Message).values(**values, posted_at=utcnow()))
    db.session.commit()


def expect_bodies(page: Page, *bodies: str) -> None:
    expect(page.locator("#messages .body")).to_have_text(list(bodies))
    expect(page.locator("#pending > li")).to_have_count(0)


def test_a_message_written_while_the_server_is_away_arrives_once(
    people: People, server: Embedded, meeting: Meeting
) -> None:
    for complaint in ("WebSocket connection to", "net::ERR_"):
        people.expect_complaint(complaint)
    ada, grace = come_in(people, meeting), come_in(people, meeting)
    write(ada, "before")
    expect_bodies(grace, "before")
    tab = ada.context.new_page()
    tab.goto(ada.url)
    expect_connected(tab)

    server.kill()
    for page in (ada, grace):
        expect(page.locator("#connection")).to_have_text("Reconnecting…")
        expect(page.locator("#watching")).to_be_empty()
    write(ada, "while the server was away")
    expect(ada.locator("#pending .body")).to_have_text(["while the server was away"])
    live, context = ada.url, ada.context
    write(tab, "in the other tab")
    expect(tab.locator("#pending .body").last).to_have_text("in the other tab")
    ada.close()
    tab.close()
    with meeting.app.app_context():
        add_message(meeting, "by somebody else")

    server.start()
    expect(grace.locator("#toasts")).to_contain_text("1 new message")
    page = context.new_page()
    with page.expect_websocket():
        page.goto(live)
    everything = ["before", "by somebody else", "while the server was away", "in the other tab"]
    expect_bodies(page, *everything)
    expect_bodies(grace, *everything)
    page.reload()
    expect_connected(page)
    expect_bodies(page, *everything)
