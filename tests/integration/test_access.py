"""Who may see what: each role at each address, and what an address answers to anything else."""

from collections.abc import Iterator
from urllib.parse import urljoin

import pytest
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.support.addresses import METHODS, address_of, rules
from tests.support.client import PageClient, text_of
from tests.support.data import ADMIN, add_admin, add_employee, add_event

SLUG = "town-hall"
CHECK_IN, SIGN_IN = f"/events/{SLUG}/", "/admin/login"
HTMX, JSON = {"HX-Request": "true"}, {"Accept": "application/json"}
ROLES = ["public", "viewer", "admin"]

# Everything else under /admin is for admins, and everything else for viewers.
PUBLIC = {
    "account.show_sign_in",
    "account.sign_in",
    "account.sign_out",
    "account.sign_out_everywhere",
    "checkin.check_in",
    "checkin.check_in_again",
    "checkin.check_out",
    "checkin.show_current",
    "checkin.show_form",
    "demo.show_playlist",
    "demo.show_segments",
    "sso.check_in",
    "sso.come_back",
    "sso.sign_in",
}
INTERNAL = {"health.show_health", "health.show_metrics", "health.show_readiness"}


def access_of(rule: Rule) -> str:
    """Who may use it, by its name and address alone."""
    if rule.endpoint in PUBLIC:
        return "public"
    if rule.endpoint in INTERNAL:
        return "internal"
    return "admin_required" if rule.rule.startswith("/admin") else "viewer_required"


class Visitor:
    """Somebody of a role, with a form's token in hand."""

    def __init__(self, app: Flask, role: str, client: PageClient) -> None:
        self.app, self.role, self.client = app, role, client
        page = client.get({"viewer": f"/events/{SLUG}/live", "admin": "/admin/"}.get(role, SIGN_IN))
        self.token = page.text.split('name="csrf_token" value="')[1].split('"')[0]

    def may(self, rule: Rule) -> bool:
        """Whether the rule is for them."""
        return access_of(rule) in ("public", "internal", f"{self.role}_required")

    def ask(
        self, rule: Rule, method: str, headers: dict[str, str] | None = None, slug: str = SLUG
    ) -> TestResponse:
        """Send what the rule's own form would send; the fields are those that it cannot refuse."""
        fields = {"csrf_token": self.token, "state": "open"} if method == "POST" else None
        address = address_of(self.app, rule, slug)
        # Buffered: a stream that nobody reads would not end before the next request.
        return self.client.open(address, method=method, data=fields, headers=headers, buffered=True)


@pytest.fixture(params=ROLES)
def visitor(request: pytest.FixtureRequest, app: Flask, client: PageClient) -> Visitor:
    with app.app_context():
        add_event(SLUG)
        add_admin()
        # The number that stands in every address which wants one.
        add_employee("1001", email="ada@example.com", id=1)
    if request.param == "viewer":
        client.check_in(SLUG, "ada@example.com", "1001")
    if request.param == "admin":
        client.sign_in(*ADMIN)
    return Visitor(app, request.param, client)


def uses(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Each rule with each of its methods."""
    for rule in rules(app):
        for method in sorted(METHODS & (rule.methods or set())):
            yield rule, method


def test_every_view_says_who_may_see_it(app: Flask) -> None:
    declared = {
        r.endpoint: getattr(app.view_functions[r.endpoint], "access", None) for r in rules(app)
    }
    assert declared == {rule.endpoint: access_of(rule) for rule in rules(app)}


def test_who_may_see_a_page_gets_it(app: Flask, visitor: Visitor) -> None:
    for rule, method in uses(app):
        if method == "GET" and visitor.may(rule):
            answer = visitor.ask(rule, method)
            # Public addresses may lead on, or not be set up; none of them leads to a gate.
            expected = {200} if access_of(rule) != "public" else {200, 303, 404}
            assert answer.status_code in expected, rule
            assert not (answer.location or "").startswith(f"{SIGN_IN}?next"), rule


def test_who_may_not_is_shown_the_way_in(app: Flask, visitor: Visitor) -> None:
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


def test_programs_of_who_did_not_check_in_learn_so(app: Flask, visitor: Visitor) -> None:
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


def test_machines_get_no_cookie(app: Flask, visitor: Visitor) -> None:
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
def test_an_unknown_event_is_not_found_in_the_form_that_was_asked_for(
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
    "/static/../wsgi.py",
    "/static/%2e%2e/wsgi.py",
    "/static/nothing.js",
    "/demo/../seed.sql",
    "/healthz/",
    "/.env",
]


@pytest.mark.parametrize("visitor", ["viewer"], indirect=True)
@pytest.mark.parametrize("address", JUNK, ids=range(len(JUNK)))
def test_what_is_not_there_is_not_found(visitor: Visitor, address: str) -> None:
    assert visitor.client.get(address).status_code == 404


@pytest.mark.parametrize(
    "path",
    ["//evil.example/", "//evil.example/..", "/\\evil.example", "///", "/events//live", "//admin/"],
)
def test_no_address_leads_to_another_site(client: PageClient, path: str) -> None:
    # As it stands in the request line: a client would read `//` as the beginning of a host.
    answer = client.get("/", environ_overrides={"PATH_INFO": path})
    assert answer.status_code in (200, 303, 308, 404)
    assert urljoin("http://localhost/", answer.location or "").startswith("http://localhost/")
