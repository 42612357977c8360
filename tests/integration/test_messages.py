"""The chat without a socket: posting, reading, and what is refused."""

import secrets
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from tests.support.client import XHTML, PageClient, parse, text_of
from tests.support.data import MESSAGE_FIELDS, add_admin, add_employee, add_event
from webapp.domain.audit import trail
from webapp.domain.chat import decisions, posting_rules
from webapp.domain.events import store as event_store
from webapp.domain.events.store import change_columns, get_event
from webapp.domain.models import Admin, Employee, Event, HeldMessage, Message
from webapp.infra.clock import utcnow
from webapp.infra.extensions import db

LIVE = "/events/town-hall/live"
MESSAGES = "/events/town-hall/messages"
JSON = {"Accept": "application/json"}


@pytest.fixture(autouse=True)
def meeting(app: Flask) -> None:
    with app.app_context():
        add_event()
        add_employee("1001", first_name="Ada", last_name="Lovelace", department="Research")


@pytest.fixture
def viewer(client: PageClient) -> PageClient:
    client.check_in("town-hall", "person1001@example.com", "1001")
    return client


def send(viewer: PageClient, **fields: str) -> tuple[int, dict[str, object]]:
    page = viewer.get(LIVE)
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    values = {"body": "Hello", "nonce": secrets.token_hex(8), "csrf_token": token} | fields
    answer = viewer.post(MESSAGES, data=values, headers=JSON)
    return answer.status_code, answer.get_json()


def count_messages(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(Message)) or 0


def test_a_form_posts_and_comes_back_to_the_page(viewer: PageClient) -> None:
    answer = viewer.submit(viewer.get(LIVE), "messages", body="Good morning from Ada")
    assert (answer.status_code, answer.location) == (303, f"{LIVE}#latest")
    page = text_of(viewer.get(LIVE).text)
    assert "Ada Lovelace Research" in page
    assert "Good morning from Ada" in page


def test_the_same_form_sent_twice_is_one_message(app: Flask, viewer: PageClient) -> None:
    page = viewer.get(LIVE)
    for _ in range(2):
        assert viewer.submit(page, "messages", body="Twice").status_code == 303
    assert count_messages(app) == 1


def test_the_same_nonce_gets_the_same_id(app: Flask, viewer: PageClient) -> None:
    first = send(viewer, nonce="n-1", body="one")
    again = send(viewer, nonce="n-1", body="one")
    assert first == again
    assert first[1]["ok"] is True
    status, refusal = send(viewer, nonce="n-1", body="another text")
    assert status == 422
    assert refusal["error"]["code"] == "invalid"  # type: ignore[index]
    assert count_messages(app) == 1


def test_a_form_that_was_edited_after_it_was_sent_keeps_its_text(
    app: Flask, viewer: PageClient
) -> None:
    page = viewer.get(LIVE)
    viewer.submit(page, "messages", body="one")
    refused = viewer.submit(page, "messages", body="another text")
    assert (refused.status_code, "another text" in refused.text) == (422, True)
    assert viewer.submit(refused, "messages").status_code == 303
    assert count_messages(app) == 2


def test_after_a_rejection_another_message_can_be_sent(app: Flask, viewer: PageClient) -> None:
    with app.app_context():
        add_admin()
        change_columns(get_event("town-hall"), "chat_settings_changed", hold_messages=True)
    page = viewer.get(LIVE)
    viewer.submit(page, "messages", body="one")
    with app.app_context(), trail.acting_as(db.session.scalars(select(Admin.id)).one()):
        held_id = db.session.scalars(select(HeldMessage.id)).one()
        decisions.reject(get_event("town-hall"), [held_id])
    refused = viewer.submit(page, "messages", body="one")
    assert "did not approve" in text_of(refused.text)
    assert viewer.submit(refused, "messages", body="two").status_code == 303


def test_nonces_differ_by_case(app: Flask, viewer: PageClient) -> None:
    send(viewer, nonce="abc")
    send(viewer, nonce="ABC")
    assert count_messages(app) == 2


def test_messages_after_an_id_come_oldest_first(viewer: PageClient) -> None:
    ids = [send(viewer, body=f"number {n}")[1]["id"] for n in range(3)]
    answer = viewer.get(f"{MESSAGES}?after={ids[0]}", headers=JSON).get_json()
    assert [m["id"] for m in answer["messages"]] == ids[1:]
    assert [m["body"] for m in answer["messages"]] == ["number 1", "number 2"]
    assert set(answer["messages"][0]) == MESSAGE_FIELDS
    assert answer["more"] is False


def test_htmx_gets_rows_and_a_browser_gets_a_page(viewer: PageClient) -> None:
    send(viewer, body="Row")
    fragment = viewer.get(MESSAGES, headers={"HX-Request": "true"}).text
    assert fragment.lstrip().startswith('<li class="message own"')
    assert "<!doctype" in viewer.get(MESSAGES).text


def add_messages(app: Flask, count: int) -> None:
    with app.app_context():
        event, employee = (
            db.session.scalars(select(Event)).one(),
            db.session.scalars(select(Employee)).one(),
        )
        for n in range(count):
            place = {"event_id": event.id, "employee_id": employee.id, "nonce": f"n-{n}"}
            db.session.add(Message(body=f"number {n}", posted_at=utcnow(), **place))
            db.session.flush()
        db.session.commit()


def bodies(answer: TestResponse) -> list[str]:
    return [message["body"] for message in answer.get_json()["messages"]]


def test_messages_before_an_id_come_page_by_page(app: Flask, viewer: PageClient) -> None:
    add_messages(app, 120)
    seen: list[str] = []
    before, more = 2**63 - 1, True
    while more:
        answer = viewer.get(f"{MESSAGES}?before={before}", headers=JSON)
        seen = bodies(answer) + seen
        before, more = answer.get_json()["messages"][0]["id"], answer.get_json()["more"]
    assert seen == [f"number {n}" for n in range(120)]
    none = viewer.get(f"{MESSAGES}?before={before}", headers=JSON).get_json()
    assert (none["messages"], none["more"]) == ([], False)
    both = viewer.get(f"{MESSAGES}?before={before}&after=0", headers=JSON)
    assert both.status_code == 422


def test_reading_without_pause_is_refused(viewer: PageClient) -> None:
    answers = [viewer.get(f"{MESSAGES}?after=0", headers=JSON) for _ in range(60)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert int(refused[0].headers["Retry-After"]) >= 1
    assert viewer.get(LIVE).status_code == 200


def test_links_lead_to_the_first_message_and_back(app: Flask, viewer: PageClient) -> None:
    add_messages(app, 120)
    page = viewer.get(LIVE)
    assert "number 69" not in page.text
    for first in ("number 20", "number 0"):
        page = viewer.get(link_of(page, "Earlier"))
        assert first in text_of(page.text)
    assert not has_link(page, "Earlier")
    page = viewer.get(link_of(page, "Later"))
    assert "number 119" in text_of(page.text)
    assert not has_link(page, "Later")
    fragment = viewer.get(f"{MESSAGES}?before=1000000000", headers={"HX-Request": "true"}).text
    assert fragment.lstrip().startswith('<li class="message')


def test_the_live_page_of_a_short_chat_has_no_earlier_link(app: Flask, viewer: PageClient) -> None:
    add_messages(app, 10)
    (link,) = [a for a in links_of(viewer.get(LIVE)) if (a.text or "").startswith("Earlier")]
    assert link.get("hidden") is not None


def links_of(page: TestResponse) -> list[Element]:
    return list(parse(page.text).iter(f"{XHTML}a"))


def has_link(page: TestResponse, text: str) -> bool:
    return any((a.text or "").startswith(text) for a in links_of(page))


def link_of(page: TestResponse, text: str) -> str:
    return next(a.get("href", "") for a in links_of(page) if (a.text or "").startswith(text))


def test_rows_of_the_viewer_are_marked(app: Flask, viewer: PageClient) -> None:
    other = app.test_client()
    assert isinstance(other, PageClient)
    with app.app_context():
        add_employee("1002", first_name="Ada", last_name="Lovelace", department="Research")
    other.check_in("town-hall", "person1002@example.com", "1002")
    send(viewer, body="mine")
    send(other, body="of a namesake")
    for page in (viewer.get(LIVE), viewer.get(MESSAGES)):
        own = [row for row in parse(page.text).iter(f"{XHTML}li") if "own" in row.get("class", "")]
        assert ["".join(row.itertext()).split()[-1] for row in own] == ["mine"]


@pytest.mark.parametrize("after", ["-1", "abc", "1.5", "9" * 30, "99999999999999999999"])
def test_a_malformed_id_is_refused(viewer: PageClient, after: str) -> None:
    answer = viewer.get(f"{MESSAGES}?after={after}", headers=JSON)
    assert answer.status_code == 422
    assert answer.get_json()["error"]["code"] == "invalid"


@pytest.mark.parametrize(
    "fields",
    [
        {"body": ""},
        {"body": " \n\t "},
        {"body": "x" * 501},
        {"body": "\x00\x01"},
        {"nonce": ""},
        {"nonce": "n" * 65},
        {"nonce": "with space"},
        {"nonce": "n\u00e9"},
    ],
)
def test_a_malformed_message_is_refused(
    app: Flask, viewer: PageClient, fields: dict[str, str]
) -> None:
    status, answer = send(viewer, **fields)
    assert status == 422
    assert answer["error"]["code"] == "invalid"  # type: ignore[index]
    assert count_messages(app) == 0


@pytest.mark.parametrize("body", ["x" * 500, "  trimmed  ", "\U0001f44d\u00e9\u4e2d", "<b>&amp;"])
def test_any_text_of_500_characters_comes_back_as_written(viewer: PageClient, body: str) -> None:
    assert send(viewer, body=body)[0] == 200
    stored = viewer.get(MESSAGES, headers=JSON).get_json()["messages"][-1]["body"]
    assert stored == body.strip()
    assert body.strip() in text_of(viewer.get(LIVE).text)


@pytest.mark.parametrize("text", ["y" * 501, "z" * 501 + "\x00"])
def test_a_refused_form_keeps_the_text(viewer: PageClient, text: str) -> None:
    answer = viewer.submit(viewer.get(LIVE), "messages", body=text)
    assert answer.status_code == 422
    assert text[:501] in answer.text


def test_the_sixth_message_in_ten_seconds_is_refused(app: Flask, viewer: PageClient) -> None:
    for _ in range(posting_rules.RATE_MESSAGES):
        assert send(viewer)[0] == 200
    status, answer = send(viewer)
    assert status == 429
    assert answer["error"]["code"] == "slow_down"  # type: ignore[index]
    assert 1 <= answer["error"]["retry_after"] <= posting_rules.RATE_SECONDS  # type: ignore[index]
    assert count_messages(app) == posting_rules.RATE_MESSAGES


def test_reading_and_writing_require_a_check_in(client: PageClient) -> None:
    assert client.get(MESSAGES).location == "/events/town-hall/"
    assert client.get(MESSAGES, headers=JSON).status_code == 401
    token = client.get("/events/town-hall/").text.split('name="csrf_token" value="')[1]
    fields = {"csrf_token": token.split('"')[0], "body": "x", "nonce": "n"}
    assert client.post(MESSAGES, data=fields, headers=JSON).status_code == 401


@pytest.mark.parametrize(
    ("change", "code"),
    [({"state": "closed"}, "event_not_open"), ({"chat_open": False}, "chat_closed")],
)
def test_a_closed_event_or_chat_refuses_messages(
    app: Flask, viewer: PageClient, change: Any, code: str
) -> None:
    page = viewer.get(LIVE)
    with app.app_context():
        db.session.query(Event).update(change)
        db.session.commit()
        event_store.forget_event("town-hall")
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    fields = {"csrf_token": token, "body": "x", "nonce": "n"}
    answer = viewer.post(MESSAGES, data=fields, headers=JSON)
    assert answer.status_code == 409
    assert answer.get_json()["error"]["code"] == code


def test_removed_messages_are_left_out(app: Flask, viewer: PageClient) -> None:
    kept, removed = send(viewer, body="kept")[1]["id"], send(viewer, body="removed")[1]["id"]
    with app.app_context():
        db.session.query(Message).filter_by(id=removed).update({"removed_at": utcnow()})
        db.session.commit()
    answer = viewer.get(MESSAGES, headers=JSON).get_json()
    assert [m["id"] for m in answer["messages"]] == [kept]
