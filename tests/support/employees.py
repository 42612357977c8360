"""Import employees in a test, and inspect the result."""

import io
from collections.abc import Iterable
from typing import Any

import openpyxl
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.support.client import PageClient
from webapp.domain.employees.import_report import ImportReport
from webapp.domain.employees.importing import import_employees
from webapp.domain.models import Employee
from webapp.infra.extensions import db

HEADER = "email,employee_number,first_name,last_name,department,location\n"
ADA = "ada@example.com,1001,Ada,Lovelace,Research,London\n"
GRACE = "grace@example.com,1002,Grace,Hopper,Navy,Arlington\n"
# Of a workbook: titles and one row.
TITLES = ["E-mail", "Employee number", "First name", "Last name"]
NORA = ["nora@example.com", "5", "Nora", "New"]
IMPORT_PAGE = "/admin/employees/import"


def load(text: str | bytes, **options: Any) -> ImportReport:
    """Import a file, confirmed unless the test says otherwise."""
    data = text if isinstance(text, bytes) else text.encode()
    return import_employees(data, **({"confirmed": True} | options))


def summary(report: ImportReport) -> tuple[int, ...]:
    """Return how many are new, changed, unchanged, deactivated and broken."""
    return tuple(report.counts.values())


def names() -> set[str]:
    """Return the names of all employees."""
    return {employee.name for employee in db.session.scalars(select(Employee))}


def find(number: str) -> Employee:
    """Return the employee with this number."""
    return db.session.scalars(select(Employee).where(Employee.employee_number == number)).one()


def everybody() -> dict[str, tuple[str, str, bool]]:
    """Return name, address and whether they may check in, by employee number."""
    db.session.expire_all()
    rows = db.session.scalars(select(Employee))
    return {row.employee_number: (row.name, row.email, row.active) for row in rows}


def workbook(rows: Iterable[list[Any]], sheet: str = "Sheet1", *, before: str = "") -> bytes:
    """Return an Excel workbook of one sheet with these rows, and of a sheet `before` it."""
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.title = sheet
    for row in rows:
        page.append(row)
    if before:
        book.create_sheet(before, 0).append(["Notes"])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def upload(admin: PageClient, data: bytes, name: str = "list.csv", **boxes: str) -> TestResponse:
    """Send a file and return the page that shows what it would change."""
    token = admin.get(IMPORT_PAGE).text.split('name="csrf_token" value="')[1].split('"')[0]
    fields = {"csrf_token": token, "file": (io.BytesIO(data), name)} | boxes
    answer = admin.post(IMPORT_PAGE, data=fields)
    assert answer.status_code == 303, answer.text
    return admin.get(answer.location)


def confirm(admin: PageClient, page: TestResponse, **fields: str) -> TestResponse:
    """Press the button below the report; the box above it is ticked if `confirmed` says so."""
    return admin.submit(page, "/apply", **({"confirmed": ""} | fields))
