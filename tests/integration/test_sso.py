"""Single sign-on, against a real provider in a process of its own."""

import logging
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from tests.support.client import PageClient, text_of
from tests.support.data import ADMIN, add_admin, add_employee, add_event, count_check_ins
from tests.support.oidc_provider import FAULTS, TENANT, Provider, running_provider
from webapp.app import create_app
from webapp.domain.admins.managing import remove_admin
from webapp.domain.audit import trail
from webapp.domain.events.store import get_event
from webapp.domain.models import Admin
from webapp.domain.running.states import change_state
from webapp.http import sso
from webapp.infra.extensions import db
from webapp.infra.rate_limit import PER_TARGET
from webapp.infra.settings import Settings, load_settings

# The pages are the same on every database: the embedded default is the quicker one.
pytestmark = pytest.mark.parametrize("settings", ["embedded"], indirect=True)

SIGN_IN = "/admin/login/sso"
CHECK_IN = "/events/town-hall/sso"
LIVE = "/events/town-hall/live"


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with running_provider() as provider:
        yield provider


def connected(settings: Settings, provider: Provider, **changes: Any) -> Settings:
    theirs = load_settings({"SECRET_KEY": settings.secret_key, **provider.settings})
    values = {name: value for name, value in vars(theirs).items() if name.startswith("oidc_")}
    return replace(settings, **(values | changes))


@pytest.fixture
def settings(settings: Settings, provider: Provider) -> Settings:
    return connected(settings, provider)


@pytest.fixture(autouse=True)
def people(app: Flask) -> None:
    with app.app_context():
        add_event()
        add_admin()
        add_employee("1001", email="ada@example.com", first_name="Ada", last_name="Lovelace")
        add_employee("1002", email="gone@example.com", active=False)
        add_employee("1003", email="kate@example.com")


def dispose(app: Flask) -> None:
    """Close the database connections of an application that a test made itself."""
    with app.app_context():
        db.engine.dispose()


def browser(app: Flask) -> PageClient:
    app.test_client_class = PageClient
    client = app.test_client()
    assert isinstance(client, PageClient)
    return client


def at_provider(leaving: TestResponse, **person: str) -> str:
    """Sign in at the provider as `person` and return the address of the callback."""
    assert leaving.status_code == 303, leaving.text
    answer = requests.get(leaving.location, params=person, allow_redirects=False, timeout=10)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def go_through(client: PageClient, start: str, **person: str) -> TestResponse:
    """Begin single sign-on at `start` and return the page that it ends with."""
    arrival = client.get(at_provider(client.get(start), **person))
    assert arrival.status_code == 303
    return client.get(arrival.location)


def sentences(page: TestResponse) -> str:
    return text_of(page.text)


def is_admin(client: PageClient) -> bool:
    return client.get("/admin/").status_code == 200


def count_attendance(app: Flask) -> int:
    with app.app_context():
        return count_check_ins()


def test_an_admin_reaches_the_requested_page(client: PageClient) -> None:
    asked = client.get("/admin/employees?q=ada")
    link = link_of(client.get(asked.location))
    callback = at_provider(client.get(link), login_as="Admin@Example.com")
    arrival = client.get(callback)
    assert (arrival.status_code, arrival.location) == (303, "/admin/employees?q=ada")
    assert is_admin(client)


def test_the_flow_is_bound_by_state_nonce_and_pkce(client: PageClient) -> None:
    leaving = urlsplit(client.get(SIGN_IN).location)
    asked = {name: values[0] for name, values in parse_qs(leaving.query).items()}
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == "http://localhost/sso/callback"
    assert set(asked["scope"].split()) == {"openid", "email", "profile"}
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) > 16


def test_the_password_still_works(client: PageClient) -> None:
    assert "Sign in with Example ID" in sentences(client.get("/admin/login"))
    assert client.sign_in(*ADMIN).status_code == 303


def test_a_browser_that_signed_on_before_may_use_the_form_under_attack(
    app: Flask, client: PageClient
) -> None:
    go_through(client, CHECK_IN, login_as="Ada@example.com")
    client.submit(client.get(LIVE), "check-out")
    attacker = browser(app)
    for _ in range(PER_TARGET.attempts):
        attacker.check_in("town-hall", "ada@example.com", "9")
    assert attacker.check_in("town-hall", "ada@example.com", "1001").status_code == 429
    assert client.check_in("town-hall", "ada@example.com", "1001").status_code == 303


def test_a_copied_cookie_is_not_signed_in(app: Flask, client: PageClient) -> None:
    callback = at_provider(client.get(SIGN_IN), login_as=ADMIN[0])
    known = client.get_cookie("townhall")
    assert known is not None
    client.get(callback)
    thief = browser(app)
    thief.set_cookie("townhall", known.value)
    assert not is_admin(thief)
    # Cookie and callback address are both stolen, but the provider accepts a code once.
    refused = thief.get(callback)
    assert "expired or was used before" in sentences(thief.get(refused.location))
    assert not is_admin(thief)


@pytest.mark.parametrize("email", ["ada@example.com", "nobody@example.com"])
def test_an_account_without_admin_rights_is_refused(
    app: Flask, client: PageClient, email: str
) -> None:
    page = go_through(client, SIGN_IN, login_as=email)
    assert page.status_code == 422
    assert "This account may not sign in here." in sentences(page)
    assert not is_admin(client)
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Admin)) == 1


def test_an_unverified_email_is_refused(client: PageClient) -> None:
    page = go_through(client, f"{SIGN_IN}?next=/admin/employees", login_as=ADMIN[0], verified="no")
    assert page.status_code == 422
    assert "no verified e-mail" in sentences(page)
    assert not is_admin(client)
    answer = client.submit(page, "login", email=ADMIN[0], password=ADMIN[1])
    assert answer.location == "/admin/employees"


def test_an_employee_checks_in_once(app: Flask, client: PageClient) -> None:
    assert "Check in with Example ID" in sentences(client.get("/events/town-hall/"))
    assert "Ada Lovelace" in go_through(client, CHECK_IN, login_as="Ada@example.com").text
    with client.session_transaction() as session:
        assert "sso" not in session
    mine = client.get("/events/town-hall/attendance/me").get_json()
    other = browser(app)
    assert other.check_in("town-hall", "ada@example.com", "1001").location == LIVE
    assert other.get("/events/town-hall/attendance/me").get_json() == mine
    assert count_attendance(app) == 1


@pytest.mark.parametrize(
    "person",
    [
        {"login_as": "nobody@example.com"},
        {"login_as": "gone@example.com"},
        {"login_as": "ada@example.com", "verified": "no"},
        {"login_as": ADMIN[0]},
        {"login_as": "\N{KELVIN SIGN}ate@example.com"},
    ],
    ids=["unknown", "inactive", "unverified", "an admin", "a look-alike letter"],
)
def test_every_mismatch_gets_the_same_neutral_answer(
    app: Flask, client: PageClient, person: dict[str, str]
) -> None:
    page = go_through(client, CHECK_IN, **person)
    assert page.status_code == 422
    assert str(sso.Nobody.text) in sentences(page)
    typed = client.check_in("town-hall", "nobody@example.com", "9")
    assert (typed.status_code, str(sso.Nobody.text) in sentences(typed)) == (422, True)
    assert count_attendance(app) == 0


def test_the_email_may_come_from_userinfo(client: PageClient) -> None:
    assert go_through(client, SIGN_IN, login_as=ADMIN[0], email_in="userinfo").status_code == 200
    assert is_admin(client)


def test_the_verification_may_come_from_userinfo(client: PageClient) -> None:
    go_through(client, SIGN_IN, login_as=ADMIN[0], verified_in="userinfo")
    assert is_admin(client)


def test_userinfo_that_denies_the_verification_is_believed(client: PageClient) -> None:
    go_through(client, SIGN_IN, login_as=ADMIN[0], verified_in="userinfo", verified="no")
    assert not is_admin(client)


ENTRA, GOOGLE = f"{TENANT}/v2.0", "google"
KEYCLOAK, AUTHENTIK = "realms/company", "application/o/townhall"


@pytest.mark.parametrize(
    ("path", "trusted", "person", "accepted"),
    [
        (ENTRA, False, {}, False),
        (ENTRA, True, {}, True),
        (ENTRA, True, {"mailbox": "no"}, True),
        (ENTRA, False, {"mailbox": "no"}, False),
        (GOOGLE, False, {}, True),
        (GOOGLE, False, {"verified": "no"}, False),
        (KEYCLOAK, False, {}, True),
        (KEYCLOAK, False, {"verified": "no"}, False),
        (KEYCLOAK, True, {"verified": "no"}, True),
        (AUTHENTIK, False, {}, False),
        (AUTHENTIK, True, {}, True),
    ],
)
@pytest.mark.parametrize("start", [SIGN_IN, CHECK_IN])
def test_well_known_providers_work_as_documented(
    settings: Settings,
    provider: Provider,
    start: str,
    path: str,
    trusted: bool,
    person: dict[str, str],
    accepted: bool,
) -> None:
    issuer = f"{provider.issuer}/{path}"
    site = create_app(replace(settings, oidc_issuer=issuer, oidc_trust_email=trusted))
    client = browser(site)
    email = ADMIN[0] if start == SIGN_IN else "ada@example.com"
    page = go_through(client, start, login_as=email, **person)
    assert page.status_code == (200 if accepted else 422)
    address = "/admin/" if start == SIGN_IN else LIVE
    assert (client.get(address).status_code == 200) == accepted
    dispose(site)


def test_a_user_name_is_not_an_email_outside_entra_id(
    settings: Settings, provider: Provider
) -> None:
    issuer = f"{provider.issuer}/{KEYCLOAK}"
    site = create_app(replace(settings, oidc_issuer=issuer, oidc_trust_email=True))
    client = browser(site)
    page = go_through(client, SIGN_IN, login_as="nobody@example.com", user_name=ADMIN[0])
    assert page.status_code == 422
    assert not is_admin(client)
    dispose(site)


def test_a_provider_certified_by_the_companys_authority(settings: Settings, tmp_path: Path) -> None:
    with running_provider(tmp_path) as private:
        ca_file = tmp_path / "ca.pem"
        site = create_app(connected(settings, private, oidc_ca_file=ca_file))
        client = browser(site)
        leaving = client.get(SIGN_IN)
        answer = requests.get(
            leaving.location,
            params={"login_as": ADMIN[0]},
            allow_redirects=False,
            timeout=10,
            verify=str(ca_file),
        )
        client.get(answer.headers["Location"])
        assert is_admin(client)
        without = create_app(connected(settings, private))
        refused = browser(without)
        page = refused.get(refused.get(SIGN_IN).location)
        assert page.status_code == 503
        dispose(site)
        dispose(without)


def test_new_keys_of_the_provider_are_fetched(
    app: Flask, client: PageClient, provider: Provider
) -> None:
    go_through(client, SIGN_IN, login_as=ADMIN[0])
    requests.post(f"{provider.issuer}/keys", timeout=10)
    other = browser(app)
    go_through(other, SIGN_IN, login_as=ADMIN[0])
    assert is_admin(other)


SENTENCES = {
    "expired-code": "expired or was used before",
    "overloaded": "does not answer",
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("start", [SIGN_IN, CHECK_IN])
def test_a_faulty_answer_ends_with_one_message_and_one_log_line(
    client: PageClient, caplog: pytest.LogCaptureFixture, start: str, fault: str
) -> None:
    person = {"login_as": ADMIN[0] if start == SIGN_IN else "ada@example.com", "fault": fault}
    if fault == "subject":
        person["email_in"] = "userinfo"
    page = go_through(client, start, **person)
    assert page.status_code in (422, 503)
    assert SENTENCES.get(fault, "Single sign-on did not work.") in sentences(page)
    assert not is_admin(client)
    assert client.get(LIVE).status_code == 303
    assert_one_line(caplog)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ({"deny": "yes"}, "The sign-in was cancelled or denied."),
        ({"error": "server_error\n"}, "Single sign-on did not work."),
    ],
)
@pytest.mark.parametrize("start", [SIGN_IN, CHECK_IN])
def test_an_error_of_the_provider_returns_to_the_form(
    client: PageClient,
    caplog: pytest.LogCaptureFixture,
    start: str,
    answer: dict[str, str],
    sentence: str,
) -> None:
    page = go_through(client, start, **answer)
    assert page.status_code == 422
    assert sentence in sentences(page)
    assert page.request.path == start.removesuffix("/sso") + ("" if start == SIGN_IN else "/")
    assert_one_line(caplog)


def assert_one_line(caplog: pytest.LogCaptureFixture) -> None:
    (record,) = (record for record in caplog.records if record.levelno >= logging.WARNING)
    assert "\n" not in record.getMessage()
    assert record.exc_info is None


@pytest.mark.parametrize("start", [SIGN_IN, CHECK_IN])
def test_a_callback_works_once_and_in_one_browser(
    app: Flask, client: PageClient, caplog: pytest.LogCaptureFixture, start: str
) -> None:
    email = ADMIN[0] if start == SIGN_IN else "ada@example.com"
    callback = at_provider(client.get(start), login_as=email)
    other = browser(app)
    other.get("/admin/login")
    refused = other.get(other.get(callback).location)
    assert "expired or was used before" in sentences(refused)
    assert_one_line(caplog)
    client.get(callback)
    # Reloaded in the browser that has signed in, it redirects to the page.
    again = client.get(client.get(callback).location)
    assert (again.status_code, again.location) == (303, LIVE if start == CHECK_IN else "/admin/")


@pytest.mark.parametrize("start", [SIGN_IN, CHECK_IN])
def test_a_browser_without_cookies_is_told_so(app: Flask, start: str) -> None:
    client = app.test_client(use_cookies=False)
    arrival = client.get(at_provider(client.get(start), login_as="ada@example.com"))
    assert "This site needs cookies" in client.get(arrival.location).text


def test_a_foreign_state_is_refused_and_leaves_the_flow_intact(client: PageClient) -> None:
    callback = at_provider(client.get(SIGN_IN), login_as=ADMIN[0])
    for foreign in ("", "?state=.x&code=y", "?state=town-hall.x&code=y", "?error=access_denied"):
        page = client.get(client.get(f"/sso/callback{foreign}").location)
        assert "expired or was used before" in sentences(page)
    client.get(callback)
    assert is_admin(client)


@pytest.mark.parametrize(
    "slug", ["//evil.example", "../admin", "no-such-event", "\r\nX-Bad: 1", "é", "\x00"]
)
def test_an_invented_state_is_not_found(client: PageClient, slug: str) -> None:
    answer = client.get("/sso/callback", query_string={"state": f"{slug}.x"})
    assert answer.status_code == 404


def test_a_flow_expires(client: PageClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sso, "FLOW_SECONDS", -1)
    assert "expired" in sentences(go_through(client, SIGN_IN, login_as=ADMIN[0]))
    assert not is_admin(client)


def test_abandoned_flows_do_not_fill_the_cookie(client: PageClient) -> None:
    for _ in range(20):
        client.get(f"{SIGN_IN}?next=/admin/{'x' * 900}")
    cookie = client.get_cookie("townhall")
    assert cookie is not None
    assert len(cookie.value) < 2500
    go_through(client, SIGN_IN, login_as=ADMIN[0])
    assert is_admin(client)


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example/", "/events/"])
def test_sign_on_never_leads_to_another_site(client: PageClient, wanted: str) -> None:
    leaving = client.get(SIGN_IN, query_string={"next": wanted})
    arrival = client.get(at_provider(leaving, login_as=ADMIN[0]))
    assert (arrival.status_code, arrival.location) == (303, "/admin/")


def test_an_event_that_is_not_open_refuses_check_ins(app: Flask, client: PageClient) -> None:
    leaving = client.get(CHECK_IN)
    with app.app_context():
        change_state(get_event("town-hall"), "closed")
    arrival = client.get(at_provider(leaving, login_as="ada@example.com"))
    assert (arrival.status_code, arrival.location) == (303, "/events/town-hall/")
    assert client.get(CHECK_IN).location == "/events/town-hall/"
    assert client.get("/events/no-such-event/sso").status_code == 404
    assert count_attendance(app) == 0


def test_the_callback_has_the_address_before_the_proxy(settings: Settings) -> None:
    app = create_app(replace(settings, trusted_proxies=1, secure_cookies=True))
    front = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "town.example:8443"}
    client = browser(app)
    leaving = client.get(SIGN_IN, headers=front)
    callback = urlsplit(at_provider(leaving, login_as=ADMIN[0]))
    assert f"{callback.scheme}://{callback.netloc}" == "https://town.example:8443"
    # The test client stores the cookie for localhost, not for the outer name.
    address = f"https://localhost{callback.path}?{callback.query}"
    assert client.get(address, headers=front).status_code == 303
    dispose(app)


def test_sign_on_may_be_for_admins_only(settings: Settings) -> None:
    app = create_app(replace(settings, oidc_employees=False))
    client = browser(app)
    assert "Example ID" not in client.get("/events/town-hall/").text
    assert client.get(CHECK_IN).status_code == 404
    assert "Example ID" in client.get("/admin/login").text
    dispose(app)


def test_sign_on_that_is_not_configured_is_not_offered(settings: Settings) -> None:
    app = create_app(replace(settings, oidc_issuer=""))
    client = browser(app)
    for page in ("/events/town-hall/", "/admin/login"):
        assert "/sso" not in client.get(page).text
    for address in (CHECK_IN, SIGN_IN):
        assert client.get(address).status_code == 404
    assert client.get(client.get("/sso/callback?state=.x").location).status_code == 422
    dispose(app)


def test_a_provider_with_another_issuer_is_not_trusted(settings: Settings) -> None:
    app = create_app(replace(settings, oidc_issuer=f"{settings.oidc_issuer}/another"))
    client = browser(app)
    for _ in range(2):
        page = client.get(client.get(SIGN_IN).location)
        assert "Single sign-on did not work." in sentences(page)
    dispose(app)


@pytest.mark.parametrize("start", [SIGN_IN, CHECK_IN])
def test_the_form_works_while_the_provider_is_down(
    settings: Settings, caplog: pytest.LogCaptureFixture, start: str
) -> None:
    with running_provider() as dying:
        app = create_app(connected(settings, dying))
        client = browser(app)
        callback = at_provider(client.get(start), login_as=ADMIN[0])
    logging.getLogger().addHandler(caplog.handler)
    for address in (callback, start, start):
        page = client.get(client.get(address).location)
        assert page.status_code == 503
        assert "Single sign-on does not answer." in sentences(page)
    assert_one_line(caplog)
    logging.getLogger().removeHandler(caplog.handler)
    dispose(app)


def test_a_hanging_provider_delays_nobody_for_long(settings: Settings) -> None:
    with running_provider() as frozen:
        app = create_app(connected(settings, frozen))
        client = browser(app)
        frozen.process.send_signal(signal.SIGSTOP)
        begin = time.monotonic()
        page = client.get(client.get(SIGN_IN).location)
        first = time.monotonic() - begin
        # The circuit breaker answers the next person at once.
        assert client.get(client.get(SIGN_IN).location).status_code == 503
        assert time.monotonic() - begin - first < 1
        assert page.status_code == 503
        assert first < 6
        frozen.process.send_signal(signal.SIGCONT)
        assert client.sign_in(*ADMIN).status_code == 303
    dispose(app)


EDIT = "/admin/events/town-hall/edit"


def lose_session(client: PageClient, **fields: str) -> TestResponse:
    """Send the edit form of the event after the session has ended; return the answer."""
    client.sign_in(*ADMIN)
    page = client.get(EDIT)
    client.submit(client.get("/admin/sign-out-everywhere"), "sign-out-everywhere")
    return client.submit(page, "/edit", headers={"Origin": "http://localhost"}, **fields)


def link_of(page: TestResponse) -> str:
    """Return the address of the button that leads to the provider."""
    return page.text.split('class="button secondary wide" href="')[1].split('"')[0]


def test_a_form_is_there_again_after_single_sign_on(app: Flask, client: PageClient) -> None:
    kept = lose_session(client, title="All hands", description="Grüße " * 300)
    assert kept.status_code == 401
    # Also after a password that was tried in vain, and a first attempt that was refused.
    kept = client.submit(kept, "/login", email=ADMIN[0], password="wrong")
    refused = go_through(client, link_of(kept), login_as="ada@example.com")
    shown = go_through(client, link_of(refused), login_as=ADMIN[0])
    assert "All hands" in sentences(shown)
    assert client.submit(shown, "/edit").status_code == 303
    with app.app_context():
        assert get_event("town-hall").title == "All hands"


def test_a_form_that_does_not_fit_a_cookie_says_so(client: PageClient) -> None:
    noise = "".join(sha256(bytes([n])).hexdigest() for n in range(100))
    kept = lose_session(client, title="All hands", description=noise)
    assert "too long to be kept this way" in sentences(kept)
    assert go_through(client, link_of(kept), login_as=ADMIN[0]).request.path == "/admin/"
    assert client.get("/admin/kept").status_code == 404


def test_the_cookie_of_a_form_goes_to_its_page_alone(client: PageClient) -> None:
    cookies = lose_session(client, title="All hands").headers.getlist("Set-Cookie")
    (cookie,) = [each for each in cookies if each.startswith("townhall_kept=")]
    assert cookie.endswith("; HttpOnly; Path=/admin/kept; SameSite=Lax")
    client.set_cookie("townhall_kept", "forged", path="/admin/kept")
    client.sign_in(*ADMIN)
    assert client.get("/admin/kept").status_code == 404


GROUPS = "owner=Town owners; moderator=cn=press,ou=groups; reporter=Works council"


@pytest.fixture
def by_groups(settings: Settings) -> Iterator[Flask]:
    """Yield a site on which groups of the provider give the roles."""
    site = create_app(replace(settings, oidc_admin_groups=GROUPS))
    yield site
    dispose(site)


def role_of(app: Flask, email: str) -> str | None:
    with app.app_context():
        return db.session.scalar(select(Admin.role).where(Admin.email == email))


@pytest.mark.parametrize(
    ("groups", "role"),
    [
        ("Town owners", "owner"),
        ("Works council,Cooks", "reporter"),
        ("Works council,Town owners", "owner"),
    ],
)
def test_a_group_gives_the_role(by_groups: Flask, groups: str, role: str) -> None:
    client = browser(by_groups)
    page = go_through(client, SIGN_IN, login_as="new@example.com", groups=groups)
    assert page.status_code == 200
    assert role_of(by_groups, "new@example.com") == role
    assert (client.get("/admin/admins").status_code == 200) == (role == "owner")
    form = browser(by_groups).sign_in("new@example.com", "no such password")
    assert form.status_code == 422


def test_the_role_follows_the_groups_at_each_sign_on(by_groups: Flask) -> None:
    client = browser(by_groups)
    for groups, role in (("Works council", "reporter"), ("Town owners", "owner")):
        go_through(client, SIGN_IN, login_as="new@example.com", groups=groups)
        assert role_of(by_groups, "new@example.com") == role


def test_the_groups_may_come_from_userinfo(by_groups: Flask) -> None:
    person = {"login_as": "new@example.com", "groups": "Town owners", "groups_in": "userinfo"}
    assert go_through(browser(by_groups), SIGN_IN, **person).status_code == 200
    assert role_of(by_groups, "new@example.com") == "owner"


def test_the_last_owner_stays_one_whatever_the_groups_say(by_groups: Flask) -> None:
    client = browser(by_groups)
    go_through(client, SIGN_IN, login_as=ADMIN[0], groups="Works council")
    assert role_of(by_groups, ADMIN[0]) == "owner"
    go_through(browser(by_groups), SIGN_IN, login_as="new@example.com", groups="Town owners")
    go_through(client, SIGN_IN, login_as=ADMIN[0], groups="Works council")
    assert role_of(by_groups, ADMIN[0]) == "reporter"
    assert client.get("/admin/admins").status_code == 403


@pytest.mark.parametrize("person", [{}, {"groups": ""}, {"groups": "Cooks,town owners"}])
def test_somebody_without_such_a_group_is_refused(
    by_groups: Flask, person: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    client = browser(by_groups)
    with caplog.at_level(logging.WARNING):
        page = go_through(client, SIGN_IN, login_as=ADMIN[0], **person)
    assert page.status_code == 422
    assert "This account may not sign in here." in sentences(page)
    assert "OIDC_ADMIN_GROUPS" in caplog.text
    assert client.sign_in(*ADMIN).status_code == 303


def test_a_removed_admin_stays_out_whatever_the_groups_say(by_groups: Flask) -> None:
    person = {"login_as": "new@example.com", "groups": "Town owners"}
    go_through(browser(by_groups), SIGN_IN, **person)
    with by_groups.app_context(), trail.acting_as(None):
        found = select(Admin.id).where(Admin.email == "new@example.com")
        remove_admin(db.session.scalars(found).one())
    assert go_through(browser(by_groups), SIGN_IN, **person).status_code == 422


def test_groups_check_nobody_in(by_groups: Flask) -> None:
    client = browser(by_groups)
    page = go_through(client, CHECK_IN, login_as="ada@example.com", groups="Town owners")
    assert "Ada Lovelace" in page.text
    assert not is_admin(client)
