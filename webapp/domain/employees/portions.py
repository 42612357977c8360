"""Writing one portion of an import: a transaction that may be repeated after a lost commit.

Each looks first whether its employees are as the report showed them. Those that are already as
they should be are left alone; anything else ends the import.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, insert, select, update

from webapp.domain.employees import rosters
from webapp.domain.employees.directory import FIELDS, end_of_access, forget_employees
from webapp.domain.employees.import_report import Change, Known
from webapp.domain.models import Employee
from webapp.infra.database import allow_long_statements, begin_to_write, retry_on_outage
from webapp.infra.extensions import db
from webapp.infra.publisher import close_sockets


class EmployeesChanged(Exception):
    """An employee is no longer as the report showed them."""


@retry_on_outage
def write_changes(changes: Sequence[Change]) -> None:
    """Change employees. Raises `EmployeesChanged`."""
    begin_to_write()
    now = _read(Employee.id.in_([change.employee.id for change in changes]))
    due = [c for c in changes if _is_due(now.get(c.employee.id), c.employee.values, c.values)]
    leavers = [change.employee.id for change in due if change.ends_access]
    if due:
        _free_emails(due)
        db.session.execute(update(Employee), [{"id": c.employee.id} | c.values for c in due])
        db.session.execute(end_of_access(leavers))
        rosters.follow(change.employee.id for change in due)
    db.session.commit()
    _end_access([change.employee.id for change in changes if change.ends_access])
    forget_employees(change.employee.id for change in changes)


@retry_on_outage
def write_new(rows: Sequence[dict[str, Any]]) -> None:
    """Add employees. Raises `EmployeesChanged`."""
    begin_to_write()
    # Without locks: there is no row yet to hold, and a scan would wait for rows of others.
    now = _read(Employee.email.in_([values["email"] for values in rows]), lock=False)
    stored = {values["email"]: values for values in now.values()}
    due = [values for values in rows if _is_due(stored.get(values["email"]), None, values)]
    if due:
        db.session.execute(insert(Employee), due)
        added = select(Employee.id).where(Employee.email.in_([row["email"] for row in due]))
        rosters.follow(db.session.scalars(added))
    db.session.commit()


@retry_on_outage
def deactivate(employees: Sequence[Known]) -> None:
    """Deactivate employees and end their sessions. Raises `EmployeesChanged`."""
    begin_to_write()
    now = _read(Employee.id.in_([employee.id for employee in employees]))
    leavers = [
        e.id for e in employees if _is_due(now.get(e.id), e.values, e.values | {"active": False})
    ]
    if leavers:
        db.session.execute(end_of_access(leavers))
        rosters.follow(leavers)
    db.session.commit()
    _end_access([employee.id for employee in employees])


@retry_on_outage
def arrange_rosters() -> None:
    """Put the new employees in their places on the rosters, once all portions are written."""
    begin_to_write()
    allow_long_statements()
    rosters.arrange()
    db.session.commit()


def _end_access(employee_ids: Sequence[int]) -> None:
    """Forget employees who may not watch any more, and close their sockets.

    Includes those whom an earlier run deactivated: the answer to its commit may have been lost.
    """
    forget_employees(employee_ids)
    if employee_ids:
        close_sockets(*employee_ids)


def _read(condition: ColumnElement[bool], *, lock: bool = True) -> dict[int, dict[str, Any]]:
    columns = [getattr(Employee, name) for name in ("id", *FIELDS)]
    # Everyone locks in the same order, so that two imports cannot wait for each other.
    query = select(*columns).where(condition).order_by(Employee.id)
    found = db.session.execute(query.with_for_update() if lock else query)
    rows = [dict(row) for row in found.mappings()]
    return {row.pop("id"): row for row in rows}


def _is_due(
    now: dict[str, Any] | None, before: dict[str, Any] | None, after: dict[str, Any]
) -> bool:
    if now == after:
        return False
    if now != before:
        raise EmployeesChanged
    return True


def _free_emails(changes: Sequence[Change]) -> None:
    """Take away the addresses that move on within the portion: no order of rows suits a swap."""
    wanted = {change.values["email"] for change in changes}
    moving = [
        {"id": change.employee.id, "email": f"moving {change.employee.id}"}
        for change in changes
        if "email" in change.differences and change.employee.values["email"] in wanted
    ]
    if moving:
        db.session.execute(update(Employee), moving)
