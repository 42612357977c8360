"""The page of an event: its link, its checklist, and what viewers see."""

from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from tests.support.client import PageClient, text_of
from tests.support.data import add_employee, add_event
from webapp.domain.attendance.viewer_count import count_watching
from webapp.domain.events.store import get_event
from webapp.domain.models import RosterEntry, WatchedMinute
from webapp.domain.running.states import change_state
from webapp.infra.clock import utcnow
from webapp.infra.extensions import db

SLUG = "town-hall"
PAGE = f"/admin/events/{SLUG}"
HOUR = timedelta(hours=1)


def plan_event(app: Flask, **values: Any) -> None:
    with app.app_context():
        begin = utcnow() + HOUR
        planned: dict[str, Any] = {
            "starts_at": begin,
            "ends_at": begin + HOUR,
            "state": "scheduled",
        }
        add_event(SLUG, **(planned | values))


def test_the_public_link_is_shown_as_text_and_as_a_qr_code(app: Flask, admin: PageClient) -> None:
    plan_event(app)
    page = admin.get(PAGE)
    assert f'readonly value="http://localhost/events/{SLUG}/"' in page.text
    assert f'src="{PAGE}/qr.svg"' in page.text
    code = admin.get(f"{PAGE}/qr.svg")
    assert code.mimetype == "image/svg+xml"
    assert code.data.startswith(b"<svg")
    assert b"<script" not in code.data


def test_the_figures_are_sent_only_when_they_changed(app: Flask, admin: PageClient) -> None:
    with app.app_context():
        add_employee()
        add_event(SLUG)
    page = admin.get(PAGE).text
    poll = page.split('id="figures" data-hx-get="')[1].split('"')[0].replace("&amp;", "&")
    htmx = {"HX-Request": "true"}
    assert admin.get(poll, headers=htmx).status_code == 204
    ada = app.test_client()
    assert isinstance(ada, PageClient)
    ada.check_in(SLUG, "person1001@example.com", "1001")
    answer = admin.get(poll, headers=htmx)
    assert answer.status_code == 200
    assert "<dd>1</dd>" in answer.text


def test_the_head_follows_the_state_on_every_tab(app: Flask, admin: PageClient) -> None:
    plan_event(app)
    page = admin.get(f"{PAGE}/chat").text
    poll = page.split('id="event-head" data-hx-get="')[1].split('"')[0].replace("&amp;", "&")
    htmx = {"HX-Request": "true"}
    assert admin.get(poll, headers=htmx).status_code == 204
    with app.app_context():
        change_state(get_event(SLUG), "open")
    answer = admin.get(poll, headers=htmx)
    assert "Close the event" in answer.text
    assert "Set-Cookie" not in answer.headers


def test_an_admin_who_looks_at_the_live_page_is_not_counted(app: Flask, admin: PageClient) -> None:
    with app.app_context():
        add_employee()
        event_id = add_event(SLUG).id
    page = admin.get(f"{PAGE}/preview")
    assert "you are not counted as a viewer" in text_of(page.text)
    assert "live.js" not in page.text
    with app.app_context():
        assert count_watching([event_id]).get(event_id, 0) == 0
        checked_in = select(func.count()).where(RosterEntry.checked_in_at.is_not(None))
        assert db.session.scalar(checked_in) == 0
        assert db.session.scalar(select(func.count()).select_from(WatchedMinute)) == 0


def test_the_checklist_says_what_is_missing(app: Flask, admin: PageClient) -> None:
    plan_event(app, stream_url="")
    text = text_of(admin.get(PAGE).text)
    for missing in (
        "No stream is set",
        "there are no employees",
        "An admin opens it",
        "Nobody but you",
    ):
        assert missing in text


def test_the_checklist_forgets_a_test_of_another_stream(app: Flask, admin: PageClient) -> None:
    with app.app_context():
        add_employee()
    plan_event(app)
    assert "has not been tested" in text_of(admin.get(PAGE).text)
    assert admin.submit(admin.get(PAGE), "/test-stream/stored").status_code == 303
    assert "The stream answered at its last test." in text_of(admin.get(PAGE).text)
    edit = admin.get(f"{PAGE}/edit")
    assert admin.submit(edit, "/edit", stream_url="/other/live.m3u8").status_code == 303
    assert "has not been tested" in text_of(admin.get(PAGE).text)
    admin.submit(admin.get(PAGE), "/test-stream/stored")
    assert "did not answer" in text_of(admin.get(PAGE).text)


def test_the_latest_changes_are_shown_to_those_who_plan(app: Flask, admin: PageClient) -> None:
    plan_event(app)
    admin.submit(admin.get(f"{PAGE}/edit"), "/edit", title="All hands")
    assert "Edited an event" in text_of(admin.get(PAGE).text)


def test_closing_asks_and_says_for_how_many(app: Flask, admin: PageClient) -> None:
    with app.app_context():
        add_event(SLUG)
    page = admin.get(PAGE)
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    slip = admin.post(f"{PAGE}/state", data={"csrf_token": token, "state": "closed"})
    assert slip.location == f"{PAGE}/close"
    question = admin.get(slip.location)
    assert "Nobody is watching just now." in text_of(question.text)
    assert admin.submit(question, "/state", state="closed").status_code == 303
    with app.app_context():
        assert get_event(SLUG).state == "closed"
