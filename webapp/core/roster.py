"""The roster of an event: every active employee, whether they came or not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, SQLColumnExpression, and_, func, or_, select

from webapp.core.errors import Invalid
from webapp.core.events import EventInfo
from webapp.core.extensions import db
from webapp.core.models import Attendance, Employee, WatchedMinute
from webapp.core.paging import parse_page

PAGE_ROWS = 50
STATUSES = {"present": "Checked in", "absent": "Not checked in"}

_watched = func.coalesce(
    select(func.count())
    .where(
        WatchedMinute.event_id == Attendance.event_id,
        WatchedMinute.employee_id == Attendance.employee_id,
    )
    .correlate(Attendance)
    .scalar_subquery(),
    0,
).label("watched_minutes")

SORTS: dict[str, SQLColumnExpression[Any]] = {
    "name": Employee.last_name,
    "number": Employee.employee_number,
    "department": Employee.department,
    "location": Employee.location,
    "checked_in": Attendance.checked_in_at,
    "minutes": _watched,
}


@dataclass(frozen=True)
class Filters:
    """What the address asks for; `sort` is a key of `SORTS`, with `-` in front descending."""

    q: str = ""
    department: str = ""
    location: str = ""
    status: str = ""
    sort: str = "name"
    page: int = 1

    def as_args(self, **changes: Any) -> dict[str, Any]:
        """The same as query arguments, with changes; defaults are left out."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__} | changes
        defaults = Filters()
        return {name: v for name, v in values.items() if v != getattr(defaults, name)}


@dataclass(frozen=True)
class Roster:
    """One page of the roster, and what stands around it."""

    rows: Sequence[Row[*tuple[Any, ...]]]
    matching: int
    present: int
    employees: int
    departments: list[str]
    locations: list[str]

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.matching // PAGE_ROWS))


def parse_filters(args: dict[str, str]) -> Filters:
    """The filters in an address. Raises `Invalid` for an unknown status or sort, or a bad page."""
    filters = Filters(
        q=args.get("q", "").strip()[:100],
        department=args.get("department", ""),
        location=args.get("location", ""),
        status=args.get("status", ""),
        sort=args.get("sort") or "name",
        page=parse_page(args.get("page") or "1"),
    )
    if filters.status and filters.status not in STATUSES:
        raise Invalid("There is no such status.")
    if filters.sort.removeprefix("-") not in SORTS:
        raise Invalid("The roster cannot be sorted by that.")
    return filters


def read_roster(event: EventInfo, filters: Filters) -> Roster:
    """One page of the event's roster, in four statements whatever its size."""
    joined = and_(Attendance.employee_id == Employee.id, Attendance.event_id == event.id)
    counts = select(func.count(), func.count(Attendance.employee_id))
    everyone = counts.select_from(Employee).outerjoin(Attendance, joined).where(Employee.active)
    employees, present = db.session.execute(everyone).one()
    wanted = and_(Employee.active, *_conditions(filters))
    matching = db.session.scalar(
        select(func.count()).select_from(Employee).outerjoin(Attendance, joined).where(wanted)
    )
    rows = db.session.execute(_page(filters, joined, wanted)).all()
    places = db.session.execute(
        select(Employee.department, Employee.location).where(Employee.active).distinct()
    ).all()
    return Roster(
        rows,
        matching or 0,
        present,
        employees,
        sorted({department for department, _ in places}),
        sorted({location for _, location in places}),
    )


def _page(filters: Filters, joined: Any, wanted: Any) -> Select[*tuple[Any, ...]]:
    order = SORTS[filters.sort.removeprefix("-")]
    order = order.desc() if filters.sort.startswith("-") else order.asc()
    return (
        select(Employee, Attendance.checked_in_at, _watched)
        .outerjoin(Attendance, joined)
        .where(wanted)
        .order_by(order, Employee.last_name, Employee.first_name, Employee.id)
        .limit(PAGE_ROWS)
        .offset((filters.page - 1) * PAGE_ROWS)
    )


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.q:
        full_name = Employee.first_name + " " + Employee.last_name
        columns = (full_name, Employee.email, Employee.employee_number)
        conditions.append(
            or_(*(column.icontains(filters.q, autoescape=True) for column in columns))
        )
    if filters.department:
        conditions.append(Employee.department == filters.department)
    if filters.location:
        conditions.append(Employee.location == filters.location)
    if filters.status == "present":
        conditions.append(Attendance.employee_id.is_not(None))
    if filters.status == "absent":
        conditions.append(Attendance.employee_id.is_(None))
    return conditions
