"""Access control: each role at each address, and the answers to unexpected requests."""

from collections.abc import Iterator
from urllib.parse import urljoin

import pytest
from flask import Flask
from sqlalchemy import update
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.support.addresses import METHODS, address_of, rules
from tests.support.client import PageClient, text_of
from tests.support.data import ADMIN, add_admin, add_employee, add_event, add_question
from webapp.domain.models import Admin, Poll
from webapp.infra.extensions import db

# The pages are the same on every database: the embedded default is the quicker one.
pytestmark = pytest.mark.parametrize("settings", ["embedded"], indirect=True)

SLUG = "town-hall"
CHECK_IN, SIGN_IN = f"/events/{SLUG}/", "/admin/login"
HTMX, JSON = {"HX-Request": "true"}, {"Accept": "application/json"}
ROLES = ["public", "viewer", "admin"]

# The rest is for admins under /admin and for viewers elsewhere.
PUBLIC = {
    "account.return_from_sign_out",
    "account.confirm_sign_out_everywhere",
    "account.show_sign_in",
    "account.sign_in",
    "account.sign_out",
    "account.sign_out_everywhere",
    "branding.show_file",
    "checkin.check_in",
    "checkin.check_in_again",
    "checkin.check_out",
    "checkin.download_calendar",
    "checkin.return_from_check_in",
    "checkin.return_from_check_in_again",
    "checkin.return_to_current",
    "checkin.show_current",
    "checkin.show_form",
    "language.choose",
    "invitation.accept",
    "invitation.show_form",
    "demo.show_playlist",
    "demo.show_segments",
    "security.show_contact",
    "sso.check_in",
    "sso.finish",
    "sso.sign_in",
}
# They need a form, an invitation or another event, which this test does not add.
NEEDS_MORE = {"account.show_kept", "admins.confirm_withdraw", "comparison.download_comparison"}
INTERNAL = {"health.show_health", "health.show_metrics", "health.show_readiness"}


def access_of(rule: Rule) -> str:
    """Return the expected audience of a rule, from its name and address alone."""
    if rule.endpoint in PUBLIC:
        return "public"
    if rule.endpoint in INTERNAL:
        return "internal"
    return "admin_required" if rule.rule.startswith("/admin") else "viewer_required"


class Visitor:
    """A client in one role, with a CSRF token."""

    def __init__(self, app: Flask, role: str, client: PageClient) -> None:
        self.app, self.role, self.client = app, role, client
        page = client.get({"viewer": f"/events/{SLUG}/live", "admin": "/admin/"}.get(role, SIGN_IN))
        self.token = page.text.split('name="csrf_token" value="')[1].split('"')[0]

    def may(self, rule: Rule) -> bool:
        """Return True when the rule admits this role."""
        return access_of(rule) in ("public", "internal", f"{self.role}_required")

    def ask(
        self, rule: Rule, method: str, headers: dict[str, str] | None = None, slug: str = SLUG
    ) -> TestResponse:
        """Send a request as the form of the rule would, with the token."""
        fields = {"csrf_token": self.token, "state": "open"} if method == "POST" else None
        address = address_of(self.app, rule, slug)
        # Buffered: an unread streamed answer would still run during the next request.
        return self.client.open(address, method=method, data=fields, headers=headers, buffered=True)


@pytest.fixture(params=ROLES)
def visitor(request: pytest.FixtureRequest, app: Flask, client: PageClient) -> Visitor:
    with app.app_context():
        event_id = add_event(SLUG).id
        add_admin()
        # The id that addresses of an admin, an employee, a question and a poll contain.
        db.session.execute(update(Admin).values(id=1))
        db.session.add(Poll(id=1, event_id=event_id, question="Lunch?"))
        add_employee("1001", email="ada@example.com", id=1)
        add_question(event_id, 1, id=1)
    if request.param == "viewer":
        client.check_in(SLUG, "ada@example.com", "1001")
    if request.param == "admin":
        client.sign_in(*ADMIN)
    return Visitor(app, request.param, client)


def uses(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Yield each rule with each of its methods."""
    for rule in rules(app):
        for method in sorted(METHODS & (rule.methods or set())):
            yield rule, method


def test_every_view_declares_its_audience(app: Flask) -> None:
    declared = {
        r.endpoint: getattr(app.view_functions[r.endpoint], "access", None) for r in rules(app)
    }
    assert declared == {rule.endpoint: access_of(rule) for rule in rules(app)}


def test_a_page_opens_for_its_audience(app: Flask, visitor: Visitor) -> None:
    for rule, method in uses(app):
        if method == "GET" and visitor.may(rule):
            answer = visitor.ask(rule, method)
            # Public addresses may redirect or be switched off, but never require a sign-in.
            expected = {200} if access_of(rule) != "public" else {200, 303, 404}
            if rule.endpoint in NEEDS_MORE:
                expected = {404}
            assert answer.status_code in expected, rule
            assert not (answer.location or "").startswith(f"{SIGN_IN}?next"), rule


def test_everybody_else_is_redirected_to_a_form(app: Flask, visitor: Visitor) -> None:
    for rule, method in uses(app):
        if visitor.may(rule) or rule.endpoint == "live.show_own_attendance":
            continue
        gate = SIGN_IN if access_of(rule) == "admin_required" else CHECK_IN
        answer = visitor.ask(rule, method)
        assert answer.status_code == 303, rule
        assert answer.location.partition("?")[0] == gate, rule
        swapped = visitor.ask(rule, method, HTMX)
        assert swapped.status_code == 204, rule
        assert swapped.headers["HX-Redirect"].partition("?")[0] == gate, rule


def test_programs_without_a_check_in_get_not_checked_in(app: Flask, visitor: Visitor) -> None:
    for rule, method in uses(app):
        if access_of(rule) == "viewer_required" and not visitor.may(rule):
            answer = visitor.ask(rule, method, JSON)
            assert answer.status_code == 401, rule
            assert answer.get_json()["error"]["code"] == "not_checked_in", rule


@pytest.mark.parametrize("headers", [{}, HTMX, JSON], ids=["page", "fragment", "json"])
def test_a_form_without_its_token_is_refused(
    app: Flask, visitor: Visitor, headers: dict[str, str]
) -> None:
    visitor.token = "forged"
    for rule, method in uses(app):
        if method == "POST":
            assert visitor.ask(rule, method, headers).status_code == 400, rule


def test_internal_addresses_set_no_cookie(app: Flask, visitor: Visitor) -> None:
    for rule, method in uses(app):
        if access_of(rule) == "internal":
            assert "Set-Cookie" not in visitor.ask(rule, method).headers, rule


@pytest.mark.parametrize("visitor", ["viewer"], indirect=True)
def test_another_method_is_not_allowed(app: Flask, visitor: Visitor) -> None:
    methods: dict[str, set[str]] = {}
    for rule in rules(app):
        methods.setdefault(address_of(app, rule, SLUG), set()).update(rule.methods or ())
    for address, allowed in methods.items():
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - allowed:
            answer = visitor.client.open(address, method=method)
            assert answer.status_code == 405, (method, address)
            assert set(answer.headers["Allow"].split(", ")) == allowed, (method, address)


@pytest.mark.parametrize("visitor", ["viewer", "admin"], indirect=True)
def test_an_unknown_event_is_not_found_in_the_requested_format(
    app: Flask, visitor: Visitor
) -> None:
    for rule, method in uses(app):
        if "slug" not in rule.arguments or not visitor.may(rule):
            continue
        page = visitor.ask(rule, method, slug="unknown")
        assert page.status_code == 404, rule
        assert "Not found" in text_of(page.text), rule
        fragment = visitor.ask(rule, method, HTMX, slug="unknown")
        assert (fragment.status_code, fragment.text[:16]) == (404, '<p class="error"'), rule
        program = visitor.ask(rule, method, JSON, slug="unknown")
        assert program.status_code == 404, rule
        assert program.get_json()["error"]["code"] == "invalid", rule


JUNK = [
    "/events/town-hall/live/",
    "/events/town-hall/live/x",
    "/events/town-hall/live%20",
    "/events/town-hall/live%00",
    "/events/town-hall%20/",
    "/events/town-hall%00/",
    "/events/TOWN-HALL/",
    "/events/%ff%fe/",
    "/events/..%2f..%2fetc%2fpasswd/",
    "/events/" + "x" * 3000 + "/",
    "/events/\U0001f600/",
    "/events/1'%20OR%20'1'='1/",
    "/events/",
    "/admin/login/",
    "/admin/nothing",
    "/admin/employees/" + "9" * 26,
    "/static/../wsgi.py",
    "/static/%2e%2e/wsgi.py",
    "/static/nothing.js",
    "/demo/../seed.sql",
    "/healthz/",
    "/.env",
]


@pytest.mark.parametrize("visitor", ["viewer"], indirect=True)
@pytest.mark.parametrize("address", JUNK, ids=range(len(JUNK)))
def test_an_unknown_address_is_not_found(visitor: Visitor, address: str) -> None:
    assert visitor.client.get(address).status_code == 404


@pytest.mark.parametrize(
    "path",
    ["//evil.example/", "//evil.example/..", "/\\evil.example", "///", "/events//live", "//admin/"],
)
def test_no_address_redirects_to_another_site(client: PageClient, path: str) -> None:
    # Set as the raw path: the test client would take `//` for the beginning of a host.
    answer = client.get("/", environ_overrides={"PATH_INFO": path})
    assert answer.status_code in (200, 303, 308, 404)
    assert urljoin("http://localhost/", answer.location or "").startswith("http://localhost/")
