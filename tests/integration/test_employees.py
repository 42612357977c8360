"""The list of employees, and bringing it up to date from a file."""

import io
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.support.client import PageClient, text_of
from tests.support.data import ADMIN, add_admin, add_employee, add_event
from webapp.core.employee_import import ImportReport, import_employees
from webapp.core.errors import Invalid
from webapp.core.extensions import db
from webapp.core.models import Employee

HEADER = "email,employee_number,first_name,last_name,department,location\n"
ADA = "ada@example.com,1001,Ada,Lovelace,Research,London\n"
GRACE = "grace@example.com,1002,Grace,Hopper,Navy,Arlington\n"


def load(text: str | bytes, **options: bool) -> ImportReport:
    return import_employees(text if isinstance(text, bytes) else text.encode(), **options)


def summary(report: ImportReport) -> tuple[int, int, int, int, int]:
    return (
        len(report.new),
        len(report.changed),
        report.unchanged,
        len(report.deactivated),
        len(report.broken),
    )


def names() -> set[str]:
    return {employee.name for employee in db.session.scalars(select(Employee))}


def test_running_it_twice_changes_nothing(app: Flask) -> None:
    with app.app_context():
        assert summary(load(HEADER + ADA + GRACE)) == (2, 0, 0, 0, 0)
        assert summary(load(HEADER + ADA + GRACE)) == (0, 0, 2, 0, 0)
        assert names() == {"Ada Lovelace", "Grace Hopper"}


def test_the_number_says_who_it_is(app: Flask) -> None:
    with app.app_context():
        load(HEADER + ADA)
        report = load(HEADER + "ada.king@example.com,01001,Ada,King,Research,London\n")
        assert summary(report) == (0, 1, 0, 0, 0)
        employee = db.session.scalars(select(Employee)).one()
        assert (employee.email, employee.name) == ("ada.king@example.com", "Ada King")


@pytest.mark.parametrize(
    "data",
    [
        (HEADER + ADA).replace(",", ";").encode("utf-8-sig"),
        (HEADER + ADA).replace(",", "\t").encode("utf-16"),
        (HEADER + ADA).replace("\n", "\r\n").encode(),
        b"Surname|First Name|E-Mail|Employee Number\nLovelace|Ada|ADA@example.com|1001",
        b"\n" + (HEADER + ADA).encode(),
    ],
    ids=["semicolons and BOM", "tabs and UTF-16", "CRLF", "other names and order", "empty line"],
)
def test_files_come_as_spreadsheets_write_them(app: Flask, data: bytes) -> None:
    with app.app_context():
        assert summary(load(data)) == (1, 0, 0, 0, 0)
        employee = db.session.scalars(select(Employee)).one()
        assert (employee.name, employee.email) == ("Ada Lovelace", "ada@example.com")


def test_an_old_windows_encoding_is_understood(app: Flask) -> None:
    with app.app_context():
        load((HEADER + "z@example.com,1,Zoë,Müller,,\n").encode("cp1252"))
        assert names() == {"Zoë Müller"}


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
    + GRACE
)


def test_each_broken_row_is_named_and_the_good_ones_are_imported(app: Flask) -> None:
    with app.app_context():
        report = load(BROKEN)
        assert [row.number for row in report.broken] == [3, 4, 5, 6, 7, 8, 9]
        assert all(row.reason for row in report.broken)
        assert names() == {"Ada Lovelace", "Grace Hopper"}


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


def test_a_cell_that_is_a_formula_is_kept_as_text(app: Flask) -> None:
    with app.app_context():
        load(HEADER + "f@example.com,1,=1+1,Formula,,\n")
        assert names() == {"=1+1 Formula"}


@pytest.mark.parametrize("data", [b"", b"\n\n", b"name\nAda\n", b"\x00\x01\x02", b"PK\x03\x04zip"])
def test_what_is_no_list_is_refused_whole(app: Flask, data: bytes) -> None:
    with app.app_context(), pytest.raises(Invalid):
        load(data)


def test_the_command_reports_and_counts(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(BROKEN)
    run = app.test_cli_runner().invoke
    done = run(args=["employees", "import", str(tmp_path / "list.csv")])
    assert done.exit_code == 0, done.output
    assert "2 new, 0 changed, 0 unchanged, 0 deactivated, 7 broken" in done.output
    assert "row 3: the email is no e-mail address" in done.output
    strict = run(args=["employees", "import", "--strict", str(tmp_path / "list.csv")])
    assert strict.exit_code == 1
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Employee)) == 2


@pytest.fixture
def admin(app: Flask, client: PageClient) -> PageClient:
    with app.app_context():
        add_admin()
    client.sign_in(*ADMIN)
    return client


def upload(admin: PageClient, data: bytes, action: str) -> str:
    page = admin.get("/admin/employees/import")
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    fields = {"csrf_token": token, "action": action, "file": (io.BytesIO(data), "list.csv")}
    return text_of(admin.post("/admin/employees/import", data=fields).text)


def test_the_page_shows_first_and_imports_then(app: Flask, admin: PageClient) -> None:
    checked = upload(admin, (HEADER + ADA).encode(), "check")
    assert "Nothing was changed" in checked
    assert "1 new" in checked
    assert "Imported" in upload(admin, (HEADER + ADA).encode(), "import")
    with app.app_context():
        assert names() == {"Ada Lovelace"}


def test_the_page_takes_files_of_megabytes(admin: PageClient) -> None:
    rows = "".join(f"p{n}@example.com,{n},First,{'x' * 60},,\n" for n in range(20_000))
    assert len(rows) > 1_500_000
    assert "20000 new" in upload(admin, (HEADER + rows).encode(), "check")


def test_the_list_is_searched_and_paged(app: Flask, admin: PageClient) -> None:
    with app.app_context():
        for number in range(55):
            add_employee(f"{2000 + number}")
    assert "Page 1 of 2" in text_of(admin.get("/admin/employees").text)
    assert "1 employee " in text_of(admin.get("/admin/employees?q=2007").text)
    assert "Nobody matches" in text_of(admin.get("/admin/employees?q=%25").text)
    assert admin.get("/admin/employees?page=0").status_code == 422
