"""Adding and changing one employee by hand, by the rules of the import."""

from collections.abc import Sequence
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
from webapp.infra.database import retry_on_outage
from webapp.infra.extensions import db
from webapp.infra.publisher import close_sockets


def get_employee(employee_id: int) -> Employee:
    """Return the employee with that id. Raises `NotFound`."""
    employee = db.session.get(Employee, employee_id)
    if employee is None:
        raise NotFound("There is no such employee.")
    return employee


def find_by_number(text: str) -> Employee:
    """Return the employee with that number, written as people type it. Raises `NotFound`."""
    wanted = normal_number(text)
    for employee_id, known in _read_numbers():
        if normal_number(known) == wanted:
            return get_employee(employee_id)
    raise NotFound("There is no employee with the number %(number)s.", number=text)


def add_employee(values: dict[str, Any]) -> None:
    """Add an employee; `values` has every one of `FIELDS`. Raises `Invalid`."""
    _write_new(values)
    db.session.commit()


def change_employee(employee_id: int, values: dict[str, Any]) -> bool:
    """Change an employee, and return True if this deactivated them.

    That ends all their sessions. Raises `Invalid`.
    """
    changes = _write_changes(employee_id, values)
    db.session.commit()
    if changes:
        forget_employees([employee_id])
    if _ends_access(changes):
        close_sockets(employee_id)
    return _ends_access(changes)


def reactivate_employee(employee_id: int) -> Employee:
    """Let an employee check in again, as they could before; return them. Raises `Invalid`."""
    employee = get_employee(employee_id)
    values = {name: getattr(employee, name) for name in FIELDS}
    change_employee(employee_id, values | {"active": True})
    return get_employee(employee_id)


# An import may hold the same rows, and the database then ends one of the two as deadlocked. The
# commit is not repeated: a second run would take the row of the first for another employee.
@retry_on_outage
def _write_new(values: dict[str, Any]) -> None:
    employee = Employee(**_checked(values, None))
    db.session.add(employee)
    _flush()
    rosters.follow([employee.id])
    rosters.arrange()
    trail.record("employee_added", subject=employee.label)


@retry_on_outage
def _write_changes(employee_id: int, values: dict[str, Any]) -> dict[str, Any]:
    """Return the changed fields with their values before and after."""
    employee = get_employee(employee_id)
    if employee.erased_at:
        raise Invalid("This person was erased and cannot be changed.")
    label, before = employee.label, {name: getattr(employee, name) for name in FIELDS}
    wanted = _checked(values, employee_id)
    changes: dict[str, Any] = {n: [before[n], v] for n, v in wanted.items() if v != before[n]}
    if not changes:
        return {}
    for name, value in wanted.items():
        setattr(employee, name, value)
    if _ends_access(changes):
        employee.session_version += 1
    _flush()
    rosters.follow([employee_id])
    rosters.arrange()
    trail.record("employee_changed", subject=label, **changes)
    return changes


def _ends_access(changes: dict[str, Any]) -> bool:
    return changes.get("active") == [True, False]


def _checked(values: dict[str, Any], employee_id: int | None) -> dict[str, Any]:
    texts = clean_values({name: text for name, text in values.items() if name != "active"})
    field, reason = validation_error(texts)
    if reason:
        sentence = f"{reason[0].upper()}{reason[1:]}."
        raise Invalid(sentence, form_field=field)
    number = normal_number(texts["employee_number"])
    # Compared as people type it, which the unique key cannot do.
    for known_id, known in _read_numbers():
        if known_id != employee_id and normal_number(known) == number:
            raise Invalid(
                "Another employee has the number %(number)s.",
                number=known,
                form_field="employee_number",
            )
    return {**texts, "active": values["active"]}


def _read_numbers() -> Sequence[Any]:
    """Return the id and the number of everybody who was not erased."""
    query = select(Employee.id, Employee.employee_number).where(Employee.erased_at.is_(None))
    return db.session.execute(query).all()


def _flush() -> None:
    try:
        db.session.flush()
    except IntegrityError:
        db.session.rollback()
        raise Invalid("Another employee has this e-mail address.", form_field="email") from None
