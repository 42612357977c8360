"""Importing employees in a test, and looking at what came of it."""

from typing import Any

from sqlalchemy import select

from webapp.domain.employees.comparison import ImportReport
from webapp.domain.employees.importing import import_employees
from webapp.domain.models import Employee
from webapp.infra.extensions import db

HEADER = "email,employee_number,first_name,last_name,department,location\n"
ADA = "ada@example.com,1001,Ada,Lovelace,Research,London\n"
GRACE = "grace@example.com,1002,Grace,Hopper,Navy,Arlington\n"


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
