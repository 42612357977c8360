"""Everything that is held on a person can be exported, and erased without changing a figure."""

import json
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from flask import Flask
from sqlalchemy import select

from tests.support.client import PageClient, parse
from tests.support.data import add_employee
from tests.support.known import (
    EMAIL,
    NUMBER,
    TRACES,
    add_known_person,
    all_texts,
    close_town_hall,
    figures,
)
from webapp.domain.audit import trail
from webapp.domain.employees import editing, importing
from webapp.domain.employees.directory import match_employee
from webapp.domain.events.store import get_event
from webapp.domain.models import AuditEntry, Question, RosterEntry
from webapp.domain.people.erasing import erase
from webapp.domain.people.exporting import export_person
from webapp.domain.questions.authors import list_asked
from webapp.errors import Invalid, NotFound
from webapp.infra.extensions import db


@pytest.fixture
def known(app: Flask) -> int:
    """Add a person of whom every table knows something."""
    with app.app_context():
        return add_known_person()


def test_the_export_has_every_trace_and_is_on_record(app: Flask, known: int) -> None:
    with app.app_context(), trail.acting_as(None):
        with pytest.raises(Invalid):
            export_person(known, " ")
        kept = {trace for trace in TRACES for _, text in all_texts() if trace in text}
        assert kept == set(TRACES)
        export = export_person(known, "asked by mail")
        text = json.dumps(export, ensure_ascii=False)
        assert not [trace for trace in TRACES if trace not in text]
        (answer,) = export["tables"]["poll_answers"]
        assert (answer["event"], answer["chosen"]) == ("town-hall", ["Salad"])
        entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert entry
        assert (entry.action, entry.subject) == ("employee_exported", f"Zoë Quux ({NUMBER})")
        # The author reads the reason beside the anonymous question alone.
        asked = list_asked(get_event("town-hall").id, known)
        assert {question.body: question.reveal_reason for question in asked} == {
            "my waiting question": None,
            "my corrected question": None,
            "my secret question": "asked by mail",
        }


@pytest.mark.parametrize("closed", [False, True])
def test_erasing_leaves_no_trace_and_every_figure(app: Flask, known: int, closed: bool) -> None:
    with app.app_context(), trail.acting_as(None):
        if closed:
            close_town_hall()
        before = figures()
        done = erase(known)
        assert done.label == f"Erased person {known} (erased\N{NO-BREAK SPACE}{known})"
        left = [(table, text) for table, text in all_texts() for t in TRACES if t in text]
        assert not left
        assert figures() == before
        waiting = select(Question.id).where(Question.state == "waiting")
        assert db.session.scalars(waiting).all() == []
        # Once more changes nothing.
        assert erase(known) == done
        on_record = select(AuditEntry.subject).where(AuditEntry.action == "employee_erased")
        assert list(db.session.scalars(on_record)) == [f"Erased person {known}"]
        with pytest.raises(NotFound):
            erase(known + 1000)


def test_open_pages_lose_the_texts(app: Flask, known: int) -> None:
    sent: list[tuple[str, Any]] = []
    app.extensions["live_publish"] = lambda _slug, name, payload: sent.append((name, payload))
    with app.app_context(), trail.acting_as(None):
        erase(known)
    names = [name for name, _ in sent]
    assert names == [
        "viewer_signed_out",
        "message_removed",
        "message_restored",
        "questions_changed",
    ]
    restored = sent[2][1]
    assert restored["message"]["body"] == "(erased)"
    assert restored["message"]["author"] == f"Erased person {known}"
    assert restored["revision"] > sent[1][1]["revision"]
    assert {question["body"] for question in sent[3][1]} == {"(erased)"}


def test_the_old_cookie_opens_nothing(app: Flask, client: PageClient, known: int) -> None:
    client.check_in("town-hall", EMAIL, NUMBER)
    assert client.get("/events/town-hall/live").status_code == 200
    with app.app_context(), trail.acting_as(None):
        erase(known)
        assert match_employee(EMAIL, NUMBER) is None
    assert client.get("/events/town-hall/live").status_code == 303
    assert client.get("/events/town-hall/attendance/me").status_code in (303, 401)
    assert client.check_in("town-hall", EMAIL, NUMBER).status_code == 422


def test_the_same_number_is_a_new_person(app: Flask, known: int) -> None:
    lines = "email,employee number,first name,last name\n"
    file = (lines + f"{EMAIL},{NUMBER},Zoë,Quux\n").encode()
    with app.app_context(), trail.acting_as(None):
        erase(known)
        report = importing.import_employees(file, name="list.csv", sync=True, confirmed=True)
        assert [row["employee_number"] for row in report.new] == [NUMBER]
        assert known not in [employee.id for employee in report.deactivated]
        new = editing.find_by_number(NUMBER)
        assert new.id != known
        assert editing.get_employee(known).erased_at
        with pytest.raises(Invalid):
            editing.change_employee(known, {"active": True})


def test_a_file_cannot_mean_an_erased_person(app: Flask) -> None:
    with app.app_context(), trail.acting_as(None):
        known = add_employee(NUMBER, first_name="Zoë", last_name="Quux").id
        erase(known)
        erased = editing.get_employee(known)
        lines = "email,employee number,first name,last name\n"
        row = f"{erased.email},{erased.employee_number},,Erased person {known}\n"
        another = f"new@example.com,{erased.employee_number},,Erased person {known}\n"
        for line, added in ((row, 0), (another, 1)):
            report = importing.import_employees((lines + line).encode(), name="list.csv")
            assert len(report.new) == added
            assert not report.changed
        assert not editing.get_employee(known).active


def test_a_namesake_keeps_the_name(app: Flask, known: int) -> None:
    with app.app_context(), trail.acting_as(None):
        add_employee("1", first_name="Zoë", last_name="Quux")
        add_employee("2", last_name="Aalto")
        erase(known)
        kept = [text for table, text in all_texts() if table == "messages"]
        assert "I agree with @Zoë Quux!" in kept
        # Nor does the pseudonym stand where the name stood.
        names = select(RosterEntry.last_name).order_by(RosterEntry.place)
        pseudonym = f"Erased person {known}"
        assert list(db.session.scalars(names)) == ["Aalto", pseudonym, "Lovelace 1002", "Quux"]


def test_commands_export_and_erase_one_person(app: Flask, known: int, tmp_path: Path) -> None:
    run = app.test_cli_runner().invoke
    done = run(args=["employees", "export-person", NUMBER.lower()])
    assert json.loads(done.output)["person"] == {
        "name": "Zoë Quux",
        "employee_number": NUMBER,
        "email": EMAIL,
    }
    file = tmp_path / "person.zip"
    assert run(args=["employees", "export-person", NUMBER, "--output", str(file)]).exit_code == 0
    with ZipFile(file) as archive:
        assert json.loads(archive.read("person.json"))["person"]["email"] == EMAIL
        page = archive.read("person.html").decode()
    assert parse(page)
    assert not [trace for trace in TRACES if trace not in page]
    nowhere = run(args=["employees", "export-person", NUMBER, "--output", str(tmp_path / "a/b")])
    assert nowhere.exit_code == 1
    assert nowhere.output.endswith("a/b: No such file or directory.\n")

    asked = run(args=["employees", "erase", NUMBER], input="n\n")
    assert asked.exit_code == 1
    assert f"Erase Zoë Quux ({NUMBER}) for good?" in asked.output
    assert run(args=["employees", "erase", NUMBER], input="y\n").exit_code == 0
    unknown = run(args=["employees", "erase", NUMBER, "--yes"])
    assert unknown.exit_code == 1
    assert unknown.output == f"Error: There is no employee with the number {NUMBER}.\n"
