"""Adding and changing one employee by hand, by the rules of the import."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from webapp.domain.audit import trail
from webapp.domain.employees import rosters
from webapp.domain.employees.directory import FIELDS, forget_employees
from webapp.domain.employees.identifiers import normal_number
from webapp.domain.employees.rows import clean_values, validation_error
from webapp.domain.models import Employee
from webapp.errors import Invalid, NotFound
from webapp.infra.extensions import db
from webapp.infra.publisher import close_sockets


def get_employee(employee_id: int) -> Employee:
    """Return the employee with that id. Raises `NotFound`."""
    employee = db.session.get(Employee, employee_id)
    if employee is None:
        raise NotFound("There is no such employee.")
    return employee


def add_employee(values: dict[str, Any]) -> None:
    """Add an employee; `values` has every one of `FIELDS`. Raises `Invalid`."""
    employee = Employee(**_checked(values, None))
    db.session.add(employee)
    _flush()
    rosters.follow([employee.id])
    rosters.arrange()
    trail.record("employee_added", subject=employee.label)
    db.session.commit()


def change_employee(employee_id: int, values: dict[str, Any]) -> None:
    """Change an employee. Deactivating one ends all their sessions. Raises `Invalid`."""
    employee = get_employee(employee_id)
    label, before = employee.label, {name: getattr(employee, name) for name in FIELDS}
    wanted = _checked(values, employee_id)
    changes: dict[str, Any] = {n: [before[n], v] for n, v in wanted.items() if v != before[n]}
    if not changes:
        return
    ends_access = changes.get("active") == [True, False]
    for name, value in wanted.items():
        setattr(employee, name, value)
    if ends_access:
        employee.session_version += 1
    _flush()
    rosters.follow([employee_id])
    rosters.arrange()
    trail.record("employee_changed", subject=label, **changes)
    db.session.commit()
    forget_employees([employee_id])
    if ends_access:
        close_sockets(employee_id)


def _checked(values: dict[str, Any], employee_id: int | None) -> dict[str, Any]:
    texts = clean_values({name: text for name, text in values.items() if name != "active"})
    if reason := validation_error(texts):
        raise Invalid(f"{reason[0].upper()}{reason[1:]}.")
    number = normal_number(texts["employee_number"])
    # Compared as people type it, which the unique key cannot do.
    for known_id, known in db.session.execute(select(Employee.id, Employee.employee_number)):
        if known_id != employee_id and normal_number(known) == number:
            raise Invalid(f"Another employee has the number {known}.")
    return {**texts, "active": values["active"]}


def _flush() -> None:
    try:
        db.session.flush()
    except IntegrityError:
        db.session.rollback()
        raise Invalid("Another employee has this e-mail address.") from None
