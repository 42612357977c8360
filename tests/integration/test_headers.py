"""Headers of every answer: cookies, content security policy and caching."""

import os
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest
import requests
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from werkzeug.test import TestResponse

from stack.app import WebWorker
from tests.support.client import PageClient, text_of
from tests.support.clocks import set_clock
from tests.support.data import ADMIN, add_admin, add_employee, add_event
from webapp.infra.clock import utcnow
from webapp.infra.settings import Settings

# The pages are the same on every database: the embedded default is the quicker one.
pytestmark = pytest.mark.parametrize("settings", ["embedded"], indirect=True)

LIVE, ME = "/events/town-hall/live", "/events/town-hall/attendance/me"
TLS = "https://townhall.example"


@pytest.fixture(autouse=True)
def meeting(app: Flask) -> None:
    with app.app_context():
        add_event(stream_url="https://www.youtube.com/watch?v=dQw4w9WgXcQ")
        add_employee("1001", email="ada@example.com")
        add_admin()


def policy_of(client: PageClient, address: str) -> dict[str, str]:
    header = client.get(address).headers["Content-Security-Policy"]
    return dict(part.strip().split(" ", 1) for part in header.split(";"))


@pytest.mark.parametrize("site", ["http://townhall.example", TLS])
def test_scripts_and_other_sites_cannot_use_the_cookie(client: PageClient, site: str) -> None:
    [cookie] = client.get("/events/town-hall/", base_url=site).headers.getlist("Set-Cookie")
    name, *flags = cookie.split("; ")
    assert name.startswith("townhall=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(flags)
    assert ("Secure" in flags) == (site == TLS)


WEEK = 7 * 24 * 3600


def lifetime_of(answer: TestResponse) -> float:
    """Return how long the browser keeps the cookie, in seconds; 0 until it is closed."""
    cookies = answer.headers.getlist("Set-Cookie")
    [cookie] = [cookie for cookie in cookies if cookie.startswith("townhall=")]
    expires = parse_cookie_expires(cookie)
    return (expires - utcnow()).total_seconds() if expires else 0


def parse_cookie_expires(cookie: str) -> datetime | None:
    dates = [part.partition("=")[2] for part in cookie.split("; ") if part.startswith("Expires=")]
    return parsedate_to_datetime(dates[0]) if dates else None


def test_the_cookie_lasts_as_long_as_it_counts(client: PageClient) -> None:
    assert lifetime_of(client.get("/events/town-hall/")) == 0
    checked_in = client.check_in("town-hall", "ada@example.com", "1001")
    assert lifetime_of(checked_in) == pytest.approx(WEEK, abs=60)
    signed_in = client.sign_in(*ADMIN)
    assert lifetime_of(signed_in) == pytest.approx(WEEK, abs=60)


def test_a_cookie_older_than_a_week_names_nobody(
    app: Flask, client: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    long_ago = utcnow() - timedelta(seconds=WEEK + 60)
    with monkeypatch.context() as patch:
        set_clock(patch, long_ago)
        client.check_in("town-hall", "ada@example.com", "1001")
    cookie = client.get_cookie("townhall")
    assert cookie is not None
    late = app.test_client()
    late.set_cookie("townhall", cookie.value)
    assert late.get(ME).status_code == 401


def test_a_cookie_signed_with_another_key_names_nobody(app: Flask, client: PageClient) -> None:
    client.check_in("town-hall", "ada@example.com", "1001")
    with client.session_transaction() as session:
        content = dict(session)
    app.secret_key = "another company's key, long enough"
    foreign = SecureCookieSessionInterface().get_signing_serializer(app)
    assert foreign is not None
    app.secret_key = "a key for tests only, 32 characters"
    client.set_cookie("townhall", str(foreign.dumps(content)))
    assert client.get(ME).status_code == 401
    assert client.get(LIVE).status_code == 303


@pytest.mark.parametrize(
    "viewer", [[1, 99], [99, 0], ["1", 0], [1], "1", {"id": 1}, None, [None, 0]]
)
def test_a_cookie_with_malformed_content_names_nobody(client: PageClient, viewer: object) -> None:
    client.check_in("town-hall", "ada@example.com", "1001")
    with client.session_transaction() as session:
        session["viewer"] = viewer
    assert client.get(ME).status_code == 401
    assert client.get(LIVE).status_code == 303


def test_scripts_styles_and_frames_come_from_the_site(client: PageClient) -> None:
    for address in ("/events/town-hall/", "/admin/login", "/nothing"):
        policy = policy_of(client, address)
        assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == "'self'"
        assert "frame-src" not in policy
        assert "unsafe" not in " ".join(policy.values())


def test_only_the_live_page_may_frame_the_stream(client: PageClient) -> None:
    client.check_in("town-hall", "ada@example.com", "1001")
    assert policy_of(client, LIVE)["frame-src"] == "https://www.youtube-nocookie.com"
    assert "frame-src" not in policy_of(client, "/events/town-hall/messages")


def test_personal_pages_are_not_cached(client: PageClient) -> None:
    client.check_in("town-hall", "ada@example.com", "1001")
    client.sign_in(*ADMIN)
    for address in ("/admin/", "/admin/employees", "/admin/events/town-hall/attendance"):
        assert client.get(address).headers["Cache-Control"] == "no-store", address
    for address in (LIVE, ME, "/events/town-hall/messages"):
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert answer.headers["Cache-Control"] == "no-store", address


def test_sensors_and_content_sniffing_are_off(client: PageClient) -> None:
    headers = client.get("/events/town-hall/").headers
    assert "camera=()" in headers["Permissions-Policy"]
    assert "microphone=()" in headers["Permissions-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"


def test_a_redirect_to_the_slash_names_no_host(client: PageClient) -> None:
    front = {"Host": "internal:8000"}
    answer = client.get("/events/town-hall?sso=denied", headers=front)
    assert (answer.status_code, answer.location) == (308, "/events/town-hall/?sso=denied")


def test_an_error_page_has_the_same_headers(client: PageClient) -> None:
    answer = client.get("/events/nothing/")
    assert answer.status_code == 404
    assert "There is no such event." in text_of(answer.text)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Content-Security-Policy" in answer.headers


def test_a_tls_terminator_may_send_every_forwarded_header(settings: Settings, app: Flask) -> None:
    environ = {"INSTANCE_PATH": str(settings.instance_path), "TRUSTED_PROXIES": "1"}
    worker = WebWorker("web", os.environ | environ | {"SECRET_KEY": settings.secret_key})
    front = {"X-Forwarded-Ssl": "on", "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.9"}
    worker.start()
    try:
        for proto in ("https", "https, http", "http"):
            headers = front | {"X-Forwarded-Proto": proto}
            answer = requests.get(f"{worker.url}/events/town-hall/", headers=headers, timeout=10)
            assert answer.status_code == 200
            assert ("Secure" in answer.headers["Set-Cookie"]) == (proto == "https")
    finally:
        worker.stop()


@pytest.mark.parametrize("host", ["x" * 64, "a..b", "."])
@pytest.mark.parametrize("address", ["/", "/events/none/", "/healthz"])
def test_a_host_that_is_not_a_name_is_a_bad_request(
    client: PageClient, host: str, address: str
) -> None:
    answer = client.get(address, headers={"Host": host})
    assert (answer.status_code, answer.mimetype) == (400, "text/plain")
    assert "Content-Security-Policy" in answer.headers


@pytest.mark.parametrize("referrer", ["http://[x", "http://[::1", "//", "http://localhost:x/"])
def test_a_malformed_referrer_leads_nowhere(client: PageClient, referrer: str) -> None:
    answer = client.get("/language/de", headers={"Referer": referrer})
    assert (answer.status_code, answer.location) == (303, "/")
    assert client.post("/admin/logout", headers={"Referer": referrer}).status_code < 500
    address = "/admin/events/town-hall/chat/settings"
    assert client.post(address, headers={"Referer": referrer}).status_code in (303, 400, 401)
