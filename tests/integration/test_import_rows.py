"""Whom a row means, what an import changes, and what it never does."""

import json

import pytest
from flask import Flask
from sqlalchemy import select, text

from tests.support.client import PageClient
from tests.support.data import add_event
from tests.support.employees import (
    ADA,
    GRACE,
    HEADER,
    everybody,
    find,
    load,
    names,
    summary,
)
from webapp.domain.employees import importing, portions
from webapp.domain.employees.directory import FIELDS, find_by_email
from webapp.domain.employees.editing import change_employee
from webapp.domain.employees.import_progress import Progress
from webapp.domain.employees.importing import Unconfirmed
from webapp.domain.employees.listing import EmployeeFilters, read_employees
from webapp.domain.models import AuditEntry, Employee
from webapp.errors import Invalid
from webapp.infra.extensions import db


def test_running_it_twice_changes_nothing(app: Flask) -> None:
    with app.app_context():
        assert summary(load(HEADER + ADA + GRACE)) == (2, 0, 0, 0, 0)
        assert summary(load(HEADER + ADA + GRACE)) == (0, 0, 2, 0, 0)
        assert names() == {"Ada Lovelace", "Grace Hopper"}


def test_the_number_identifies_the_employee(app: Flask) -> None:
    with app.app_context():
        load(HEADER + ADA)
        report = load(HEADER + "ada.king@example.com,01001,Ada,King,Research,London\n")
        assert summary(report) == (0, 1, 0, 0, 0)
        assert everybody() == {"1001": ("Ada King", "ada.king@example.com", True)}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("byron@example.com,1001,Byron,Lovelace,,", "has this employee number but another name"),
        ("nora@example.com,1001,Nora,New,,", "has this employee number but another name"),
        ("ada@example.com,1003,Ada,Lovelace,,", "has this e-mail address but another employee"),
        ("ada@example.com,1002,Ada,Lovelace,,", "has this e-mail address but another employee"),
        ("ada@example.com,1003,Nora,New,,", "Ada Lovelace (1001) has this e-mail address"),
        ("ada@example.com,1002,Nora,New,,", "Grace Hopper (1002) has this employee number"),
    ],
)
def test_a_row_is_never_taken_for_another_person(app: Flask, row: str, reason: str) -> None:
    with app.app_context():
        load(HEADER + ADA + GRACE)
        before = everybody()
        report = load(f"{HEADER}{row}\n", sync=True)
        assert reason in report.invalid[0].reason
        assert "1001" not in [e.values["employee_number"] for e in report.deactivated]
        assert {**everybody(), "1002": before["1002"]} == before


@pytest.mark.parametrize(
    "data",
    [
        (HEADER + ADA).replace(",", ";").encode("utf-8-sig"),
        (HEADER + ADA).replace(",", "\t").encode("utf-16"),
        (HEADER + ADA).replace(",", "\t").encode("utf-16-be"),
        (HEADER + ADA).replace("\n", "\r\n").encode(),
        (HEADER + ADA).replace("\n", "\r").encode(),
        b"Surname|First Name|E-Mail|Employee Number\nLovelace|Ada|ADA@example.com|1001",
        b"\n" + (HEADER + ADA).encode(),
    ],
    ids=["semicolons", "UTF-16", "UTF-16BE", "CRLF", "CR", "other names and order", "empty line"],
)
def test_files_come_as_spreadsheets_write_them(app: Flask, data: bytes) -> None:
    with app.app_context():
        assert summary(load(data)) == (1, 0, 0, 0, 0)
        assert everybody() == {"1001": ("Ada Lovelace", "ada@example.com", True)}


def test_names_are_the_same_however_a_system_writes_them(app: Flask) -> None:
    composed = HEADER + "z@example.com,1,Zoë,\U0001f600 Straße,\u00a0R  D ,\n"
    with app.app_context():
        load(composed)
        assert summary(load(composed.replace("ë", "e\u0308"))) == (0, 0, 1, 0, 0)
        assert names() == {"Zoë \U0001f600 Straße"}
        # Another case is another spelling, even where the database compares without case.
        assert summary(load(composed.replace("Zoë", "ZOË"))) == (0, 1, 0, 0, 0)
        for query in ("zoë", "ZOE", "straße", "Z@EXAMPLE"):
            assert read_employees(EmployeeFilters(query)).total == 1, query


BROKEN = (
    HEADER
    + ADA
    + "no-address,1003,A,B,,\n"
    + ",1004,A,B,,\n"
    + "c@example.com,,A,B,,\n"
    + "d@example.com,1001,Again,Ada,,\n"
    + "ada@example.com,1005,Other,Ada,,\n"
    + f"e@example.com,1006,{'x' * 81},B,,\n"
    + "short\n"
    + "f@example.com,1007,,,,\n"
    + GRACE
)


def test_each_broken_row_is_named_and_the_good_ones_are_imported(app: Flask) -> None:
    with app.app_context():
        report = load(BROKEN)
        assert [row.number for row in report.invalid] == [3, 4, 5, 6, 7, 8, 9, 10]
        assert all(row.reason for row in report.invalid)
        assert names() == {"Ada Lovelace", "Grace Hopper"}


def test_a_broken_row_is_named_by_the_line_it_begins_on(app: Flask) -> None:
    rows = [
        '\n"ada@example.com",1001,Ada,Lovelace,"Re\nsearch",London\n',
        "\n\nno-address,1003,A,B,,\n",
        'x@example.com,1004,A,"B"c,,\n',
        "grace@example.com,1002,Grace,Hopper,,\n",
        'y@example.com,1005,A,"B,,\nz@example.com,1006,A,B,,\n',
    ]
    with app.app_context():
        report = load("\n" + HEADER + "".join(rows))
        assert [row.number for row in report.invalid] == [8, 9, 11]
        assert report.invalid[-1].reason == "a quote begins here and never ends"
        assert names() == {"Ada Lovelace", "Grace Hopper", "A B"}
        assert find("1001").department == "Re search"


def test_an_open_quote_hides_nobody_from_a_sync(app: Flask) -> None:
    with app.app_context():
        rows = "".join(f"p{n}@example.com,{n},First,Last,,\n" for n in range(1, 3001))
        load(HEADER + rows)
        broken = rows.replace("p5@example.com,5,First", 'p5@example.com,5,"First')
        report = load(HEADER + broken, sync=True)
        assert summary(report) == (0, 0, 2999, 0, 1)
        assert report.unsure


def test_two_employees_swap_their_addresses(app: Flask) -> None:
    with app.app_context():
        load(HEADER + ADA + GRACE)
        swapped = HEADER + ADA.replace("ada@", "grace@") + GRACE.replace("grace@", "ada@")
        assert summary(load(swapped)) == (0, 2, 0, 0, 0)
        assert everybody()["1001"] == ("Ada Lovelace", "grace@example.com", True)
        assert everybody()["1002"] == ("Grace Hopper", "ada@example.com", True)
        assert summary(load(swapped)) == (0, 0, 2, 0, 0)


def test_an_address_is_handed_on(app: Flask) -> None:
    with app.app_context():
        load(HEADER + ADA + GRACE)
        handed = ADA.replace("ada@", "countess@") + "ada@example.com,1003,Adele,Goldberg,,\n"
        assert summary(load(HEADER + handed)) == (1, 1, 0, 0, 0)
        assert everybody()["1003"] == ("Adele Goldberg", "ada@example.com", True)


@pytest.mark.parametrize("step", [1, 7, 399])
def test_addresses_go_around_a_company(app: Flask, step: int) -> None:
    people = 400

    def rows(shift: int) -> str:
        addresses = [(n + shift) % people for n in range(people)]
        return "".join(f"p{a}@example.com,{n + 1},First{n},,,\n" for n, a in enumerate(addresses))

    with app.app_context():
        load(HEADER + rows(0))
        assert summary(load(HEADER + rows(step))) == (0, people, 0, 0, 0)
        assert everybody()["1"][1] == f"p{step}@example.com"
        assert summary(load(HEADER + rows(step))) == (0, 0, people, 0, 0)


def test_an_address_that_somebody_keeps_is_not_given_away(app: Flask) -> None:
    with app.app_context():
        load(HEADER + ADA + GRACE + "c@example.com,1003,C,C,,\n")
        # 1001 would get Grace's, which she keeps; so 1001 keeps Ada's, which 1003 cannot have.
        report = load(
            HEADER
            + "ada@example.com,1003,C,C,,\n"
            + "grace@example.com,1001,Ada,Lovelace,,\n"
            + "d@example.com,1004,D,D,,\n"
        )
        assert [(row.number, row.reason) for row in report.invalid] == [
            (2, "Ada Lovelace (1001) has this e-mail address"),
            (3, "Grace Hopper (1002) has this e-mail address"),
        ]
        assert summary(report)[:2] == (1, 0)


def test_strict_imports_none_of_them(app: Flask) -> None:
    with app.app_context():
        report = load(BROKEN, strict=True)
        assert not report.applied
        assert names() == set()


def test_a_dry_run_says_what_would_change(app: Flask) -> None:
    with app.app_context():
        load(HEADER + ADA)
        report = load(HEADER + GRACE, dry_run=True, sync=True)
        assert summary(report) == (1, 0, 0, 1, 0)
        assert [employee.label for employee in report.deactivated] == ["Ada Lovelace (1001)"]
        report = load(HEADER + ADA.replace("London", "Paris"), dry_run=True)
        assert [change.differences for change in report.changed] == [
            {"location": ("London", "Paris")}
        ]
        assert names() == {"Ada Lovelace"}


def test_sync_deactivates_who_is_missing(app: Flask, client: PageClient) -> None:
    with app.app_context():
        load(HEADER + ADA + GRACE)
        add_event()
    client.check_in("town-hall", "ada@example.com", "1001")
    assert client.get("/events/town-hall/live").status_code == 200
    with app.app_context():
        assert summary(load(HEADER + GRACE, sync=True)) == (0, 0, 1, 1, 0)
    assert client.get("/events/town-hall/live").status_code == 303, "the cache forgot Ada"


@pytest.mark.parametrize(("missing", "asks"), [(1, False), (2, False), (3, True), (20, True)])
def test_a_sync_of_more_than_a_tenth_asks_once_more(app: Flask, missing: int, asks: bool) -> None:
    rows = [f"p{n}@example.com,{n},First,Last,,\n" for n in range(1, 21)]
    with app.app_context():
        load(HEADER + "".join(rows))
        kept = HEADER + "".join(rows[missing:]) + ADA
        if asks:
            with pytest.raises(Unconfirmed, match=f"{missing} of 20 employees"):
                load(kept, sync=True, confirmed=False)
            assert len([active for _, _, active in everybody().values() if active]) == 20
        assert summary(load(kept, sync=True, confirmed=asks))[3] == missing


def test_a_broken_row_deactivates_nobody_whom_it_may_mean(app: Flask) -> None:
    with app.app_context():
        load(HEADER + ADA + GRACE)
        numbered = load(HEADER + ADA + "no-address,1002,Grace,Hopper,,\n", sync=True)
        assert (summary(numbered), numbered.unsure) == ((0, 0, 1, 0, 1), False)
        addressed = load(HEADER + ADA + "grace@example.com,,Grace,Hopper,,\n", sync=True)
        assert (summary(addressed), addressed.unsure) == ((0, 0, 1, 0, 1), False)
        unnamed = load(HEADER + ADA + "hopper@example.com,1E+03,Grace,Hopper,,\n", sync=True)
        assert (summary(unnamed), unnamed.unsure) == ((0, 0, 1, 0, 1), True)
        with pytest.raises(Invalid):
            load(HEADER, sync=True)


@pytest.mark.parametrize("by", ["sync", "the column active", "hand"])
def test_a_deactivated_employee_loses_every_session_for_good(
    app: Flask, client: PageClient, by: str
) -> None:
    header = HEADER.replace("\n", ",active\n")
    active = header + ADA.replace("\n", ",yes\n") + GRACE.replace("\n", ",\n")
    with app.app_context():
        load(active)
        add_event()
    client.check_in("town-hall", "ada@example.com", "1001")
    with app.app_context():
        if by == "sync":
            load(HEADER + GRACE, sync=True)
        elif by == "hand":
            ada = find("1001")
            values = {name: getattr(ada, name) for name in FIELDS}
            change_employee(ada.id, values | {"active": False})
        else:
            load(active.replace(",yes", ",no"))
    assert client.get("/events/town-hall/live").status_code == 303
    with app.app_context():
        assert summary(load(active)) == (0, 1, 1, 0, 0)
    assert client.get("/events/town-hall/live").status_code == 303, "an old cookie counts again"
    assert client.check_in("town-hall", "ada@example.com", "1001").status_code == 303


def test_a_cell_that_is_a_formula_is_kept_as_text(app: Flask) -> None:
    with app.app_context():
        load(HEADER + "f@example.com,1,=1+1,Formula,,\n")
        assert names() == {"=1+1 Formula"}


SPELLINGS = [
    ("nora@xn--bcher-kva.example", "1005"),
    ("Nora@BÜCHER.example\u200b", "1005.0"),
    ("ｎora@bücher.example", "１００５"),
    ("<nora@bücher.example>", " 001005 "),
]


@pytest.mark.parametrize(("email", "number"), SPELLINGS)
def test_check_in_knows_every_spelling_that_a_file_may_have(
    app: Flask, client: PageClient, email: str, number: str
) -> None:
    with app.app_context():
        add_event()
        load(f"{HEADER}nora@bücher.example,1005,Nora,New,,\n")
        assert summary(load(f"{HEADER}{email},{number},Nora,New,,\n")) == (0, 0, 1, 0, 0)
    answer = client.check_in("town-hall", email, number)
    assert (answer.status_code, answer.location) == (303, "/events/town-hall/live")


def test_sign_on_knows_both_spellings_of_a_domain_and_no_other_mailbox(app: Flask) -> None:
    with app.app_context():
        load(f"{HEADER}nora@bücher.example,1005,Nora,New,,\n")
        for email in ("Nora@bücher.example", "nora@xn--bcher-kva.example"):
            employee = find_by_email(email)
            assert employee
            assert employee.employee_number == "1005"
        for email in ("ｎora@bücher.example", "x <nora@bücher.example>", "nora@bucher.example", ""):
            assert find_by_email(email) is None


def test_an_import_that_breaks_off_says_how_far_it_came_and_may_be_repeated(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [f"p{n}@example.com,{n},First,Last,,\n" for n in range(1, 901)]
    steps: list[Progress] = []

    def somebody_adds_a_later_one(progress: Progress) -> None:
        steps.append(progress)
        if progress == Progress("written", 400, 900):
            load(HEADER + rows[700].replace("Last", "Other"), confirmed=True)

    with app.app_context():
        with pytest.raises(Invalid, match="600 of 900 changes are stored"):
            load(HEADER + "".join(rows), on_progress=somebody_adds_a_later_one)
        assert len(everybody()) == 601
        last = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert last is not None
        assert last.action == "employees_import_broken_off"
        assert json.loads(last.details) == {"stored": 600, "of": 900}
        assert [step.done for step in steps if step.step == "written"] == [200, 400, 600]
        assert summary(load(HEADER + "".join(rows))) == (299, 1, 600, 0, 0)
        assert len(everybody()) == 900


def test_a_portion_that_was_stored_already_is_stored_once(app: Flask) -> None:
    with app.app_context():
        report = load(HEADER + ADA + GRACE, dry_run=True)
        portions.write_new(report.new)
        portions.write_new(report.new)
        assert len(everybody()) == 2
        outdated = load(HEADER + ADA.replace("London", "Rome"), dry_run=True)
        report = load(HEADER + ADA.replace("London", "Paris"), dry_run=True, sync=True)
        for _ in range(2):
            portions.write_changes(report.changed)
            portions.deactivate(report.deactivated)
        assert (find("1001").location, find("1002").session_version) == ("Paris", 1)
        with pytest.raises(portions.EmployeesChanged):
            portions.write_changes(outdated.changed)


def test_between_portions_an_import_locks_nobody(app: Flask) -> None:
    """A post locks the row of its author: it would wait as long as the import holds it."""
    rows = [f"p{n}@example.com,{n},First,Last,,\n" for n in range(1, 601)]
    looks: list[int] = []

    def lock_everybody(progress: Progress) -> None:
        with db.engine.connect() as connection:
            if db.engine.dialect.name == "sqlite":
                connection.execute(text("PRAGMA busy_timeout=0"))
                connection.execute(text("BEGIN IMMEDIATE"))
            everyone = select(Employee.id).with_for_update(nowait=True)
            looks.append(len(connection.execute(everyone).all()))
            connection.rollback()

    with app.app_context():
        load(HEADER + "".join(rows))
        changed = "".join(rows).replace("Last", "Other")
        load(HEADER + changed, on_progress=lock_everybody)
        assert looks == [600, 600, 600]
        assert importing.PORTION_ROWS == 200
