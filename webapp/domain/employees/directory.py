"""The employee list: looking employees up by id, by what they type, and by a search."""

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, cast

from sqlalchemy import Table, Update, bindparam, func, select, update

from webapp.domain.employees.identifiers import normal_email, normal_number, vouched_email
from webapp.domain.models import Employee
from webapp.infra import cache
from webapp.infra.extensions import db

CACHE_SECONDS = 300


@dataclass(frozen=True)
class EmployeeInfo:
    """An employee as pages and nodes need them."""

    id: int
    employee_number: str
    name: str
    department: str
    active: bool
    session_version: int


# The columns that a file or an admin sets.
FIELDS = (
    "email",
    "employee_number",
    "first_name",
    "last_name",
    "department",
    "location",
    "active",
)
# Trimmed, for an employee may have one name alone.
FULL_NAME = func.trim(Employee.first_name + " " + Employee.last_name)
# Columns of the table, built once: an ORM object costs as much again as the query.
_TABLE = cast(Table, Employee.__table__).c
_COLUMNS = (
    _TABLE.id,
    _TABLE.employee_number,
    func.trim(_TABLE.first_name + " " + _TABLE.last_name).label("name"),
    _TABLE.department,
    _TABLE.active,
    _TABLE.epoch.label("session_version"),
)
BY_EMAIL = select(*_COLUMNS).where(_TABLE.email == bindparam("email"))
BY_ID = select(*_COLUMNS).where(_TABLE.id == bindparam("id"))


def get_employee(employee_id: int) -> EmployeeInfo | None:
    """Return the employee with that id, from the cache, or None."""
    values = cache.remember(
        cache_key(employee_id),
        CACHE_SECONDS,
        lambda: _read(employee_id),
        EmployeeInfo.__dataclass_fields__,
    )
    return EmployeeInfo(**values) if values else None


def match_employee(email: str, employee_number: str) -> EmployeeInfo | None:
    """Return the active employee with this address and number, or None.

    The caller does not learn which of the two was wrong.
    """
    employee = _by_email(normal_email(email))
    # Compared even where nobody has the address, so that the answer takes the same time.
    expected = normal_number(employee.employee_number) if employee else "nobody"
    same = hmac.compare_digest(expected.encode(), normal_number(employee_number).encode())
    if employee is None or not same or not employee.active:
        return None
    cache.put(cache_key(employee.id), asdict(employee), CACHE_SECONDS)
    return employee


def find_by_email(email: str) -> EmployeeInfo | None:
    """Return the active employee whose address single sign-on has verified, or None."""
    vouched = vouched_email(email)
    employee = _by_email(vouched) if vouched else None
    return employee if employee and employee.active else None


def end_sessions(employee_id: int) -> None:
    """Raise the employee's session version, so that no cookie made before it counts any more."""
    change = update(Employee).where(Employee.id == employee_id)
    db.session.execute(change.values(session_version=Employee.session_version + 1))
    db.session.commit()
    cache.forget(cache_key(employee_id))


def end_of_access(employee_ids: Sequence[int]) -> Update:
    """Return the statement that deactivates these employees and ends all their sessions."""
    leave = update(Employee).where(Employee.id.in_(employee_ids))
    return leave.values(active=False, session_version=Employee.session_version + 1)


def forget_employees(employee_ids: Iterable[int]) -> None:
    """Drop these employees from the cache, on the line after the commit that changed them."""
    keys = [cache_key(employee_id) for employee_id in employee_ids]
    if keys:
        cache.forget(*keys)


def count_active() -> int:
    """Return the number of employees who may check in."""
    active = select(func.count()).select_from(Employee).where(Employee.active)
    return db.session.scalar(active) or 0


def cache_key(employee_id: int) -> str:
    """Return the cache key of an employee."""
    return f"employee:v2:{employee_id}"


def _read(employee_id: int) -> dict[str, Any] | None:
    row = db.session.execute(BY_ID, {"id": employee_id}).one_or_none()
    return row._asdict() if row else None


def _by_email(email: str) -> EmployeeInfo | None:
    row = db.session.execute(BY_EMAIL, {"email": email}).one_or_none()
    return EmployeeInfo(**row._mapping) if row else None
