"""The list of employees, and bringing it up to date from a file."""

import io
import re
import threading
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.support.client import PageClient, text_of
from tests.support.data import ADMIN, add_admin, add_employee, add_event
from webapp.domain.employees.directory import FIELDS, search_employees
from webapp.domain.employees.editing import change_employee
from webapp.domain.employees.importing import ImportReport, import_employees
from webapp.domain.models import AuditEntry, Employee
from webapp.errors import Invalid
from webapp.infra.extensions import db

HEADER = "email,employee_number,first_name,last_name,department,location\n"
ADA = "ada@example.com,1001,Ada,Lovelace,Research,London\n"
GRACE = "grace@example.com,1002,Grace,Hopper,Navy,Arlington\n"


def load(text: str | bytes, **options: Any) -> ImportReport:
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


def test_the_column_that_is_named_as_the_field_is_the_one(app: Flask) -> None:
    with app.app_context():
        load(HEADER.replace("location", "team") + ADA)
        assert db.session.scalars(select(Employee.department)).one() == "Research"


def test_names_are_the_same_however_a_system_writes_them(app: Flask) -> None:
    composed = HEADER + "z@example.com,1,Zoë,\U0001f600 Straße,\u00a0R  D ,\n"
    with app.app_context():
        load(composed)
        assert summary(load(composed.replace("ë", "e\u0308"))) == (0, 0, 1, 0, 0)
        assert names() == {"Zoë \U0001f600 Straße"}
        # Another case is another spelling, on a database that would call it the same, too.
        assert summary(load(composed.replace("Zoë", "ZOË"))) == (0, 1, 0, 0, 0)
        for query in ("zoë", "ZOE", "straße", "Z@EXAMPLE"):
            assert search_employees(query, 1)[1] == 1, query


def test_bytes_that_are_no_character_break_their_row_alone(app: Flask) -> None:
    with app.app_context():
        report = load((HEADER + "z@example.com,1,Zo\x81,B,,\n" + ADA).encode("latin-1"))
        assert [row.number for row in report.broken] == [2]
        assert names() == {"Ada Lovelace"}


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
        assert [row.number for row in report.broken] == [8, 9, 11]
        assert report.broken[-1].reason == "a quote begins here and never ends"
        assert names() == {"Ada Lovelace", "Grace Hopper"}
        ada = select(Employee.department).where(Employee.employee_number == "1001")
        assert db.session.scalars(ada).one() == "Re search"


def test_two_employees_swap_their_e_mails(app: Flask) -> None:
    with app.app_context():
        load(HEADER + ADA + GRACE)
        swapped = HEADER + ADA.replace("1001", "1002") + GRACE.replace("1002", "1001")
        assert summary(load(swapped)) == (0, 2, 0, 0, 0)
        emails = dict(db.session.execute(select(Employee.employee_number, Employee.email)).all())
        assert emails == {"1002": "ada@example.com", "1001": "grace@example.com"}
        assert summary(load(swapped)) == (0, 0, 2, 0, 0)
        # A new employee may have the e-mail that another gives up in the same file.
        handed = "new@example.com,1001,Ada,Lovelace,,\n" + GRACE.replace("1002", "1003")
        assert summary(load(HEADER + handed)) == (1, 1, 0, 0, 0)


def test_an_e_mail_that_somebody_keeps_is_not_given_away(app: Flask) -> None:
    with app.app_context():
        load(HEADER + ADA + GRACE + "c@example.com,1003,C,C,,\n")
        # 1001 would have Grace's, which she keeps; so 1001 keeps Ada's, which 1003 cannot have.
        report = load(
            HEADER
            + "ada@example.com,1003,C,C,,\n"
            + "grace@example.com,1001,Ada,Lovelace,,\n"
            + "d@example.com,1004,D,D,,\n"
        )
        assert [(row.number, row.reason) for row in report.broken] == [
            (2, "Ada Lovelace (1001) has this e-mail"),
            (3, "Grace Hopper (1002) has this e-mail"),
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


def test_a_broken_row_deactivates_nobody_whom_it_may_mean(app: Flask) -> None:
    with app.app_context():
        load(HEADER + ADA + GRACE)
        named = load(HEADER + ADA + "no-address,1002,Grace,Hopper,,\n", sync=True)
        assert (summary(named), named.unsure) == ((0, 0, 1, 0, 1), False)
        unnamed = load(HEADER + ADA + "grace@example.com,,Grace,Hopper,,\n", sync=True)
        assert (summary(unnamed), unnamed.unsure) == ((0, 0, 1, 0, 1), True)
        with pytest.raises(Invalid):
            load(HEADER, sync=True)


@pytest.mark.parametrize("by", ["sync", "the column active", "hand"])
def test_who_is_deactivated_loses_every_session_for_good(
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
            row = db.session.scalars(select(Employee).where(Employee.employee_number == "1001"))
            ada = row.one()
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


NOT_LISTS = [
    b"",
    b"\n\n",
    b"name\nAda\n",
    b"\x00\x01\x02",
    b"PK\x03\x04zip",
    HEADER.encode(),
    b'"email,number\n',
    (HEADER.replace("location", "email") + ADA).encode(),
    (HEADER.replace("department,location", "Team,Unit") + ADA).encode(),
]


@pytest.mark.parametrize("data", NOT_LISTS)
def test_what_is_no_list_is_refused_whole(app: Flask, data: bytes) -> None:
    with app.app_context(), pytest.raises(Invalid):
        load(data)


def test_the_command_reports_and_counts(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(BROKEN)
    run = app.test_cli_runner().invoke
    done = run(args=["employees", "import", str(tmp_path / "list.csv")])
    assert done.exit_code == 0, done.output
    assert "2 of 2 rows written" in done.output
    assert "2 new, 0 changed, 0 unchanged, 0 deactivated, 7 broken" in done.output
    assert "row 3: the email is no e-mail address" in done.output
    check = run(args=["employees", "import", "--dry-run", str(tmp_path / "list.csv")])
    assert "nothing was imported" in check.output
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


def test_while_an_import_goes_on_its_admin_sees_how_far_it_is(
    app: Flask, admin: PageClient
) -> None:
    address, told = "/admin/employees/import/progress", re.compile("[0-9]+,000 of 12,000 rows")
    assert "Nothing is being read or written just now." in text_of(admin.get(address).text)
    rows = [f"p{n}@example.com,{n},Ada,Lovelace,Research,London\n" for n in range(1, 12_001)]
    data = (HEADER + "".join(rows)).encode()
    tab = app.test_client()
    assert isinstance(tab, PageClient)
    tab.sign_in(*ADMIN)
    importing = threading.Thread(target=upload, args=(admin, data, "import"))
    importing.start()
    shown = set()
    try:
        while importing.is_alive():
            shown.update(told.findall(text_of(tab.get(address).text)))
    finally:
        importing.join()
    assert len(shown) > 1
    assert "Nothing is being read or written just now." in text_of(tab.get(address).text)


def test_the_page_takes_files_of_megabytes(admin: PageClient) -> None:
    rows = "".join(f"p{n}@example.com,{n},First,{'x' * 60},,\n" for n in range(20_000))
    assert len(rows) > 1_500_000
    assert "20,000 new" in upload(admin, (HEADER + rows).encode(), "check")


def test_the_page_says_what_would_change_and_no_more_than_fits(
    app: Flask, admin: PageClient
) -> None:
    with app.app_context():
        load(HEADER + ADA + GRACE)
    rows = "".join(f"p{n}@example.com,{n},First,<b>,,\n" for n in range(2000, 2150))
    file = HEADER + ADA.replace("London", "") + rows + "broken\n"
    page = upload(admin, file.encode(), "check")
    assert "Ada Lovelace (1001): location London → nothing" in page
    assert "First <b> (2099), p2099@example.comand 50 more" in page
    assert "Row 153: the employee number is missing" in page
    assert "p2100@example.com" not in page


def test_a_file_that_is_too_large_is_refused_with_the_form(app: Flask, admin: PageClient) -> None:
    fields = {"file": (io.BytesIO(bytes(21 * 1024 * 1024)), "list.csv")}
    for headers, marker in (({}, "<!doctype html>"), ({"HX-Request": "true"}, '<div id="report">')):
        fields = {"file": (io.BytesIO(bytes(21 * 1024 * 1024)), "list.csv")}
        answer = admin.post("/admin/employees/import", data=fields, headers=headers)
        assert answer.status_code == 413
        assert answer.text.lstrip().startswith(marker)
        assert "more than 20 MB" in answer.text
    stranger = app.test_client()
    fields = {"file": (io.BytesIO(bytes(21 * 1024 * 1024)), "list.csv")}
    answer = stranger.post("/admin/employees/import", data=fields)
    answer.request.environ["wsgi.input"].close()
    assert (answer.status_code, "csrf_token" in answer.text) == (413, False)


def address_of(app: Flask, number: str) -> str:
    with app.app_context():
        known = select(Employee.id).where(Employee.employee_number == number)
        return f"/admin/employees/{db.session.scalars(known).one()}"


PERSON = {
    "first_name": "Ada",
    "last_name": "King",
    "email": "Ada@Example.com",
    "employee_number": "01001",
}


def test_one_employee_is_added_and_changed_by_hand(app: Flask, admin: PageClient) -> None:
    page = admin.get("/admin/employees/new")
    answer = admin.submit(page, "/new", **PERSON)
    assert (answer.status_code, answer.location) == (303, "/admin/employees?q=Ada@Example.com")
    assert "Ada King" in text_of(admin.get(answer.location).text)
    address = address_of(app, "01001")
    same = admin.submit(admin.get(address), address)
    changed = admin.submit(admin.get(address), address, last_name="Lovelace")
    assert (same.status_code, changed.status_code) == (303, 303)
    with app.app_context():
        assert names() == {"Ada Lovelace"}
        rows = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()[-2:]
        assert [(row.action, row.subject) for row in rows] == [
            ("employee_added", "Ada King (01001)"),
            ("employee_changed", "Ada King (01001)"),
        ]
        assert rows[1].details == '{"last_name": ["King", "Lovelace"]}'


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"first_name": " "}, "The first name is missing."),
        ({"email": "nowhere"}, "The email is no e-mail address."),
        ({"email": "GRACE@example.com"}, "Another employee has this e-mail."),
        ({"employee_number": "0-1002"}, "Another employee has the number 1002."),
        ({"location": "x" * 81}, "The location has more than 80 characters."),
    ],
)
def test_what_is_no_employee_is_said_and_kept(
    app: Flask, admin: PageClient, changes: dict[str, str], complaint: str
) -> None:
    with app.app_context():
        load(HEADER + GRACE + ADA)
    answer = admin.submit(
        admin.get("/admin/employees/new"),
        "/new",
        **(PERSON | {"email": "x@x.x", "employee_number": "7"} | changes),
    )
    assert answer.status_code == 422
    assert complaint in text_of(answer.text)
    assert 'value="King"' in answer.text
    edited = admin.submit(admin.get(address_of(app, "1001")), "/admin/employees/", **changes)
    assert (edited.status_code, complaint in text_of(edited.text)) == (422, True)
    with app.app_context():
        assert names() == {"Ada Lovelace", "Grace Hopper"}


def test_an_employee_who_is_not_there_is_not_found(admin: PageClient) -> None:
    for number in ("999", "2147483648", "0x1"):
        assert admin.get(f"/admin/employees/{number}").status_code == 404


def test_the_list_is_searched_and_paged(app: Flask, admin: PageClient) -> None:
    with app.app_context():
        for number in range(55):
            add_employee(f"{2000 + number}")
    assert "Page 1 of 2" in text_of(admin.get("/admin/employees").text)
    assert "1 employee " in text_of(admin.get("/admin/employees?q=2007").text)
    assert "Nobody matches" in text_of(admin.get("/admin/employees?q=%25").text)
    assert admin.get("/admin/employees?page=0").status_code == 422
