"""Text that others read is visible and stays in its place, wherever it is typed."""

import secrets

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.support.client import XHTML, PageClient, parse
from tests.support.data import ADMIN, add_admin, add_employee, add_event
from webapp.domain.chat.announcements import find_announcement
from webapp.domain.events.store import get_event
from webapp.domain.models import Correction, Employee, Event
from webapp.infra.extensions import db

# The pages are the same on every database: the embedded default is the quicker one.
pytestmark = pytest.mark.parametrize("settings", ["embedded"], indirect=True)

LIVE = "/events/town-hall/live"
MESSAGES = "/events/town-hall/messages"
CHAT = "/admin/events/town-hall/chat"
INVISIBLE = ["\u200b\u200d", "\u2800", "\u3164", "\u00ad\u2060", "\u202e\u2066", "\ufe0f\u034f"]
STACKED = "Z" + "\u0335" * 120 + "algo"
BOUNDED = "Z" + "\u0335" * 3 + "algo"


@pytest.fixture(autouse=True)
def meeting(app: Flask) -> None:
    with app.app_context():
        add_event()
        add_admin()
        add_employee("1001", first_name="Ada", last_name="Lovelace")


@pytest.fixture
def viewer(client: PageClient) -> PageClient:
    client.check_in("town-hall", "person1001@example.com", "1001")
    return client


@pytest.fixture
def admin(client: PageClient) -> PageClient:
    client.sign_in(*ADMIN)
    return client


def post(viewer: PageClient, body: str) -> TestResponse:
    fields = {"body": body, "nonce": secrets.token_hex(8)}
    return viewer.submit(viewer.get(LIVE), "messages", **fields)


def read(viewer: PageClient) -> list[str]:
    answer = viewer.get(MESSAGES, headers={"Accept": "application/json"})
    return [message["body"] for message in answer.get_json()["messages"]]


@pytest.mark.parametrize("body", INVISIBLE, ids=ascii)
def test_a_message_is_visible(viewer: PageClient, body: str) -> None:
    assert post(viewer, body).status_code == 422
    assert read(viewer) == []


@pytest.mark.parametrize(
    ("body", "stored"),
    [
        (STACKED, BOUNDED),
        ("a\r\n\r\n\r\n\r\nb", "a\n\nb"),
        ("\U0001f44d" * 500, "\U0001f44d" * 500),
        ("a\r\n" * 250, ("a\n" * 250).strip()),
    ],
    ids=["marks", "blank lines", "emoji", "line ends"],
)
def test_a_message_is_bounded(viewer: PageClient, body: str, stored: str) -> None:
    assert post(viewer, body).status_code == 303
    assert read(viewer) == [stored]


def test_too_long_a_message_says_by_how_much_and_stays_in_the_form(viewer: PageClient) -> None:
    refused = post(viewer, "y" * 10_000)
    assert refused.status_code == 422
    assert "this has 10,000" in refused.text
    assert "y" * 10_000 in refused.text


@pytest.mark.parametrize("text", INVISIBLE, ids=ascii)
def test_announcements_titles_names_and_notes_are_visible(
    app: Flask, admin: PageClient, text: str
) -> None:
    chat, edit = admin.get(CHAT), admin.get("/admin/events/town-hall/edit")
    assert admin.submit(chat, "/announcement", body=text).status_code == 422
    assert admin.submit(edit, "/edit", title=text).status_code == 422
    with app.app_context():
        employee_id = db.session.scalars(select(Employee.id)).one()
        assert find_announcement(get_event("town-hall").id) is None
    person = admin.get(f"/admin/employees/{employee_id}/edit")
    names = {"first_name": text, "last_name": text}
    assert admin.submit(person, "/employees", **names).status_code == 422
    roster = admin.get(f"/admin/events/town-hall/attendance?edit={employee_id}")
    correction = {"status": "excused", "note": text}
    assert admin.submit(roster, "/corrections", **correction).status_code == 422


def test_names_are_isolated_and_texts_have_their_own_direction(
    app: Flask, client: PageClient
) -> None:
    name = "\u05d0\u05d1"
    with app.app_context():
        add_employee("1002", first_name=name, last_name="")
    client.check_in("town-hall", "person1002@example.com", "1002")
    assert post(client, "\u05e9\u05dc\u05d5\u05dd!").status_code == 303
    admin = app.test_client()
    assert isinstance(admin, PageClient)
    admin.sign_in(*ADMIN)
    admin.submit(admin.get(CHAT), "/announcement", body="\u05e9\u05dc\u05d5\u05dd")
    for page in (client.get(LIVE), client.get(MESSAGES), admin.get(CHAT)):
        tree = parse(page.text)
        authors = [e for e in tree.iter() if e.get("class") == "author"]
        # The desk links an author to the page of their messages.
        authors = [e[0] if e.tag == f"{XHTML}a" else e for e in authors]
        assert {author.tag for author in authors} == {f"{XHTML}bdi"}
        # The live page has empty rows too, for its scripts; a question's is anonymous.
        shown = {(author.text or "").strip() for author in authors}
        assert shown - {"", "Anonymous"} == {name}
        bodies = [e for e in tree.iter() if e.get("class") == "body"]
        assert bodies
        assert {e.get("dir") for e in bodies} == {"auto"}
    (pinned,) = [e for e in parse(client.get(LIVE).text).iter() if e.get("id") == "announcement"]
    assert pinned[0].get("dir") == "auto"


def test_titles_names_and_notes_are_one_line_in_one_direction(
    app: Flask, admin: PageClient
) -> None:
    typed, stored = f"A\u202edA\u2067 {STACKED}\u2028B", f"AdA {BOUNDED} B"
    edit = admin.get("/admin/events/town-hall/edit")
    assert admin.submit(edit, "/edit", title=typed).status_code == 303
    with app.app_context():
        employee_id = db.session.scalars(select(Employee.id)).one()
    person = admin.get(f"/admin/employees/{employee_id}/edit")
    assert admin.submit(person, "/employees", first_name=typed).status_code == 303
    roster = admin.get(f"/admin/events/town-hall/attendance?edit={employee_id}")
    admin.submit(roster, "/corrections", status="excused", note=typed)
    with app.app_context():
        assert db.session.scalars(select(Event.title)).one() == stored
        assert db.session.scalars(select(Employee.first_name)).one() == stored
        assert db.session.scalars(select(Correction.note)).one() == stored
