"""Admins sign in and out, in one browser and in all of them."""

import pytest
from flask import Flask

from tests.support.client import PageClient, find_form, text_of
from tests.support.data import ADMIN, add_admin, add_employee, add_event

# The pages are the same on every database: the embedded default is the quicker one.
pytestmark = pytest.mark.parametrize("settings", ["embedded"], indirect=True)

EVENTS = "/admin/"
ME = "/events/town-hall/attendance/me"


@pytest.fixture
def quick_passwords() -> None:
    """Hash at the real cost: a person waits for it."""


@pytest.fixture(autouse=True)
def admin(app: Flask) -> None:
    with app.app_context():
        add_admin()


@pytest.fixture
def meeting(app: Flask) -> None:
    with app.app_context():
        add_event()
        add_employee("1001", email="ada@example.com")


def browser(app: Flask) -> PageClient:
    client = app.test_client()
    assert isinstance(client, PageClient)
    return client


def cookie_of(client: PageClient) -> str:
    cookie = client.get_cookie("townhall")
    assert cookie is not None
    return cookie.value


def is_admin(client: PageClient) -> bool:
    return client.get(EVENTS).status_code == 200


def test_signing_in_leads_to_the_requested_page(client: PageClient) -> None:
    asked = client.get("/admin/employees?q=ada")
    assert asked.status_code == 303
    answer = client.submit(client.get(asked.location), "login", email=ADMIN[0], password=ADMIN[1])
    assert (answer.status_code, answer.location) == (303, "/admin/employees?q=ada")


@pytest.mark.parametrize(
    "wanted",
    ["https://evil.example/", "//evil.example/", "/\\evil.example/", "/admin/" + "x" * 1500],
)
def test_signing_in_never_leads_to_another_site(client: PageClient, wanted: str) -> None:
    page = client.get("/admin/login", query_string={"next": wanted})
    answer = client.submit(page, "login", email=ADMIN[0], password=ADMIN[1])
    assert (answer.status_code, answer.location) == (303, EVENTS)


@pytest.mark.parametrize("email", [ADMIN[0], "nobody@example.com"])
def test_a_wrong_password_and_an_unknown_admin_get_the_same_answer(
    client: PageClient, email: str
) -> None:
    answer = client.sign_in(email, "wrong")
    assert answer.status_code == 422
    assert "E-mail or password is wrong." in text_of(answer.text)
    assert not is_admin(client)


def test_signing_in_starts_a_new_session(app: Flask, client: PageClient) -> None:
    client.get("/admin/login")
    known = cookie_of(client)
    with client.session_transaction() as before:
        token = before["csrf_token"]
    client.sign_in(*ADMIN)
    with client.session_transaction() as after:
        identifier = after["id"]
        assert after.get("csrf_token") != token
    other = browser(app)
    other.set_cookie("townhall", known)
    assert not is_admin(other)
    assert is_admin(client)
    other.sign_in(*ADMIN)
    with other.session_transaction() as theirs:
        assert theirs["id"] != identifier


@pytest.mark.usefixtures("meeting")
def test_checking_in_starts_a_new_session(app: Flask, client: PageClient) -> None:
    identifiers = set()
    for each in (client, browser(app)):
        each.get("/events/town-hall/")
        known = cookie_of(each)
        each.check_in("town-hall", "ada@example.com", "1001")
        with each.session_transaction() as session:
            identifiers.add(session["id"])
        other = browser(app)
        other.set_cookie("townhall", known)
        assert other.get(ME).status_code == 401
    assert len(identifiers) == 2


@pytest.mark.usefixtures("meeting")
def test_a_viewer_signs_in_as_an_admin_and_stays_a_viewer(client: PageClient) -> None:
    client.check_in("town-hall", "ada@example.com", "1001")
    client.sign_in(*ADMIN)
    assert is_admin(client)
    assert client.get(ME).status_code == 200
    client.submit(client.get(EVENTS), "logout")
    assert not is_admin(client)
    assert client.get(ME).status_code == 200


@pytest.mark.usefixtures("meeting")
def test_an_admin_checks_in_and_stays_an_admin(client: PageClient) -> None:
    client.sign_in(*ADMIN)
    client.check_in("town-hall", "ada@example.com", "1001")
    assert is_admin(client)
    client.submit(client.get("/events/town-hall/live"), "check-out")
    assert is_admin(client)
    assert client.get(ME).status_code == 401


@pytest.mark.usefixtures("meeting")
def test_checking_in_renews_the_token(client: PageClient) -> None:
    client.get("/events/town-hall/")
    with client.session_transaction() as before:
        token = before["csrf_token"]
    client.check_in("town-hall", "ada@example.com", "1001")
    with client.session_transaction() as after:
        assert after.get("csrf_token") != token


def test_the_address_of_signing_out_everywhere_asks_first(client: PageClient) -> None:
    address = "/admin/sign-out-everywhere"
    assert client.get(address).location == "/admin/login"
    client.sign_in(*ADMIN)
    assert "Sign out everywhere?" in text_of(client.get(address).text)
    assert is_admin(client)


def test_the_address_of_signing_out_leads_to_the_form(client: PageClient) -> None:
    client.sign_in(*ADMIN)
    answer = client.get("/admin/logout")
    assert (answer.status_code, answer.location) == (303, "/admin/login")
    assert is_admin(client)


def test_signing_out_ends_the_session_of_this_browser(app: Flask, client: PageClient) -> None:
    other = browser(app)
    for each in (client, other):
        each.sign_in(*ADMIN)
    answer = client.submit(client.get(EVENTS), "logout")
    assert (answer.status_code, answer.location) == (303, "/admin/login")
    assert not is_admin(client)
    assert is_admin(other)


def test_signing_out_everywhere_ends_every_session(app: Flask, client: PageClient) -> None:
    other = browser(app)
    for each in (client, other):
        each.sign_in(*ADMIN)
    stolen = cookie_of(client)
    answer = client.submit(client.get("/admin/sign-out-everywhere"), "sign-out-everywhere")
    assert (answer.status_code, answer.location) == (303, "/admin/login")
    thief = browser(app)
    thief.set_cookie("townhall", stolen)
    assert [is_admin(each) for each in (client, other, thief)] == [False] * 3
    client.sign_in(*ADMIN)
    assert is_admin(client)


def test_signing_out_everywhere_needs_the_token_of_the_page(client: PageClient) -> None:
    client.sign_in(*ADMIN)
    assert client.post("/admin/sign-out-everywhere").status_code == 400
    assert is_admin(client)


def test_signing_out_without_a_session_changes_nothing(app: Flask, client: PageClient) -> None:
    client.sign_in(*ADMIN)
    other = browser(app)
    form = find_form(other.get("/admin/login").text, "login")
    token = next(field.get("value") for field in form.iter() if field.get("name") == "csrf_token")
    answer = other.post("/admin/sign-out-everywhere", data={"csrf_token": token})
    assert answer.status_code == 303
    assert is_admin(client)
