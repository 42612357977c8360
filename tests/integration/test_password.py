"""Admins change their own password."""

import json

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.support.client import PageClient, text_of
from tests.support.data import ADMIN, add_admin
from webapp.domain.models import Admin, AuditEntry
from webapp.infra.extensions import db
from webapp.infra.rate_limit import PER_TARGET

# The pages are the same on every database: the embedded default is the quicker one.
pytestmark = pytest.mark.parametrize("settings", ["embedded"], indirect=True)

PASSWORD = "/admin/password"
NEW = "a much better one"
ORIGIN = {"Origin": "http://localhost"}


@pytest.fixture
def admin(app: Flask, client: PageClient) -> PageClient:
    with app.app_context():
        add_admin(role="reporter")
    client.sign_in(*ADMIN)
    return client


def change(
    client: PageClient, current: str = ADMIN[1], password: str = NEW, repeated: str = ""
) -> TestResponse:
    fields = {"current": current, "password": password, "repeated": repeated or password}
    return client.submit(client.get(PASSWORD), PASSWORD, **fields)


def browser(app: Flask) -> PageClient:
    client = app.test_client()
    assert isinstance(client, PageClient)
    return client


def is_admin(client: PageClient) -> bool:
    return client.get("/admin/").status_code == 200


def test_a_new_password_ends_the_other_sessions(app: Flask, admin: PageClient) -> None:
    elsewhere = browser(app)
    elsewhere.sign_in(*ADMIN)
    assert "Change your password" in text_of(admin.get("/admin/").text)
    assert change(admin).status_code == 303
    assert "Your password is changed" in text_of(admin.get("/admin/").text)
    assert not is_admin(elsewhere)
    assert elsewhere.sign_in(*ADMIN).status_code == 422
    assert elsewhere.sign_in(ADMIN[0], NEW).status_code == 303
    assert is_admin(admin)


def test_the_change_is_on_record_without_the_password(app: Flask, admin: PageClient) -> None:
    change(admin)
    with app.app_context():
        query = select(AuditEntry).where(AuditEntry.action == "admin_password_changed")
        entry = db.session.scalars(query).one()
        assert (entry.subject, json.loads(entry.details)) == ("", {})
        assert entry.admin_id == db.session.scalars(select(Admin.id)).one()


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"current": "wrong"}, "This is not your current password."),
        ({"current": ""}, "Enter your current password."),
        ({"password": "short"}, "The password must have at least 12 characters."),
        ({"repeated": "another long one"}, "The two passwords differ."),
    ],
)
def test_a_refused_change_changes_nothing(
    app: Flask, admin: PageClient, fields: dict[str, str], text: str
) -> None:
    refused = change(admin, **fields)
    assert refused.status_code == 422
    assert text in text_of(refused.text)
    assert NEW not in refused.text
    assert is_admin(admin)
    assert browser(app).sign_in(*ADMIN).status_code == 303


def test_guesses_of_the_password_count_as_those_of_the_sign_in(
    app: Flask, admin: PageClient
) -> None:
    # A browser that has passed with this password may go on; a stolen cookie alone may not.
    thief = browser(app)
    cookie = admin.get_cookie("townhall")
    assert cookie
    thief.set_cookie("townhall", cookie.value)
    for _ in range(PER_TARGET.attempts):
        assert change(thief, current="a guess").status_code == 422
    slowed = change(thief, current=ADMIN[1])
    assert slowed.status_code == 429
    assert "data-challenge" in slowed.text
    assert browser(app).sign_in(ADMIN[0], "wrong").status_code == 429
    assert change(admin).status_code == 303


def test_passwords_are_not_kept_over_an_ended_session(app: Flask, admin: PageClient) -> None:
    page = admin.get(PASSWORD)
    admin.submit(admin.get("/admin/sign-out-everywhere"), "sign-out-everywhere")
    fields = {"current": ADMIN[1], "password": NEW, "repeated": NEW}
    headers = ORIGIN | {"Referer": f"http://localhost{PASSWORD}"}
    answer = admin.submit(page, PASSWORD, headers=headers, **fields)
    assert NEW not in answer.text
    assert (answer.status_code, answer.location) == (303, f"/admin/login?next={PASSWORD}")
