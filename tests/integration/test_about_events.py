"""The public description of an event: speakers, description, calendar file, recording."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from icalendar import Calendar

from tests.support.client import PageClient, parse, text_of
from tests.support.data import ADMIN, add_admin, add_employee, add_event
from webapp.domain.audit import trail
from webapp.domain.events import store as event_store
from webapp.domain.running.states import change_state
from webapp.infra.clock import utcnow

# The pages are the same on every database: the embedded default is the quicker one.
pytestmark = pytest.mark.parametrize("settings", ["embedded"], indirect=True)

LONG = "Grüße, \\ ; and \N{WAVING HAND SIGN} in every line of a description. " * 30


@pytest.fixture
def admin(app: Flask, client: PageClient) -> PageClient:
    """Return a client that is signed in, on a site with one event."""
    with app.app_context():
        add_admin()
        begin = utcnow() + timedelta(days=2)
        add_event("town-hall", "scheduled", starts_at=begin, ends_at=begin + timedelta(hours=1))
    client.sign_in(*ADMIN)
    return client


def save(client: PageClient, **fields: str) -> str:
    """Change the event and return the text of the answer's page."""
    page = client.get("/admin/events/town-hall/edit")
    choices = {"stream_kind": "", "questions_open": "1", "hold_questions": "0"}
    answer = client.submit(page, "/edit", **choices, anonymous_questions="0", **fields)
    return answer.text


def close_event(slug: str) -> None:
    """Open and close the event."""
    with trail.acting_as(None):
        for state in ("open", "closed"):
            change_state(event_store.get_event(slug), state, "")


def calendar_entry(client: PageClient) -> Any:
    """Return the only entry of the event's calendar file, parsed."""
    answer = client.get("/events/town-hall/event.ics")
    assert answer.status_code == 200
    assert answer.mimetype == "text/calendar"
    assert answer.headers["Content-Disposition"] == "attachment; filename=town-hall.ics"
    (entry,) = Calendar.from_ical(answer.data).walk("VEVENT")
    return entry


def test_the_check_in_page_tells_about_the_event(admin: PageClient) -> None:
    save(
        admin,
        description="First line\n\nhttps://example.com/agenda and <b>more</b>",
        speakers="Grace Hopper, Chief Executive\n\n  Ada   Lovelace  ",
    )
    page = admin.get("/events/town-hall/")
    assert "Speakers" in text_of(page.text)
    assert (
        '<bdi class="name">Grace Hopper</bdi> <bdi class="role">Chief Executive</bdi>' in page.text
    )
    assert '<bdi class="name">Ada Lovelace</bdi></span>' in page.text
    assert 'href="https://example.com/agenda"' in page.text
    assert "&lt;b&gt;more&lt;/b&gt;" in page.text


def test_an_event_without_speakers_has_no_such_part(admin: PageClient) -> None:
    assert "welcome-about" not in admin.get("/events/town-hall/").text


@pytest.mark.parametrize(
    "address",
    [
        "http://example.com/video",
        "javascript:alert(1)",
        "https://",
        "https://me:secret@example.com/video",
        "https://example.com:99999/",
        "https://exa mple.com/",
        'https://example.com/"><script>',
        "//example.com/video",
        "example.com/video",
    ],
)
def test_a_recording_needs_a_safe_address(app: Flask, admin: PageClient, address: str) -> None:
    page = save(admin, recording_url=address)
    assert '<a href="#recording_url">Recording: A recording address begins with https://' in page
    assert 'aria-invalid="true" aria-describedby="recording_url-hint recording_url-error"' in page
    with app.app_context():
        assert event_store.get_event("town-hall").recording_url == ""


def test_the_recording_appears_once_the_event_is_over(app: Flask, admin: PageClient) -> None:
    save(admin, recording_url=" https://video.example.com/42?a=1&b=2 ")
    assert "video.example.com" not in admin.get("/events/town-hall/").text
    with app.app_context():
        close_event("town-hall")
    assert 'href="https://video.example.com/42?a=1&amp;b=2"' in admin.get("/events/town-hall/").text


@pytest.mark.parametrize(("state", "words"), [("open", "On now: "), ("scheduled", "Next event: ")])
def test_a_closed_event_leads_to_the_next(
    app: Flask, client: PageClient, state: str, words: str
) -> None:
    with app.app_context():
        add_event("town-hall", "closed")
        begin = utcnow() + timedelta(minutes=20 if state == "scheduled" else -20)
        add_event(
            "next", state, title="The next", starts_at=begin, ends_at=begin + timedelta(hours=1)
        )
    page = client.get("/events/town-hall/")
    assert f"{words}The next" in text_of(page.text)
    assert 'href="/events/next/"' in page.text


def test_before_the_event_there_are_a_calendar_file_and_a_sound_test(admin: PageClient) -> None:
    page = admin.get("/events/town-hall/")
    assert 'href="/events/town-hall/event.ics"' in page.text
    (video,) = [found for found in parse(page.text).iter() if found.tag.endswith("}video")]
    assert video.get("preload") == "none"
    with admin.get(video.get("src", "")) as answer:
        assert (answer.status_code, answer.mimetype) == (200, "video/mp4")
    assert "media-src 'self'" in page.headers["Content-Security-Policy"]


def test_the_calendar_file_says_when_and_where_in_utc(app: Flask, admin: PageClient) -> None:
    entry = calendar_entry(admin)
    with app.app_context():
        event = event_store.get_event("town-hall")
    assert entry.start == event.starts_at.replace(microsecond=0)
    assert entry.end == event.ends_at.replace(microsecond=0)
    assert entry["uid"] == "town-hall@localhost"
    assert entry["url"] == entry["location"] == "http://localhost/events/town-hall/"
    body = admin.get("/events/town-hall/event.ics").data.decode()
    assert f"DTSTART:{event.starts_at:%Y%m%dT%H%M%SZ}\r\n" in body


def test_the_calendar_file_escapes_and_folds_every_text(app: Flask, admin: PageClient) -> None:
    title = "Town; hall, \\n \N{PARTY POPPER}"
    save(admin, title=title, description=LONG.strip(), speakers="Grace Hopper, Chief Executive")
    entry = calendar_entry(admin)
    assert entry["summary"] == title
    assert entry["description"].startswith(LONG.strip() + "\n\nGrace Hopper, Chief Executive\n\n")
    lines = admin.get("/events/town-hall/event.ics").data.split(b"\r\n")
    assert lines[-1] == b""
    assert max(map(len, lines)) <= 75
    assert all(b"\n" not in line and b"\r" not in line for line in lines)


def test_a_changed_event_replaces_its_calendar_entry(admin: PageClient) -> None:
    first = calendar_entry(admin)
    save(admin, title="A new title")
    second = calendar_entry(admin)
    assert first["uid"] == second["uid"]
    assert second["sequence"] > first["sequence"]
    save(admin, title="A new title")
    third = calendar_entry(admin)
    assert third["sequence"] == second["sequence"]


def test_the_calendar_of_an_unknown_event_is_not_found(client: PageClient) -> None:
    assert client.get("/events/none/event.ics").status_code == 404


def test_a_viewer_sees_what_was_counted(app: Flask, client: PageClient) -> None:
    with app.app_context():
        add_event("town-hall")
        add_employee("1001")
    client.check_in("town-hall", "person1001@example.com", "1001")
    with app.app_context():
        close_event("town-hall")
    assert "and watched 0 minutes." in text_of(client.get("/events/town-hall/").text)
