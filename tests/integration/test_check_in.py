"""Check-in: it counts once and tells nothing about the employee list."""

import re
import threading
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import select, update

from tests.support.client import PageClient, text_of
from tests.support.data import add_employee, add_event, count_check_ins
from tests.support.statements import counted_statements
from webapp.domain.attendance import checkin, minutes
from webapp.domain.events.store import get_event, refresh_event
from webapp.domain.models import Event, RosterEntry
from webapp.domain.running.states import change_state
from webapp.http.error_handlers import EXPIRED
from webapp.infra.clock import utcnow
from webapp.infra.extensions import db
from webapp.infra.rate_limit import Client

LIVE = "/events/town-hall/live"
ME = "/events/town-hall/attendance/me"
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def meeting(app: Flask) -> None:
    with app.app_context():
        add_event()
        add_employee("1001", email="ada@example.com", first_name="Ada", last_name="Lovelace")


def count_attendance(app: Flask) -> int:
    with app.app_context():
        return count_check_ins()


def test_the_home_page_leads_to_the_open_event(client: PageClient) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer.location) == (303, "/events/town-hall/")


def test_an_employee_checks_in_and_is_remembered(client: PageClient) -> None:
    answer = client.check_in("town-hall", "ada@example.com", "1001")
    assert (answer.status_code, answer.location) == (303, LIVE)
    assert "Ada Lovelace" in client.get(LIVE).text
    again = client.get("/events/town-hall/")
    assert (again.status_code, again.location) == (303, LIVE)


@pytest.mark.parametrize("number", [" 1001 ", "001001", "10-01", "10 01"])
def test_spaces_dashes_and_leading_zeros_are_ignored(client: PageClient, number: str) -> None:
    assert client.check_in("town-hall", " Ada@Example.COM ", number).status_code == 303


def test_htmx_navigates_to_the_live_page(client: PageClient) -> None:
    page = client.get("/events/town-hall/")
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    fields = {"csrf_token": token, "email": "ada@example.com", "employee_number": "1001"}
    answer = client.post("/events/town-hall/check-in", data=fields, headers=HTMX)
    assert answer.headers["HX-Redirect"] == LIVE
    assert client.get(LIVE).status_code == 200


@pytest.mark.parametrize(
    ("email", "number"),
    [("ada@example.com", "9999"), ("nobody@example.com", "1001"), ("gone@example.com", "1002")],
    ids=["wrong number", "unknown e-mail", "inactive employee"],
)
def test_every_mismatch_gets_the_same_neutral_answer(
    app: Flask, client: PageClient, email: str, number: str
) -> None:
    with app.app_context():
        add_employee("1002", email="gone@example.com", active=False)
    answer = client.check_in("town-hall", email, number)
    assert answer.status_code == 422
    assert str(checkin.NobodyMatches.text) in text_of(answer.text)
    assert f'value="{email}"' in answer.text
    assert f'value="{number}"' in answer.text
    assert count_attendance(app) == 0


def test_htmx_gets_only_the_card(client: PageClient) -> None:
    page = client.get("/events/town-hall/")
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    fields = {"csrf_token": token, "email": "x@example.com", "employee_number": "1"}
    answer = client.post("/events/town-hall/check-in", data=fields, headers=HTMX)
    assert answer.status_code == 422
    assert answer.text.lstrip().startswith('<section class="narrow card" id="card"')
    assert "HX-Request" in answer.headers["Vary"]


NO_EMAIL, NO_NUMBER = "Enter your work e-mail.", "Enter your employee number."


@pytest.mark.parametrize(
    ("email", "number", "messages"),
    [
        ("", "", [NO_EMAIL, NO_NUMBER]),
        ("ada@example.com", "", [NO_NUMBER]),
        ("", "1001", [NO_EMAIL]),
        ("\x00\x07", " ", [NO_EMAIL, NO_NUMBER]),
        ("a" * 243 + "@example.com", "1", ["An e-mail address has at most 254 characters."]),
        ("ada@example.com", "1" * 65, ["An employee number has at most 64 characters."]),
    ],
    ids=[
        "both empty",
        "no number",
        "no e-mail",
        "control characters",
        "long e-mail",
        "long number",
    ],
)
def test_invalid_fields_are_named(
    app: Flask, client: PageClient, email: str, number: str, messages: list[str]
) -> None:
    answer = client.check_in("town-hall", email, number)
    assert answer.status_code == 422
    assert "Check what is marked below." in text_of(answer.text)
    found = re.findall(r'class="field-error" id="\w+-error">([^<]+)<', answer.text)
    assert found == messages
    assert count_attendance(app) == 0


def test_bytes_outside_utf8_are_refused(client: PageClient) -> None:
    page = client.get("/events/town-hall/")
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    body = f"csrf_token={token}&employee_number=1001&email=%ff%fe%80".encode()
    answer = client.post(
        "/events/town-hall/check-in", data=body, content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 422
    assert str(checkin.NobodyMatches.text) in text_of(answer.text)


def test_a_form_without_its_token_is_shown_again_with_the_values(
    app: Flask, client: PageClient
) -> None:
    fields = {"email": "ada@example.com", "employee_number": "1001"}
    answer = client.post("/events/town-hall/check-in", data=fields)
    assert answer.status_code == 400
    assert str(EXPIRED) in text_of(answer.text)
    assert 'value="ada@example.com"' in answer.text
    assert count_attendance(app) == 0
    assert client.submit(answer, "check-in").status_code == 303


def browser_without_cookies(app: Flask) -> PageClient:
    client = app.test_client(use_cookies=False)
    assert isinstance(client, PageClient)
    return client


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_browser_without_cookies_is_told_so(app: Flask, headers: dict[str, str]) -> None:
    answer = browser_without_cookies(app).submit(
        browser_without_cookies(app).get("/events/town-hall/"),
        "check-in",
        headers=headers,
        email="ada@example.com",
        employee_number="1001",
    )
    assert answer.status_code == 400
    assert "This site needs cookies: allow them in your browser" in answer.text
    assert 'value="ada@example.com"' in answer.text
    assert count_attendance(app) == 0


def test_secure_cookies_over_http_ask_for_https(app: Flask) -> None:
    app.config["SESSION_COOKIE_SECURE"] = True
    client = browser_without_cookies(app)
    page = client.get("/events/town-hall/")
    answer = client.submit(page, "check-in", email="ada@example.com", employee_number="1001")
    assert "open https://localhost/." in text_of(answer.text)


def test_other_forms_tell_a_browser_without_cookies_too(app: Flask) -> None:
    client = browser_without_cookies(app)
    answer = client.submit(client.get("/admin/login"), "login", email="a@example.com", password="x")
    assert answer.status_code == 400
    assert "This site needs cookies" in text_of(answer.text)


@pytest.mark.parametrize("address", ["check-in", "check-in/again"])
def test_the_address_of_a_refused_form_leads_to_the_form(client: PageClient, address: str) -> None:
    answer = client.get(f"/events/town-hall/{address}")
    assert (answer.status_code, answer.location) == (303, "/events/town-hall/")
    assert client.get(f"/events/no-such-event/{address}").status_code == 404


@pytest.mark.parametrize(
    ("contact", "shown"),
    [
        ("help@example.com", '<a href="mailto:help@example.com">help@example.com</a>'),
        ("https://help.example.com/", '<a href="https://help.example.com/">'),
        ("Call 4711 <b>now</b> @ reception", "Call 4711 &lt;b&gt;now&lt;/b&gt; @ reception"),
    ],
)
def test_the_form_shows_whom_to_ask(
    app: Flask, client: PageClient, contact: str, shown: str
) -> None:
    app.config["HELP_CONTACT"] = contact
    assert shown in client.get("/events/town-hall/").text
    assert shown in client.check_in("town-hall", "nobody@example.com", "9").text


def test_the_form_says_what_is_recorded_and_links_the_privacy_note(
    app: Flask, client: PageClient
) -> None:
    app.config["PRIVACY_NOTE_URL"] = "https://intranet.example.com/privacy"
    page = client.get("/events/town-hall/")
    assert "the minutes you watch are recorded" in text_of(page.text)
    assert '<a href="https://intranet.example.com/privacy">Privacy note</a>' in page.text


@pytest.mark.parametrize("state", ["scheduled", "closed"])
def test_an_event_that_is_not_open_refuses_check_ins(
    app: Flask, client: PageClient, state: str
) -> None:
    page = client.get("/events/town-hall/")
    with app.app_context():
        db.session.execute(update(Event).values(state=state))
        db.session.commit()
        refresh_event("town-hall")
    answer = client.submit(page, "check-in", email="ada@example.com", employee_number="1001")
    assert answer.status_code == 409
    assert "This event is not open." in text_of(answer.text)
    assert count_attendance(app) == 0


def test_a_second_check_in_keeps_the_first_time(app: Flask, client: PageClient) -> None:
    client.check_in("town-hall", "ada@example.com", "1001")
    first = client.get(ME).get_json()
    other = app.test_client()
    assert isinstance(other, PageClient)
    other.check_in("town-hall", "ada@example.com", "1001")
    assert other.get(ME).get_json() == first
    assert count_attendance(app) == 1


def test_concurrent_check_ins_count_once(app: Flask) -> None:
    start, times = threading.Barrier(8), []

    def race() -> None:
        with app.app_context():
            event = get_event("town-hall")
            start.wait()
            viewer = checkin.check_in(event, "ada@example.com", "1001", Client("192.0.2.1"))
            times.append(viewer.checked_in_at)

    threads = [threading.Thread(target=race) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(times) == 8
    assert len(set(times)) == 1
    assert count_attendance(app) == 1


def test_own_attendance_requires_a_viewer(client: PageClient) -> None:
    refused = client.get(ME)
    assert refused.status_code == 401
    assert refused.get_json()["error"]["code"] == "not_checked_in"
    client.check_in("town-hall", "ada@example.com", "1001")
    mine = client.get(ME).get_json()
    assert mine["employee_number"] == "1001"
    assert mine["name"] == "Ada Lovelace"
    assert mine["watched_minutes"] == 0
    assert mine["checked_in_at"].endswith("Z")


@pytest.mark.parametrize("address", [LIVE, ME])
def test_a_viewer_costs_no_statement_with_a_warm_cache(
    app: Flask, client: PageClient, address: str
) -> None:
    client.check_in("town-hall", "ada@example.com", "1001")
    client.get(address)
    with counted_statements(app) as statements:
        assert client.get(address).status_code == 200
    assert statements == []


def test_checking_out_ends_every_session(app: Flask, client: PageClient) -> None:
    client.check_in("town-hall", "ada@example.com", "1001")
    other = app.test_client()
    assert isinstance(other, PageClient)
    other.check_in("town-hall", "ada@example.com", "1001")
    answer = client.submit(client.get(LIVE), "check-out")
    assert (answer.status_code, answer.location) == (303, "/")
    for browser in (client, other):
        turned_away = browser.get(LIVE)
        assert urlsplit(turned_away.location).path == "/events/town-hall/"


@pytest.mark.parametrize("cookie", ["forged", "eyJ2aWV3ZXIiOlsxLDBdfQ.ZZZZZZ.AAAAAAAAAAAAAAAAAAA"])
def test_a_forged_cookie_names_nobody(client: PageClient, cookie: str) -> None:
    client.set_cookie("townhall", cookie)
    assert client.get(LIVE).status_code == 303
    assert client.get(ME).status_code == 401


def test_a_cookie_from_another_event_does_not_open_this_one(app: Flask, client: PageClient) -> None:
    with app.app_context():
        add_event("second")
    client.check_in("town-hall", "ada@example.com", "1001")
    assert client.get("/events/second/live").location == "/events/second/"


def test_a_page_before_the_event_polls(app: Flask, client: PageClient) -> None:
    begin = utcnow() + timedelta(minutes=10)
    with app.app_context():
        add_event("soon", state="scheduled", starts_at=begin, ends_at=begin + timedelta(hours=1))
    page = client.get("/events/soon/")
    assert "Check-in opens here when the event does" in text_of(page.text)
    assert 'data-hx-trigger="every 15s"' in page.text
    assert f'data-until="{begin.isoformat()}"' in page.text
    assert not page.headers.getlist("Set-Cookie"), "a polled page must not write the cookie"


def test_a_page_long_before_the_event_polls_less_often(app: Flask, client: PageClient) -> None:
    begin = utcnow() + timedelta(days=1)
    with app.app_context():
        add_event("later", state="scheduled", starts_at=begin, ends_at=begin + timedelta(hours=1))
    assert 'data-hx-trigger="every 60s"' in client.get("/events/later/").text


def test_an_attendee_sees_the_watched_minutes_after_the_event(
    app: Flask, client: PageClient
) -> None:
    client.check_in("town-hall", "ada@example.com", "1001")
    with app.app_context():
        event = get_event("town-hall")
        ada = db.session.scalars(select(RosterEntry.employee_id)).one()
        for minute in (1, 2, 2):
            minutes.record_minute(event.id, [ada], 29_000_000 + minute)
        change_state(event, "closed")
    assert "you checked in at" in text_of(client.get("/events/town-hall/").text)
    assert "watched 2 minutes" in text_of(client.get("/events/town-hall/").text)
    stranger = app.test_client().get("/events/town-hall/")
    assert "This event is over" in text_of(stranger.text)
    assert "watched" not in text_of(stranger.text)


def test_a_known_employee_is_greeted_at_the_next_event(app: Flask, client: PageClient) -> None:
    with app.app_context():
        add_event("second")
    client.check_in("town-hall", "ada@example.com", "1001")
    page = client.get("/events/second/")
    assert "Hello Ada Lovelace" in text_of(page.text)
    answer = client.submit(page, "check-in/again")
    assert answer.location == "/events/second/live"
    assert client.get("/events/second/live").status_code == 200
    assert count_attendance(app) == 2


def test_every_page_that_names_the_viewer_offers_not_you(app: Flask, client: PageClient) -> None:
    client.check_in("town-hall", "ada@example.com", "1001")
    assert "Not you?" in text_of(client.get(LIVE).text)
    with app.app_context():
        change_state(get_event("town-hall"), "closed")
    client.submit(client.get("/events/town-hall/"), "check-out")
    assert "you checked in at" not in text_of(client.get("/events/town-hall/").text)


def test_not_you_checks_out(app: Flask, client: PageClient) -> None:
    with app.app_context():
        add_event("second")
    client.check_in("town-hall", "ada@example.com", "1001")
    client.submit(client.get("/events/second/"), "check-out")
    assert "Hello" not in text_of(client.get("/events/second/").text)
