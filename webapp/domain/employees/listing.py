"""The employee list of admins: filtered, sorted, and a page at a time."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select

from webapp.domain.employees.search import found
from webapp.domain.models import Employee
from webapp.errors import Invalid
from webapp.i18n import lazy
from webapp.infra.extensions import db
from webapp.infra.paging import parse_page

PAGE_ROWS = 50
QUERY_LENGTH = 100
STATES = {"active": lazy("Active"), "inactive": lazy("Inactive"), "erased": lazy("Erased")}
BY_NAME = (Employee.last_name, Employee.first_name, Employee.id)
SORT_KEYS: dict[str, Any] = {
    "name": Employee.last_name,
    "number": Employee.employee_number,
    "email": Employee.email,
    "department": Employee.department,
    "location": Employee.location,
    "active": Employee.active,
}


@dataclass(frozen=True)
class EmployeeFilters:
    """The parameters of the list's address; `sort` is one of `SORT_KEYS`, `-name` for descending.

    Without a `state` the list has everybody who was not erased.
    """

    q: str = ""
    state: str = ""
    department: str = ""
    location: str = ""
    sort: str = "name"
    page: int = 1

    def as_args(self, **changes: Any) -> dict[str, Any]:
        """Return query arguments for these filters with `changes`, without the default values."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__} | changes
        return {n: value for n, value in values.items() if value != getattr(EmployeeFilters(), n)}


@dataclass(frozen=True)
class EmployeePage:
    """A page of the list, the number of employees who match, and the choices of the filters."""

    employees: list[Employee]
    total: int
    departments: list[str]
    locations: list[str]

    @property
    def pages(self) -> int:
        """Return the number of pages, at least one."""
        return max(1, -(-self.total // PAGE_ROWS))


def parse_filters(args: dict[str, str]) -> EmployeeFilters:
    """Return the filters in query arguments. Raise `Invalid` for what no form sends."""
    state, sort = args.get("state", ""), args.get("sort") or "name"
    if state and state not in STATES:
        raise Invalid("There is no such state.")
    if sort.removeprefix("-") not in SORT_KEYS:
        raise Invalid("The list cannot be sorted by that.")
    return EmployeeFilters(
        q=args.get("q", "").strip()[:QUERY_LENGTH],
        state=state,
        department=args.get("department", ""),
        location=args.get("location", ""),
        sort=sort,
        page=parse_page(args.get("page") or "1"),
    )


def read_employees(filters: EmployeeFilters) -> EmployeePage:
    """Return a page of the list, in four statements whatever its size."""
    matches = _conditions(filters)
    count = select(func.count()).select_from(Employee).where(*matches)
    rows = select(Employee).where(*matches).order_by(*_order(filters.sort))
    start = (filters.page - 1) * PAGE_ROWS
    return EmployeePage(
        list(db.session.scalars(rows.limit(PAGE_ROWS).offset(start))),
        db.session.scalar(count) or 0,
        _names(Employee.department),
        _names(Employee.location),
    )


def _conditions(filters: EmployeeFilters) -> list[ColumnElement[bool]]:
    states = {
        "": [Employee.erased_at.is_(None)],
        "active": [Employee.active.is_(True)],
        "inactive": [Employee.active.is_(False), Employee.erased_at.is_(None)],
        "erased": [Employee.erased_at.is_not(None)],
    }
    conditions: list[ColumnElement[bool]] = [*states[filters.state]]
    if filters.q:
        conditions.append(found(Employee, filters.q))
    if filters.department:
        conditions.append(Employee.department == filters.department)
    if filters.location:
        conditions.append(Employee.location == filters.location)
    return conditions


def _order(sort: str) -> list[ColumnElement[Any]]:
    key = SORT_KEYS[sort.removeprefix("-")]
    first = key.desc() if sort.startswith("-") else key
    return [first, *(name for name in BY_NAME if name is not key)]


def _names(column: Any) -> list[str]:
    """Return the departments or locations, by the index of the column."""
    return list(db.session.scalars(select(column).where(column != "").distinct().order_by(column)))
