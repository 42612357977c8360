"""Every admin address × every role. A new address needs a line in `ADDRESSES`."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from flask import Flask
from werkzeug.exceptions import NotFound
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.support.addresses import METHODS, address_of, rules
from tests.support.client import PageClient, parse, text_of
from tests.support.data import ADMIN, add_admin, add_employee, add_event, add_question
from webapp.domain.models import Poll
from webapp.infra.extensions import db

# Roles do not depend on the database.
pytestmark = pytest.mark.parametrize("settings", ["embedded"], indirect=True)

SLUG = "town-hall"
HTMX, JSON = {"HX-Request": "true"}, {"Accept": "application/json"}
SIGNED_OUT = "signed out"

# The roles with each permission, beside the owner, who has all of them.
PERMITTED = {
    "see_events": {"organizer", "moderator", "reporter"},
    "plan_events": {"organizer"},
    "moderate": {"organizer", "moderator"},
    "read_attendance": {"organizer", "reporter"},
    "correct_attendance": {"organizer"},
    "manage_employees": {"organizer"},
    "handle_personal_data": set(),
    "reveal_authors": set(),
    "read_audit": set(),
    "manage_admins": set(),
}
ADDRESSES = {
    "see_events": {
        "account.change_password",
        "account.show_kept",
        "account.show_password",
        "event_page.show_overview",
        "event_page.show_qr_code",
        "events.list_archived",
        "events.list_events",
    },
    "plan_events": {
        "event_page.confirm_close",
        "event_page.test_stored_stream",
        "events.change_state",
        "events.confirm_open",
        "events.confirm_remove",
        "events.copy",
        "events.create",
        "events.edit",
        "events.remove",
        "events.show_edit",
        "events.show_new",
        "events.test_stream",
    },
    "moderate": {
        "event_page.show_preview",
        "message_desk.approve",
        "message_desk.approve_one",
        "message_desk.reject",
        "message_desk.reject_one",
        "message_desk.remove",
        "message_desk.remove_one",
        "message_desk.restore",
        "message_desk.restore_one",
        "message_desk.take_back",
        "moderation.change_settings",
        "moderation.download_csv",
        "moderation.download_json",
        "moderation.download_xlsx",
        "moderation.pin",
        "moderation.pin_again",
        "moderation.post_as_host",
        "moderation.show_chat",
        "moderation.unpin",
        "muting.mute",
        "muting.show_employee",
        "muting.show_form",
        "muting.unmute",
        "poll_desk.close_poll",
        "poll_desk.confirm_discard",
        "poll_desk.create",
        "poll_desk.discard",
        "poll_desk.download_csv",
        "poll_desk.download_xlsx",
        "poll_desk.edit",
        "poll_desk.open_poll",
        "poll_desk.show_edit",
        "poll_desk.show_new",
        "poll_desk.show_polls",
        "question_desk.change",
        "question_desk.change_settings",
        "question_desk.download_csv",
        "question_desk.download_xlsx",
        "question_desk.show_desk",
        "question_desk.show_question",
    },
    "read_attendance": {
        "people.show_person",
        "comparison.compare",
        "comparison.download_comparison",
        "roster.download_csv",
        "roster.download_xlsx",
        "roster.show_charts",
        "roster.show_print",
        "roster.show_roster",
    },
    "correct_attendance": {"roster.correct", "roster.correct_several", "roster.undo"},
    "handle_personal_data": {
        "people.erase_person",
        "people.export",
        "people.show_erase",
        "people.show_export",
    },
    "manage_employees": {
        "employees.create",
        "employees.edit",
        "employees.list_employees",
        "employees.reactivate",
        "employees.show_edit",
        "employees.show_new",
        "imports.apply",
        "imports.download_sample",
        "imports.show",
        "imports.show_permission",
        "imports.show_progress",
        "imports.upload",
    },
    "reveal_authors": {"question_desk.reveal"},
    "read_audit": {"audit.download_csv", "audit.download_xlsx", "audit.show_log"},
    "manage_admins": {
        "admins.change_role",
        "admins.confirm_remove",
        "admins.confirm_withdraw",
        "admins.invite",
        "admins.list_admins",
        "admins.remove",
        "admins.show_role",
        "admins.withdraw",
    },
}
PERMISSION = {endpoint: name for name, endpoints in ADDRESSES.items() for endpoint in endpoints}


def admin_rules(app: Flask) -> Iterator[Rule]:
    """Yield every rule that is for admins."""
    for rule in rules(app):
        if getattr(app.view_functions[rule.endpoint], "access", None) == "admin_required":
            yield rule


def test_the_table_has_every_admin_address(app: Flask) -> None:
    declared = {
        rule.endpoint: getattr(app.view_functions[rule.endpoint], "permission", None)
        for rule in admin_rules(app)
    }
    assert declared == PERMISSION


def may(role: str, endpoint: str) -> bool:
    """Return True when the table lets `role` use the view; views that are not in it are public."""
    permission = PERMISSION.get(endpoint)
    return permission is None or role == "owner" or role in PERMITTED[permission]


@pytest.fixture(params=["owner", *sorted(PERMITTED["see_events"]), SIGNED_OUT])
def role(request: pytest.FixtureRequest, app: Flask, client: PageClient) -> str:
    """Return the role of `client`, which has an event with one of everything before it."""
    role: str = request.param
    with app.app_context():
        event_id = add_event(SLUG).id
        add_admin(role="owner" if role == SIGNED_OUT else role)
        db.session.add(Poll(id=1, event_id=event_id, question="Lunch?"))
        add_employee("1001", email="ada@example.com", id=1)
        add_question(event_id, 1, id=1, author_id=None)
    if role != SIGNED_OUT:
        client.sign_in(*ADMIN)
    return role


def test_each_role_opens_what_the_table_says(app: Flask, client: PageClient, role: str) -> None:
    page = client.get("/admin/login" if role == SIGNED_OUT else "/admin/")
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    for rule in admin_rules(app):
        for method in sorted(METHODS & (rule.methods or set())):
            fields = {"csrf_token": token} if method == "POST" else None
            ask = {"method": method, "data": fields, "buffered": True}
            address = address_of(app, rule, SLUG)
            answer = client.open(address, **ask)
            where = (role, method, rule.rule)
            if role == SIGNED_OUT:
                assert (answer.status_code, urlsplit(answer.location).path) == (303, "/admin/login")
            elif not may(role, rule.endpoint):
                assert answer.status_code == 403, where
                assert f"Your role ({role.title()}) does not include this" in answer.text, where
            else:
                assert answer.status_code in (200, 204, 303, 404, 409, 422), where
                assert "/admin/login" not in (answer.location or ""), where
                check_links(app, role, answer)


def check_links(app: Flask, role: str, page: TestResponse) -> None:
    """Assert that a page offers no address that its reader may not use."""
    if page.mimetype != "text/html" or not page.data.lstrip().startswith(b"<!doctype"):
        return
    adapter = app.url_map.bind("localhost")
    for element in parse(page.text).iter():
        for name, method in LINKS.items():
            path = urlsplit(element.get(name) or "").path
            if path.startswith("/admin"):
                try:
                    used = adapter.match(path, method or element.get("method", "get").upper())[0]
                except NotFound:
                    continue
                assert may(role, used), f"{page.request.path} offers {path} to the {role}"


# Attributes with addresses, and the method of each; that of a form is in an attribute.
LINKS = {
    "href": "GET",
    "action": "",
    "formaction": "POST",
    "data-hx-get": "GET",
    "data-hx-post": "POST",
}


@pytest.mark.parametrize("role", ["reporter"], indirect=True)
def test_a_refusal_has_the_form_that_was_asked_for(client: PageClient, role: str) -> None:
    page = client.get("/admin/employees")
    assert "Not allowed" in text_of(page.text)
    fragment = client.get("/admin/employees", headers=HTMX)
    assert fragment.text.startswith('<p class="error">Your role (Reporter)')
    assert fragment.headers["HX-Retarget"] == "#alert"
    program = client.get("/admin/employees", headers=JSON)
    assert (program.status_code, program.get_json()["ok"]) == (403, False)
