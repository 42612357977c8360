"""Moderation by form and by HTMX: each action, who may, and what viewers get."""

import io
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from tests.support.client import PageClient, text_of
from tests.support.data import ADMIN, add_admin, add_employee, add_event
from tests.support.statements import counted_statements
from webapp.domain.chat import mutes, transcript
from webapp.domain.events import store as event_store
from webapp.domain.models import Announcement, Employee, HeldMessage, Message, Mute
from webapp.infra import cache
from webapp.infra.clock import isoformat, utcnow
from webapp.infra.extensions import db

LIVE = "/events/town-hall/live"
MESSAGES = "/events/town-hall/messages"
CHAT = "/admin/events/town-hall/chat"
JSON = {"Accept": "application/json"}
HTMX = {"HX-Request": "true"}

Act = Callable[..., TestResponse]


@pytest.fixture(autouse=True)
def meeting(app: Flask) -> None:
    with app.app_context():
        add_event()
        add_admin()
        add_employee("1001", first_name="Ada", last_name="Lovelace", department="Research")


@pytest.fixture
def viewer(client: PageClient) -> PageClient:
    client.check_in("town-hall", "person1001@example.com", "1001")
    return client


@pytest.fixture
def admin(app: Flask) -> PageClient:
    admin = app.test_client()
    assert isinstance(admin, PageClient)
    admin.sign_in(*ADMIN)
    return admin


def token_of(page: TestResponse) -> str:
    return page.text.split('name="csrf_token" value="')[1].split('"')[0]


@pytest.fixture(params=["plain", "htmx"])
def act(request: pytest.FixtureRequest, admin: PageClient) -> Act:
    """Press a button of the moderation page, without and with HTMX."""

    def press(action: str, expected: int | None = None, **fields: str) -> TestResponse:
        fields["csrf_token"] = token_of(admin.get(CHAT))
        plain = request.param == "plain"
        headers = {} if plain else HTMX
        answer = admin.post(f"{CHAT}/{action}", data=fields, headers=headers)
        assert answer.status_code == (expected or (303 if plain else 200)), answer.text
        if not expected and plain:
            assert answer.location.partition("#")[0] == CHAT
        if not expected and not plain:
            assert 'id="board"' in answer.text
            assert "<!doctype" not in answer.text
        return answer

    return press


def send(viewer: PageClient, body: str, nonce: str | None = None) -> tuple[int, dict[str, Any]]:
    token = viewer.get(LIVE).text.split('name="csrf_token" value="')[1].split('"')[0]
    fields = {"csrf_token": token, "body": body, "nonce": nonce or f"n-{abs(hash(body))}"}
    answer = viewer.post(MESSAGES, data=fields, headers=JSON)
    body_of: dict[str, Any] = answer.get_json()
    return answer.status_code, body_of


def seen_by(viewer: PageClient) -> list[str]:
    answer = viewer.get(MESSAGES, headers=JSON).get_json()
    return [message["body"] for message in answer["messages"]]


def ada(app: Flask) -> int:
    with app.app_context():
        return db.session.scalars(select(Employee.id)).one()


def held_id(app: Flask) -> int:
    with app.app_context():
        waiting = (
            select(HeldMessage.id).order_by(HeldMessage.decided_at, HeldMessage.id.desc()).limit(1)
        )
        return db.session.scalars(waiting).one()


def count(app: Flask, table: Any) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(table)) or 0


def test_a_removed_message_is_gone_for_viewers_and_struck_for_moderators(
    app: Flask, viewer: PageClient, admin: PageClient, act: Act
) -> None:
    send(viewer, "kept")
    removed = send(viewer, "rude")[1]["id"]
    assert "rude" in viewer.get(LIVE).text
    for _ in range(2):
        act(f"messages/{removed}/remove")
    assert seen_by(viewer) == ["kept"]
    assert "rude" not in viewer.get(LIVE).text
    page = admin.get(CHAT)
    assert "<del>rude</del>" in page.text
    assert "by Grace Hopper" in text_of(page.text)
    with app.app_context():
        row = db.session.get_one(Message, removed)
        assert row.removed_at is not None
        assert row.removed_by is not None


def test_a_removed_message_can_be_restored(
    app: Flask, viewer: PageClient, admin: PageClient, act: Act
) -> None:
    restored = send(viewer, "not rude at all")[1]["id"]
    send(viewer, "next")
    undo = "/chat/messages/restore?removed="
    for _ in range(2):
        answer = act(f"messages/{restored}/remove")
        offer = admin.get(CHAT).text if answer.status_code == 303 else answer.headers["HX-Trigger"]
        assert undo in offer
        for _ in range(2):
            act(f"messages/{restored}/restore")
        assert seen_by(viewer) == ["not rude at all", "next"]
        assert "not rude at all" in viewer.get(LIVE).text
    assert "<del>" not in admin.get(CHAT).text
    with app.app_context():
        row = db.session.get_one(Message, restored)
        assert (row.removed_at, row.removed_by, row.revision) == (None, None, 4)
    record = text_of(admin.get("/admin/audit").text)
    assert record.count("Restored “not rude at all” by ") == 2


@pytest.mark.parametrize(
    ("action", "fields", "text"),
    [
        ("settings", {"slow_mode_seconds": "10"}, "Changed the chat's settings."),
        ("announcement", {"body": "Lunch"}, "Pinned the announcement."),
        ("announcement/remove", {}, "Took down the announcement."),
        ("employees/{ada}/mute", {"minutes": "event"}, "Muted Ada Lovelace for the event."),
        ("employees/{ada}/unmute", {}, "Ada Lovelace can write again."),
        ("held/{held}/approve", {}, "Approved the message."),
        ("held/{held}/reject", {}, "Rejected the message."),
    ],
)
def test_each_action_says_that_it_worked(
    app: Flask,
    viewer: PageClient,
    admin: PageClient,
    action: str,
    fields: dict[str, str],
    text: str,
) -> None:
    if "{held}" in action:
        page = admin.get(CHAT)
        held = {"csrf_token": token_of(page), "hold_messages": "1"}
        admin.post(f"{CHAT}/settings", data=held)
        send(viewer, "a held message")
        action = action.replace("{held}", str(held_id(app)))
    action = action.replace("{ada}", str(ada(app)))
    token = {"csrf_token": token_of(admin.get(CHAT))}
    assert admin.post(f"{CHAT}/{action}", data=token | fields).status_code == 303
    assert text in text_of(admin.get(CHAT).text)
    assert text not in text_of(admin.get(CHAT).text)


def test_an_unknown_message_is_not_restored(act: Act) -> None:
    act("messages/999/restore", expected=404)


def test_a_host_writes_in_a_frozen_chat(
    app: Flask, viewer: PageClient, admin: PageClient, act: Act
) -> None:
    act("settings", chat_open="0", hold_messages="1", slow_mode_seconds="60")
    for nonce, body in (("one", "Welcome"), ("two", "Questions?"), ("two", "Questions?")):
        page = admin.get(CHAT)
        fields = {"csrf_token": token_of(page), "nonce": nonce, "body": body}
        assert admin.post(f"{CHAT}/messages", data=fields).status_code == 303
    welcome, questions = viewer.get(MESSAGES, headers=JSON).get_json()["messages"]
    assert welcome | {"id": 0, "posted_at": ""} == {
        "id": 0,
        "author_id": None,
        "author": "Grace Hopper",
        "department": "",
        "body": "Welcome",
        "posted_at": "",
        "host": True,
    }
    assert questions["body"] == "Questions?"
    assert "Welcome" in viewer.get(LIVE).text
    assert "Posted a message as the host" in admin.get("/admin/audit").text
    (first, _) = json.loads(admin.get(f"{CHAT}.json").data)["messages"]
    assert (first["author"], first["employee_number"], first["host"]) == ("Grace Hopper", "", True)
    assert "Grace Hopper,,,Welcome,,,yes" in admin.get(f"{CHAT}.csv").text
    act(f"messages/{welcome['id']}/remove")
    act(f"messages/{welcome['id']}/restore")
    assert seen_by(viewer) == ["Welcome", "Questions?"]


def test_a_host_writes_with_htmx(viewer: PageClient, admin: PageClient) -> None:
    page = admin.get(CHAT)
    nonce = page.text.split('name="nonce" value="')[1].split('"')[0]
    fields = {"csrf_token": token_of(page), "nonce": nonce, "body": "Welcome"}
    answer = admin.post(f"{CHAT}/messages", data=fields, headers=HTMX)
    assert answer.status_code == 200
    assert 'id="host"' in answer.text
    assert "Welcome" in answer.text
    assert nonce not in answer.text
    assert "Posted as the host." in answer.headers["HX-Trigger"]


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_a_refused_message_of_the_host_stays_in_its_form(
    admin: PageClient, headers: dict[str, str]
) -> None:
    body = "x" * 501
    fields = {"csrf_token": token_of(admin.get(CHAT)), "nonce": "one", "body": body}
    answer = admin.post(f"{CHAT}/messages", data=fields, headers=headers)
    assert answer.status_code == 422
    assert answer.text.count(body) == 1
    assert "Use at most 500 characters" in answer.text


def test_a_host_writes_only_while_the_event_is_open(app: Flask, admin: PageClient) -> None:
    page = admin.get(CHAT)
    with app.app_context():
        event_store.change_columns(
            event_store.get_event("town-hall"), "event_closed", state="closed"
        )
    fields = {"csrf_token": token_of(page), "nonce": "one", "body": "too late"}
    assert admin.post(f"{CHAT}/messages", data=fields).status_code == 409
    assert count(app, Message) == 0


def test_a_muted_employee_learns_for_how_long(viewer: PageClient, app: Flask, act: Act) -> None:
    act(f"employees/{ada(app)}/mute", minutes="30")
    act(f"employees/{ada(app)}/mute", minutes="5")
    status, answer = send(viewer, "let me")
    assert status == 403
    assert answer["error"]["code"] == "muted"
    assert 290 <= answer["error"]["retry_after"] <= 300
    form = viewer.submit(viewer.get(LIVE), "messages", body="my words stay")
    assert form.status_code == 403
    assert "my words stay" in form.text
    act(f"employees/{ada(app)}/unmute")
    assert send(viewer, "let me")[0] == 200


def test_a_muted_employee_reads_so_on_the_page(viewer: PageClient, app: Flask, act: Act) -> None:
    assert "You are muted" not in viewer.get(LIVE).text
    act(f"employees/{ada(app)}/mute", minutes="30")
    assert "You are muted until" in text_of(viewer.get(LIVE).text)
    act(f"employees/{ada(app)}/mute", minutes="event")
    page = viewer.get(LIVE).text
    assert "You are muted in this event." in text_of(page)
    assert 'data-muted-until="9999-12-31T23:59:59Z"' in page
    act(f"employees/{ada(app)}/unmute")
    assert "You are muted" not in viewer.get(LIVE).text


def test_a_mute_that_ended_is_not_shown(viewer: PageClient, app: Flask, act: Act) -> None:
    act(f"employees/{ada(app)}/mute", minutes="5")
    viewer.get(LIVE)
    with app.app_context():
        event_id = event_store.get_event("town-hall").id
        ended = {str(ada(app)): isoformat(utcnow() - timedelta(seconds=1))}
        cache.put(mutes.cache_key(event_id), ended, 60)
    assert "You are muted" not in viewer.get(LIVE).text


def test_a_mute_for_the_event_has_no_end(viewer: PageClient, app: Flask, act: Act) -> None:
    act(f"employees/{ada(app)}/mute", minutes="event")
    error = send(viewer, "let me")[1]["error"]
    assert (error["code"], error.get("retry_after")) == ("muted", None)
    with app.app_context():
        add_event("second")
    viewer.check_in("second", "person1001@example.com", "1001")
    assert count(app, Mute) == 1


def test_slow_mode_refuses_a_second_message(viewer: PageClient, act: Act) -> None:
    act("settings", slow_mode_seconds="30")
    assert send(viewer, "one")[0] == 200
    status, answer = send(viewer, "two")
    assert (status, answer["error"]["code"]) == (429, "slow_down")
    assert 25 <= answer["error"]["retry_after"] <= 30
    assert send(viewer, "one")[0] == 200, "a stored post is not refused for being sent again"
    act("settings", slow_mode_seconds="0")
    assert send(viewer, "two")[0] == 200


def test_an_admin_who_is_checked_in_is_exempt(admin: PageClient, act: Act) -> None:
    act("settings", slow_mode_seconds="60", hold_messages="1")
    admin.check_in("town-hall", "person1001@example.com", "1001")
    for body in ("one", "two"):
        assert send(admin, body)[1]["id"]
    assert "data-exempt" in admin.get(LIVE).text


def test_a_held_post_becomes_a_message_once_it_is_approved(
    app: Flask, viewer: PageClient, admin: PageClient, act: Act
) -> None:
    act("settings", hold_messages="1")
    for _ in range(2):
        assert send(viewer, "may I?", "n-1") == (200, {"ok": True, "id": None, "held": True})
    assert seen_by(viewer) == []
    assert "Waiting for approval (1)" in text_of(admin.get(CHAT).text)
    for _ in range(2):
        act(f"held/{held_id(app)}/approve")
    assert seen_by(viewer) == ["may I?"]
    assert "may I?" in viewer.get(LIVE).text
    status, answer = send(viewer, "may I?", "n-1")
    assert (status, set(answer)) == (200, {"ok", "id"})
    assert count(app, Message) == 1
    assert "Waiting for approval" not in text_of(admin.get(CHAT).text)


def test_an_approved_post_is_the_newest_by_id_and_by_time(
    app: Flask, viewer: PageClient, act: Act
) -> None:
    act("settings", hold_messages="1")
    for n in range(5):
        send(viewer, f"held {n}")
    written_at = utcnow() - timedelta(minutes=10)
    with app.app_context():
        db.session.execute(update(HeldMessage).values(posted_at=written_at))
        db.session.commit()
    act("settings", hold_messages="0")
    direct = send(viewer, "posted meanwhile")[1]["id"]
    for _ in range(5):
        act(f"held/{held_id(app)}/approve")
    messages = viewer.get(MESSAGES, headers=JSON).get_json()["messages"]
    assert messages[0]["id"] == direct
    times = [message["posted_at"] for message in messages]
    assert len(times) == 6
    assert times == sorted(times)
    # Posts count by the time of writing: the approvals do not use up the author's rate.
    assert send(viewer, "one more")[0] == 200


def test_an_approved_post_counts_once_for_the_rate(
    app: Flask, viewer: PageClient, act: Act
) -> None:
    act("settings", hold_messages="1")
    send(viewer, "held")
    act(f"held/{held_id(app)}/approve")
    act("settings", hold_messages="0")
    answers = [send(viewer, f"number {n}")[0] for n in range(5)]
    assert answers == [200] * 4 + [429]


def test_a_rejected_post_stays_hidden_and_on_record(
    app: Flask, viewer: PageClient, act: Act
) -> None:
    act("settings", hold_messages="1")
    send(viewer, "buy now", "n-1")
    act(f"held/{held_id(app)}/reject")
    act("settings", hold_messages="0")
    status, answer = send(viewer, "buy now", "n-1")
    assert (status, answer["error"]["code"]) == (422, "invalid")
    act(f"held/{held_id(app)}/approve")
    assert count(app, Message) == 0
    with app.app_context():
        row = db.session.scalars(select(HeldMessage)).one()
        assert row.decided_at is not None
        assert row.message_id is None


def test_a_stored_message_is_not_held_when_it_is_sent_again(
    app: Flask, viewer: PageClient, act: Act
) -> None:
    posted = send(viewer, "may I?", "n-1")
    act("settings", hold_messages="1")
    assert send(viewer, "may I?", "n-1") == posted
    assert (count(app, Message), count(app, HeldMessage)) == (1, 0)


def test_held_posts_count_for_the_rate(viewer: PageClient, act: Act) -> None:
    act("settings", hold_messages="1")
    answers = [send(viewer, f"number {n}")[0] for n in range(6)]
    assert answers == [200] * 5 + [429]


def test_without_javascript_a_held_post_says_so(viewer: PageClient, act: Act) -> None:
    act("settings", hold_messages="1")
    answer = viewer.submit(viewer.get(LIVE), "messages", body="may I?")
    assert answer.location == f"{LIVE}?held=1#latest"
    assert "waiting for approval" in text_of(viewer.get(answer.location).text)


def test_a_frozen_chat_refuses_messages_until_it_is_open_again(
    viewer: PageClient, act: Act
) -> None:
    page = viewer.get(LIVE)
    act("settings", chat_open="0")
    status, answer = send(viewer, "too late")
    assert (status, answer["error"]["code"]) == (409, "chat_closed")
    refused = viewer.submit(page, "messages", body="my words stay")
    assert refused.status_code == 409
    assert "my words stay" in text_of(refused.text)
    act("settings", chat_open="1")
    assert send(viewer, "in time")[0] == 200


def test_an_announcement_stands_on_the_page_until_it_is_taken_down(
    viewer: PageClient, admin: PageClient
) -> None:
    for body in ("Lunch at noon", "Lunch at one <b>"):
        answer = admin.submit(admin.get(CHAT), "/announcement", body=body)
        assert (answer.status_code, answer.location) == (303, CHAT)
    page = text_of(viewer.get(LIVE).text)
    assert "Lunch at one <b>" in page
    assert "Lunch at noon" not in page
    fields = {"csrf_token": token_of(admin.get(CHAT))}
    assert admin.post(f"{CHAT}/announcement/remove", data=fields).status_code == 303
    assert "Lunch" not in text_of(viewer.get(LIVE).text)


def take_down(admin: PageClient, body: str) -> TestResponse:
    """Pin an announcement, take it down, and return the page that offers to undo that."""
    admin.submit(admin.get(CHAT), "/announcement", body=body)
    fields = {"csrf_token": token_of(admin.get(CHAT))}
    admin.post(f"{CHAT}/announcement/remove", data=fields)
    return admin.get(CHAT)


def test_a_taken_down_announcement_is_pinned_again_once(
    app: Flask, viewer: PageClient, admin: PageClient
) -> None:
    page = take_down(admin, "Lunch at noon")
    assert "Lunch" not in text_of(viewer.get(LIVE).text)
    for _click in range(2):
        assert admin.submit(page, "/announcement/restore").status_code == 303
        assert "Pinned the announcement." in text_of(admin.get(CHAT).text)
        assert "Lunch at noon" in text_of(viewer.get(LIVE).text)
    with app.app_context():
        pinned = select(func.count()).where(Announcement.removed_at.is_(None))
        assert db.session.scalar(pinned) == 1


def test_an_undo_does_not_replace_a_newer_announcement(
    viewer: PageClient, admin: PageClient
) -> None:
    page = take_down(admin, "Lunch at noon")
    admin.submit(admin.get(CHAT), "/announcement", body="Fire drill")
    admin.submit(page, "/announcement/restore")
    assert "There is nothing left to undo." in text_of(admin.get(CHAT).text)
    assert "Fire drill" in text_of(viewer.get(LIVE).text)


def test_nothing_was_pinned_so_nothing_is_undone(admin: PageClient) -> None:
    fields = {"csrf_token": token_of(admin.get(CHAT))}
    admin.post(f"{CHAT}/announcement/remove", data=fields)
    assert "/announcement/restore" not in admin.get(CHAT).text
    undo = f"{CHAT}/announcement/restore?removed="
    assert admin.post(f"{undo}999", data=fields).status_code == 303
    assert "There is nothing left to undo." in text_of(admin.get(CHAT).text)
    for removed in ("", "x", "-1", "1" * 20):
        assert admin.post(undo + removed, data=fields).status_code == 422


def test_with_htmx_an_announcement_brings_an_empty_form_and_the_board(admin: PageClient) -> None:
    fields = {"csrf_token": token_of(admin.get(CHAT)), "body": "Lunch at noon"}
    answer = admin.post(f"{CHAT}/announcement", data=fields, headers=HTMX)
    assert 'data-hx-swap-oob="morph"' in answer.text
    assert answer.text.lstrip().startswith('<form class="card" id="announce"')
    assert answer.text.count("Lunch at noon") == 1


@pytest.mark.parametrize("body", ["", "  ", "x" * 501, "\x00"])
def test_an_invalid_announcement_is_refused(admin: PageClient, body: str) -> None:
    answer = admin.submit(admin.get(CHAT), "/announcement", body=body)
    assert answer.status_code == 422
    assert "<h1" in answer.text


def test_a_warm_live_page_needs_no_statement(
    app: Flask, viewer: PageClient, admin: PageClient
) -> None:
    admin.submit(admin.get(CHAT), "/announcement", body="Lunch at noon")
    viewer.get(LIVE)
    with counted_statements(app) as statements:
        assert "Lunch at noon" in viewer.get(LIVE).text
    assert statements == []


def test_a_poll_without_news_answers_204(viewer: PageClient, admin: PageClient) -> None:
    page = admin.get(CHAT).text
    poll = page.split('class="poll-refresh" data-hx-get="')[1].split('"')[0]
    same = admin.get(poll, headers=HTMX)
    assert same.status_code == 204
    send(viewer, "news")
    fresh = admin.get(poll, headers=HTMX)
    assert fresh.status_code == 200
    assert "news" in fresh.text
    assert not same.headers.getlist("Set-Cookie") + fresh.headers.getlist("Set-Cookie")


def test_older_messages_are_a_page_away(app: Flask, viewer: PageClient, admin: PageClient) -> None:
    first = send(viewer, "the very first")[1]["id"]
    with app.app_context():
        row = db.session.get_one(Message, first)
        for n in range(100):
            again = {"event_id": row.event_id, "employee_id": row.employee_id, "nonce": f"x{n}"}
            db.session.add(Message(body=f"later {n}", posted_at=row.posted_at, **again))
        db.session.commit()
    page = admin.get(CHAT)
    assert "the very first" not in page.text
    older = page.text.split('rel="next" href="')[1].split('"')[0]
    assert "the very first" in admin.get(older).text
    refresh = 'class="poll-refresh" data-hx-get="/admin/events/town-hall/chat?'
    assert refresh in page.text
    assert refresh not in admin.get(older).text


@pytest.mark.parametrize(
    ("action", "fields", "status"),
    [
        ("messages/999/remove", {}, 404),
        ("messages/99999999999999999999/remove", {}, 404),
        ("held/999/approve", {}, 404),
        ("held/999/reject", {}, 404),
        ("employees/999/mute", {"minutes": "5"}, 404),
        ("employees/{ada}/mute", {}, 422),
        ("employees/{ada}/mute", {"minutes": "-5"}, 422),
        ("settings", {}, 422),
        ("settings", {"slow_mode_seconds": "7"}, 422),
        ("settings", {"chat_open": "maybe"}, 422),
        ("settings", {"hold_messages": ""}, 422),
    ],
)
def test_a_value_that_no_button_has_is_refused(
    app: Flask, act: Act, action: str, fields: dict[str, str], status: int
) -> None:
    act(action.replace("{ada}", str(ada(app))), expected=status, **fields)


def test_a_message_of_another_event_is_not_touched(
    app: Flask, viewer: PageClient, admin: PageClient
) -> None:
    message_id = send(viewer, "here")[1]["id"]
    with app.app_context():
        add_event("second")
    fields = {"csrf_token": token_of(admin.get(CHAT))}
    address = f"/admin/events/second/chat/messages/{message_id}/remove"
    assert admin.post(address, data=fields).status_code == 404
    assert seen_by(viewer) == ["here"]


@pytest.mark.parametrize("address", [CHAT, f"{CHAT}.csv", f"{CHAT}.json", f"{CHAT}.xlsx"])
def test_moderation_requires_an_admin(viewer: PageClient, address: str) -> None:
    assert viewer.get(address).location.startswith("/admin/login")


def test_an_unknown_event_is_not_found(admin: PageClient) -> None:
    assert admin.get("/admin/events/nowhere/chat").status_code == 404


def test_a_forged_form_changes_nothing(app: Flask, admin: PageClient) -> None:
    assert admin.post(f"{CHAT}/settings", data={"chat_open": "0"}).status_code == 400
    with app.app_context():
        assert event_store.get_event("town-hall").chat_open


def test_the_transcript_marks_removed_messages(
    viewer: PageClient, admin: PageClient, act: Act
) -> None:
    formula = send(viewer, '=1+1;"x"')[1]["id"]
    removed = send(viewer, "rude")[1]["id"]
    act(f"messages/{removed}/remove")
    answer = admin.get(f"{CHAT}.json")
    transcript = json.loads(answer.data)
    assert transcript["event"]["slug"] == "town-hall"
    first, second = transcript["messages"]
    assert first | {"posted_at": ""} == {
        "id": formula,
        "posted_at": "",
        "author": "Ada Lovelace",
        "employee_number": "1001",
        "department": "Research",
        "body": '=1+1;"x"',
        "removed_at": None,
        "removed_by": None,
        "host": False,
    }
    assert first["posted_at"][-6:] in ("+01:00", "+02:00")
    assert second["removed_by"] == ADMIN[0]
    assert second["removed_at"][-6:] in ("+01:00", "+02:00")
    table = admin.get(f"{CHAT}.csv")
    assert table.data.startswith(b"\xef\xbb\xbfid,posted_at,author,")
    assert '"\'=1+1;""x"""' in table.data.decode()
    assert table.headers["Content-Disposition"] == "attachment; filename=town-hall-chat.csv"


def test_the_transcript_comes_as_a_workbook_too(viewer: PageClient, admin: PageClient) -> None:
    number = send(viewer, '=1+1;"x"')[1]["id"]
    answer = admin.get(f"{CHAT}.xlsx")
    sheet = load_workbook(io.BytesIO(answer.data))["Chat"]
    answer.close()
    header, row = ([cell.value for cell in row] for row in sheet.iter_rows())
    assert tuple(header) == transcript.COLUMNS
    assert row[0] == number
    assert isinstance(row[1], datetime)
    assert row[2:6] == ["Ada Lovelace", "1001", "Research", '=1+1;"x"']
    assert sheet["F2"].data_type == "s"
    assert sheet["D2"].data_type == "s"
    # A double click on a CSV loses leading zeros: the workbook comes first.
    page = admin.get(CHAT).text
    assert page.index("chat.xlsx") < page.index("chat.csv")


def test_the_transcript_of_an_empty_chat_is_well_formed(admin: PageClient) -> None:
    assert json.loads(admin.get(f"{CHAT}.json").data)["messages"] == []
    assert len(admin.get(f"{CHAT}.csv").text.splitlines()) == 1
