"""The audit log says in words who did what to whom; people are found, and erased people are not."""

import ast
import csv
import io
from datetime import UTC, datetime
from typing import Any

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import select, update

from tests.support.client import PageClient, text_of
from tests.support.data import ADMIN, add_admin, add_employee, add_event, add_question
from webapp.domain.audit import filters as audit_filters
from webapp.domain.audit import trail
from webapp.domain.audit.filters import KINDS, actions_by_kind
from webapp.domain.audit.trail import ACTIONS
from webapp.domain.audit.wording import DETAILS, SENTENCES
from webapp.domain.employees.directory import FIELDS
from webapp.domain.employees.import_report import ImportReport
from webapp.domain.models import Admin, AuditEntry, Employee, HeldMessage, Message
from webapp.domain.people.erasing import erase
from webapp.domain.roster import filters as roster_filters
from webapp.infra.clock import utcnow
from webapp.infra.extensions import db
from webapp.infra.settings import ROOT

LOG = "/admin/audit"
RECORDS = {"trail.record", "trail.record_now"}


@pytest.fixture
def admin(app: Flask, client: PageClient) -> PageClient:
    """Return the browser of an owner after an act of each kind that quotes somebody."""
    with app.app_context():
        event_id = add_event().id
        add_admin()
        owner = db.session.scalars(select(Admin.id)).one()
        ada = add_employee("1001", first_name="Ada", last_name="Lovelace").id
        grace = add_employee("1002", first_name="Grace", last_name="Hopper").id
        written = {"event_id": event_id, "posted_at": utcnow()}
        message = Message(employee_id=ada, body="Lunch is\n“late”", nonce="a", **written)
        host = Message(admin_id=owner, body="Welcome", nonce="b", **written)
        held = HeldMessage(employee_id=grace, body="x" * 200, nonce="c", **written)
        db.session.add_all([message, host, held])
        db.session.commit()
        named = add_question(event_id, ada, body="When?")
        anonymous = add_question(event_id, grace, body="Who?", author_id=None)
        about: dict[str, Any] = {"event_id": event_id}
        with trail.acting_as(owner):
            trail.record("message_removed", subject=f"message {message.id}", **about)
            trail.record("message_posted_as_host", subject=f"message {host.id}", **about)
            trail.record("message_rejected", subject=f"held message {held.id}", **about)
            trail.record("message_removed", subject="message 99999", **about)
            trail.record("question_hidden", subject=f"question {anonymous.id}", **about)
            trail.record(
                "questions_merged", subject=f"question {named.id}", into=anonymous.id, **about
            )
            change = ["absent", "excused"]
            trail.record(
                "attendance_corrected",
                subject="Ada Lovelace (1001)",
                status=change,
                note="On leave",
                **about,
            )
            trail.record("employee_muted", subject="Grace Hopper (1002)", minutes=None, **about)
            moment = datetime(2026, 1, 31, 12, tzinfo=UTC)
            trail.record("event_edited", starts_at=[str(moment), str(moment)], **about)
            trail.record("admin_role_changed", subject="a@example.com", role=["owner", "reporter"])
        db.session.commit()
    client.sign_in(*ADMIN)
    return client


def said(admin: PageClient, query: str = "") -> str:
    page = admin.get(f"{LOG}?{query}")
    assert page.status_code == 200, page.text
    return text_of(page.text)


SAID = [
    "Grace Hopper Removed “Lunch is “late”” by Ada Lovelace Town hall",
    "Wrote “Welcome” as the host",
    "Rejected “" + "x" * 79 + "…” by Grace Hopper",
    "Grace Hopper Removed a message Town hall",
    "Hid the question “Who?” by somebody without a name",
    "Merged the question “When?” by Ada Lovelace with “Who?”",
    "Corrected the attendance of Ada Lovelace (1001)status: absent → excused · reason: On leave",
    "Muted Grace Hopper (1002) Town hall",
    "Edited an eventstarts at: 31 Jan 2026, 12:00 UTC → 31 Jan 2026, 12:00 UTC",
    "Changed the role of a@example.comrole: Owner → Reporter",
]


def test_an_entry_says_who_did_what(admin: PageClient) -> None:
    text = said(admin)
    assert not [words for words in SAID if words not in text]
    assert "message 9" not in text


def test_times_are_in_the_zone_of_the_reader(admin: PageClient) -> None:
    assert "31 Jan 2026, 13:00" in said(admin, "zone=Europe/Berlin")
    assert "31 Jan 2026, 12:00" in said(admin, "zone=Mars/Olympus")


@pytest.mark.parametrize(
    ("query", "there", "missing"),
    [
        ("person=1001", ["“Lunch", "attendance of Ada", "“When?”"], ["Welcome", "Muted", "Hid"]),
        ("person=Hopper", ["Rejected", "Muted"], ["“Lunch", "Hid"]),
        ("person=person1002%40example.com", ["Muted"], ["“Lunch"]),
        ("person=nobody", ["No entry matches"], ["Muted"]),
        ("q=lunch", ["“Lunch"], ["Muted"]),
        ("q=on+leave", ["attendance of Ada"], ["“Lunch"]),
        ("q=who%3F", ["Hid"], ["“Lunch"]),
        ("action=chat", ["“Lunch", "Muted"], ["Hid", "attendance of Ada"]),
        ("action=questions&q=when", ["Merged"], ["Hid"]),
    ],
)
def test_entries_are_found(
    admin: PageClient, query: str, there: list[str], missing: list[str]
) -> None:
    rows = said(admin, query).partition("When")[2]
    assert not [words for words in there if words not in rows]
    assert not [words for words in missing if words in rows]


def test_the_author_of_an_anonymous_question_cannot_be_searched(admin: PageClient) -> None:
    assert "Hid the question" not in said(admin, "person=1002")
    assert "Hid the question" not in said(admin, "q=Grace")


def test_too_many_people_are_a_question(app: Flask, admin: PageClient) -> None:
    with app.app_context():
        values = [
            {"employee_number": f"9{n}", "email": f"{n}@x.example", "first_name": "Kim"}
            | {"last_name": "Lee", "department": "", "location": ""}
            for n in range(51)
        ]
        db.session.execute(Employee.__table__.insert(), values)  # type: ignore[attr-defined]
        db.session.commit()
    page = admin.get(f"{LOG}?person=Kim")
    assert (page.status_code, "Give the number." in text_of(page.text)) == (422, True)


def test_an_erased_person_is_not_named(app: Flask, admin: PageClient) -> None:
    with app.app_context(), trail.acting_as(None):
        ada = db.session.scalars(select(Employee.id).where(Employee.employee_number == "1001"))
        erase(ada.one())
    text = said(admin)
    assert "Lovelace" not in text
    assert "Lunch" not in text
    assert "On leave" not in text
    assert "Removed “(erased)” by Erased person" in text


def rows_of(answer: Any) -> list[dict[str, str]]:
    with answer:
        assert answer.status_code == 200, answer.text
        return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


def test_the_export_has_what_is_filtered(app: Flask, admin: PageClient) -> None:
    rows = rows_of(admin.get(f"{LOG}.csv?person=1001&zone=Europe/Berlin"))
    assert [row["action"] for row in rows] == [
        "attendance_corrected",
        "questions_merged",
        "message_removed",
    ]
    assert rows[2]["what"] == "Removed “Lunch is “late”” by Ada Lovelace"
    assert (rows[2]["admin"], rows[2]["email"]) == ("Grace Hopper", ADMIN[0])
    assert datetime.fromisoformat(rows[2]["at"]).utcoffset()
    with app.app_context():
        latest = select(AuditEntry.details).order_by(AuditEntry.id.desc()).limit(1)
        assert db.session.scalar(latest) == '{"format": "csv", "kind": "", "person": "1001"}'


def test_the_workbook_has_the_same_rows(admin: PageClient) -> None:
    with admin.get(f"{LOG}.xlsx?action=chat") as answer:
        sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).active
    assert sheet is not None
    what = [row[5] for row in sheet.iter_rows(values_only=True)]
    assert what[0] == "what"
    assert "Removed “Lunch is “late”” by Ada Lovelace" in what


def test_a_long_log_is_exported_whole(app: Flask, admin: PageClient) -> None:
    with app.app_context():
        entry = {"at": utcnow(), "action": "signed_out", "subject": "", "details": "{}"}
        entries = [entry | {"unit": str(n)} for n in range(1100)]
        db.session.execute(AuditEntry.__table__.insert(), entries)  # type: ignore[attr-defined]
        db.session.commit()
    rows = rows_of(admin.get(f"{LOG}.csv?action=signed_out"))
    assert len({row["id"] for row in rows}) == 1100


def test_a_formula_in_a_text_does_not_run(app: Flask, admin: PageClient) -> None:
    with app.app_context():
        db.session.execute(update(Admin).values(name="=1+1"))
        db.session.commit()
    assert {row["admin"] for row in rows_of(admin.get(f"{LOG}.csv?action=chat"))} == {"'=1+1"}


def test_every_action_has_a_kind() -> None:
    by_kind = actions_by_kind()
    assert sorted(action for actions in by_kind.values() for action in actions) == sorted(ACTIONS)
    assert all(by_kind[kind] for kind in KINDS)


def test_sentences_have_values_that_are_known() -> None:
    known = dict.fromkeys(("subject", "body", "text", "author", "into"), "x")
    assert all(sentence % known for sentence in SENTENCES.values())


def test_details_have_names_in_words() -> None:
    given = {
        keyword.arg
        for path in ROOT.glob("webapp/**/*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in RECORDS
        for keyword in node.keywords
        if keyword.arg not in (None, "event_id", "subject")
    }
    assert "reason" in given
    assert given <= DETAILS.keys()


def test_filters_columns_and_counts_have_names_in_words() -> None:
    # These are recorded as `**names`; tests/unit/test_i18n.py has the columns of events.
    given = {
        *roster_filters.Filters.__dataclass_fields__,
        *audit_filters.Filters.__dataclass_fields__,
        *ImportReport().counts,
        *FIELDS,
    }
    places = {"page", "edit", "action", "before", "zone"}
    assert given - places <= DETAILS.keys()
