"""The audit log: each action of an admin once, together with its change or not at all."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.support.client import PageClient, text_of
from tests.support.data import ADMIN, add_admin, add_employee, add_event
from tests.support.employees import confirm, upload
from webapp.domain.audit import log as audit_log
from webapp.domain.audit import trail
from webapp.domain.audit.filters import parse_filters
from webapp.domain.models import Admin, AuditEntry, Employee, Event
from webapp.errors import Invalid
from webapp.http.access import public
from webapp.infra.extensions import db

CHAT = "/admin/events/town-hall/chat"
LOG = "/admin/audit"


@pytest.fixture
def admin(app: Flask, client: PageClient) -> PageClient:
    with app.app_context():
        add_event(state="scheduled")
        add_admin()
        add_employee("1001", first_name="Ada", last_name="Lovelace")
    client.sign_in(*ADMIN)
    return client


def press(admin: PageClient, address: str, **fields: Any) -> None:
    token = admin.get("/admin/").text.split('name="csrf_token" value="')[1].split('"')[0]
    assert admin.post(address, data=fields | {"csrf_token": token}).status_code in (200, 303)


def recorded(app: Flask) -> list[tuple[str, str, dict[str, Any]]]:
    """Return action, subject and details of each entry after the admin signed in."""
    with app.app_context():
        rows = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
        return [(row.action, row.subject, json.loads(row.details)) for row in rows][2:]


def test_actions_that_change_nothing_are_not_recorded(app: Flask, admin: PageClient) -> None:
    state = "/admin/events/town-hall/state"
    with app.app_context():
        ada = db.session.scalars(select(Employee.id)).one()
    for _ in range(2):
        press(admin, state, state="open")
        press(admin, f"{CHAT}/settings", slow_mode_seconds="5")
        press(admin, f"{CHAT}/employees/{ada}/unmute")
        press(admin, f"{CHAT}/announcement/remove")
    assert recorded(app) == [
        ("event_opened", "", {"state": ["scheduled", "open"]}),
        ("chat_settings_changed", "", {"slow_mode_seconds": [0, 5]}),
    ]


def test_roster_corrections_and_exports_are_recorded(app: Flask, admin: PageClient) -> None:
    roster = "/admin/events/town-hall/attendance"
    with app.app_context():
        ada = db.session.scalars(select(Employee.id)).one()
    correction = {"employee_id": str(ada), "status": "excused", "note": "On leave"}
    for _ in range(2):
        press(admin, f"{roster}/corrections", **correction)
    for export in (".csv?status=excused&page=7&edit=3", ".xlsx"):
        with admin.get(roster + export) as answer:
            assert answer.status_code == 200
    assert recorded(app) == [
        (
            "attendance_corrected",
            "Ada Lovelace (1001)",
            {"status": ["absent", "excused"], "note": "On leave"},
        ),
        ("roster_exported", "", {"format": "csv", "status": "excused"}),
        ("roster_exported", "", {"format": "xlsx"}),
    ]


def test_edit_records_old_and_new_values(app: Flask, admin: PageClient) -> None:
    page = admin.get("/admin/events/town-hall/edit")
    assert admin.submit(page, "/edit", title="All hands").status_code == 303
    ((action, _, details),) = recorded(app)
    assert (action, details["title"]) == ("event_edited", ["Town hall", "All hands"])
    assert set(details) <= {"title", "starts_at", "ends_at"}, "the form has no seconds"


def test_moderation_and_signing_out_are_recorded(app: Flask, admin: PageClient) -> None:
    with app.app_context():
        who = add_employee("1002", first_name="Grace", last_name="Hopper").id
    press(admin, f"{CHAT}/employees/{who}/mute", minutes="event", reason="Insults")
    press(admin, f"{CHAT}/employees/{who}/unmute")
    press(admin, f"{CHAT}/announcement", body="Lunch")
    press(admin, f"{CHAT}/announcement/remove")
    assert admin.get(f"{CHAT}.csv").status_code == 200
    press(admin, "/admin/sign-out-everywhere")
    grace = "Grace Hopper (1002)"
    assert recorded(app) == [
        ("employee_muted", grace, {"until": None, "note": "Insults"}),
        ("employee_unmuted", grace, {}),
        ("announcement_pinned", "", {"body": "Lunch"}),
        ("announcement_unpinned", "", {}),
        ("transcript_exported", "", {"format": "csv"}),
        ("signed_out_everywhere", "", {}),
    ]


def test_import_is_recorded_by_page_and_by_command(
    app: Flask, admin: PageClient, tmp_path: Path
) -> None:
    data = "email,number,first name,last name\na@example.com,1,A,B\nbroken\n"
    (tmp_path / "list.csv").write_text(data)
    confirm(admin, upload(admin, data.encode(), "staff.csv"))
    app.test_cli_runner().invoke(args=["employees", "import", str(tmp_path / "list.csv")])
    none = {"new": 0, "changed": 0, "unchanged": 0, "deactivated": 0, "broken": 1}
    assert recorded(app) == [
        ("employees_imported", "staff.csv", none | {"new": 1}),
        ("employees_imported", "list.csv", none | {"unchanged": 1}),
    ]
    page = text_of(admin.get(f"{LOG}?admin=operator").text)
    assert "operator Imported employees from list.csvnew: 0" in page
    assert "staff.csv" not in page


def test_entry_is_rolled_back_with_its_change(app: Flask, admin: PageClient) -> None:
    with app.app_context():
        event = db.session.scalars(select(Event)).one()
        event.title = "Another"
        trail.record("event_edited", event_id=event.id)
        db.session.rollback()
    assert recorded(app) == []


def test_public_view_cannot_record_before_it_names_an_admin(app: Flask) -> None:
    @public
    def show() -> str:
        trail.record("signed_out")
        return "recorded"

    with app.test_request_context(), pytest.raises(AssertionError):
        show()


def test_log_is_filtered_by_the_query_arguments(app: Flask, admin: PageClient) -> None:
    press(admin, "/admin/events/town-hall/state", state="open")
    assert "Opened an eventstate: scheduled → open Town hall" in text_of(admin.get(LOG).text)
    today = admin.get(LOG).text.split('<time datetime="')[1][:10]
    with app.app_context():
        who = db.session.scalars(select(Admin.id)).one()
    shown = {
        "action=signed_in": True,
        "action=event_closed": False,
        f"admin={who}": True,
        f"admin={who + 1}": False,
        "event=town-hall": True,
        "event=elsewhere": False,
        "action=events": True,
        "action=polls": False,
        "q=SCHEDULED": True,
        "q=%": False,
        "person=1001": False,
        f"since={today}&until={today}": True,
        "since=2999-01-01": False,
        "until=2000-01-01": False,
    }
    for query, found in shown.items():
        page = admin.get(f"{LOG}?{query}")
        assert ("No entry matches" not in text_of(page.text)) is found, query
        assert (
            admin.get(f"{LOG}?{query}", headers={"HX-Request": "true"}).text.lstrip()[:4] == "<div"
        )


@pytest.mark.parametrize(
    "query",
    [
        "action=x",
        "admin=x",
        "admin=99999999999999999999",
        "before=-1",
        "since=today",
        "until=9999-12-31",
        "since=0001-01-01",
        "q=" + "x" * 101,
        "person=" + "x" * 101,
    ],
)
def test_values_that_no_form_sends_are_refused(admin: PageClient, query: str) -> None:
    assert admin.get(f"{LOG}?{query}").status_code == 422


def test_older_entries_are_a_page_away(app: Flask, admin: PageClient) -> None:
    with app.app_context():
        for _ in range(audit_log.PAGE_ROWS):
            trail.record("employees_imported", subject="later.csv")
        db.session.commit()
    page = admin.get(f"{LOG}?admin=operator")
    assert "Added the admin" not in page.text.partition("<tbody>")[2]
    older = page.text.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert "Added the admin" in admin.get(older).text.partition("<tbody>")[2]


def test_unknown_action_is_refused(app: Flask) -> None:
    with app.app_context(), pytest.raises(AssertionError):
        trail.record("something")
    with pytest.raises(Invalid):
        parse_filters({"action": "something"})
