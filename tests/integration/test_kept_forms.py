"""An admin's form that a session ended under is there again after the sign-in."""

import io

import pytest
from flask import Flask
from sqlalchemy import select

from tests.support.client import PageClient, text_of
from tests.support.data import ADMIN, add_admin, add_employee, add_event
from webapp.domain.admins import accounts
from webapp.domain.models import Admin, Announcement, Employee, Event, Poll
from webapp.infra.extensions import db

# The pages are the same on every database: the embedded default is the quicker one.
pytestmark = pytest.mark.parametrize("settings", ["embedded"], indirect=True)

PAGE = "/admin/events/town-hall"
EDIT = f"{PAGE}/edit"
ORIGIN = {"Origin": "http://localhost"}
HTMX = ORIGIN | {"HX-Request": "true"}

# A thing to save, by kind: the page with its form, the address, the fields, the saved column.
FORMS = {
    "event": (EDIT, "/edit", {"title": "All hands\u2028& more"}, Event.title),
    "poll": (f"{PAGE}/polls/new", "/polls", {"question": "Why?"}, Poll.question),
    "employee": ("/admin/employees/1/edit", "/employees/1", {"department": "Flight"}, None),
    "announcement": (f"{PAGE}/chat", "/announcement", {"body": "One\nTwo <b>"}, Announcement.body),
}


@pytest.fixture
def admin(app: Flask, client: PageClient) -> PageClient:
    with app.app_context():
        add_event()
        add_admin()
        add_employee("1001", id=1)
    client.sign_in(*ADMIN)
    return client


def end_sessions(app: Flask) -> None:
    with app.app_context():
        admin = db.session.scalars(select(Admin)).one()
        found = accounts.find_admin(admin.id, admin.session_version)
        assert found
        accounts.end_sessions(found)


@pytest.mark.parametrize("name", FORMS)
def test_a_form_is_there_again_after_the_sign_in(app: Flask, admin: PageClient, name: str) -> None:
    address, action, typed, column = FORMS[name]
    fields = typed | ({"option": "Yes"} if name == "poll" else {})
    page = admin.get(address)
    end_sessions(app)
    sign_in = admin.submit(page, action, headers=ORIGIN, **fields)
    assert sign_in.status_code == 401
    assert "what you entered is there again" in text_of(sign_in.text)
    wrong = admin.submit(sign_in, "/login", email=ADMIN[0], password="wrong")
    shown = admin.submit(wrong, "/login", email=ADMIN[0], password=ADMIN[1])
    (value,) = typed.values()
    assert " ".join(value.split()) in text_of(shown.text)
    sent = admin.submit(shown, action)
    if name == "poll":
        # One option is too few: the form comes back with its values.
        assert sent.status_code == 422
        assert 'value="Why?"' in sent.text
        return
    assert sent.status_code in (200, 303)
    with app.app_context():
        stored = db.session.scalars(select(column or Employee.department)).one()
        assert " ".join(stored.split()) == " ".join(value.split())


def test_htmx_gets_the_sign_in_as_a_page(app: Flask, admin: PageClient) -> None:
    page = admin.get(f"{PAGE}/chat")
    end_sessions(app)
    answer = admin.submit(page, "/chat/announcement", headers=HTMX, body="Hello")
    assert answer.status_code == 401
    assert answer.headers["HX-Retarget"] == "body"
    shown = admin.submit(answer, "/login", headers=HTMX, email=ADMIN[0], password=ADMIN[1])
    assert shown.headers["HX-Retarget"] == "body"
    assert "Hello" in text_of(shown.text)


def test_a_form_survives_a_sign_in_in_another_tab(app: Flask, admin: PageClient) -> None:
    page = admin.get(EDIT)
    admin.submit(admin.get("/admin/"), "/logout")
    admin.sign_in(*ADMIN)
    stale = admin.submit(page, "/edit", headers=ORIGIN, title="All hands")
    assert stale.status_code == 400
    assert "All hands" in text_of(stale.text)
    assert admin.submit(stale, "/edit").status_code == 303
    with app.app_context():
        assert db.session.scalars(select(Event.title)).one() == "All hands"


def test_a_form_survives_a_cookie_that_is_gone(app: Flask, admin: PageClient) -> None:
    page = admin.get(EDIT)
    admin.delete_cookie("townhall")
    kept = admin.submit(page, "/edit", headers=ORIGIN, title="All hands")
    assert kept.status_code == 401
    shown = admin.submit(kept, "/login", email=ADMIN[0], password=ADMIN[1])
    assert admin.submit(shown, "/edit").status_code == 303


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:81"])
@pytest.mark.parametrize("signed_in", [True, False])
def test_a_form_of_another_site_is_not_kept(
    app: Flask, admin: PageClient, origin: str, signed_in: bool
) -> None:
    if not signed_in:
        end_sessions(app)
    headers = {"Origin": origin, "Referer": "https://evil.example/page"}
    answer = admin.post(EDIT, data={"title": "Evil", "csrf_token": "forged"}, headers=headers)
    assert answer.status_code == 400
    assert "Evil" not in answer.text


def test_nothing_is_sent_without_a_press(app: Flask, admin: PageClient) -> None:
    end_sessions(app)
    answer = admin.post(EDIT, data={"title": "All hands", "csrf_token": "old"}, headers=ORIGIN)
    admin.submit(answer, "/login", email=ADMIN[0], password=ADMIN[1])
    with app.app_context():
        assert db.session.scalars(select(Event.title)).one() == "Town hall"


@pytest.mark.parametrize("kept", ["forged", "", "WyIvYWRtaW4vIixbXV0.c2ln", "\U0001f600" * 9])
def test_a_forged_form_is_ignored(admin: PageClient, kept: str) -> None:
    admin.submit(admin.get("/admin/"), "/logout")
    page = admin.get("/admin/login")
    answer = admin.submit(page, "/login", email=ADMIN[0], password=ADMIN[1], kept=kept)
    assert (answer.status_code, answer.location) == (303, "/admin/")


def test_what_cannot_be_kept_leads_back_to_its_page(app: Flask, admin: PageClient) -> None:
    page = admin.get("/admin/employees/import")
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    end_sessions(app)
    headers = ORIGIN | {"Referer": "http://localhost/admin/employees/import?x=1"}
    data = {"csrf_token": token, "file": (io.BytesIO(b"a,b"), "people.csv")}
    answer = admin.post("/admin/employees/import", data=data, headers=headers)
    assert answer.status_code == 303
    assert answer.location == "/admin/login?next=/admin/employees/import?x%3D1"
    assert "choose the file again" in text_of(admin.get(answer.location).text)
    long = admin.post(
        EDIT, data={"csrf_token": token, "description": "x" * 200_000}, headers=ORIGIN
    )
    assert long.status_code == 303
