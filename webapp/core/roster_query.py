"""The SQL of a roster: one shape of row, whether its figures are live or frozen."""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import outerjoin

from webapp.core.events import EventInfo
from webapp.core.models import Admin, Attendance, Closing, Correction, Employee, FrozenAttendance
from webapp.core.roster_filters import Filters
from webapp.core.statuses import counted_status, rank, rule_of

IDENTITY = ("employee_number", "first_name", "last_name", "email", "department", "location")
FIGURES = ("checked_in_at", "first_minute", "last_minute")

Statement = Select[*tuple[Any, ...]]


class RosterQuery:
    """Statements on the roster of one event. `closing` says that its figures are frozen."""

    def __init__(self, event: EventInfo, closing: Closing | None) -> None:
        self._event_id = event.id
        # Of one table or of two, columns of the same names.
        self._who: Any = FrozenAttendance if closing else Employee
        self._figures: Any = FrozenAttendance if closing else Attendance
        self._employee_id = FrozenAttendance.employee_id if closing else Employee.id
        self._watched = func.coalesce(self._figures.watched_minutes, 0)
        self._counted: Any = (
            FrozenAttendance.status if closing else counted_status(rule_of(event, None))
        )
        self._shown = func.coalesce(Correction.status, self._counted)

    def rows(self, filters: Filters) -> Statement:
        """The rows that match, in their order."""
        matching = self._rows().where(*self._conditions(filters))
        return matching.order_by(*self._order(filters.sort))

    def row(self, employee_id: int) -> Statement:
        """The row of one employee, if they are on the roster."""
        return self._rows().where(self._employee_id == employee_id)

    def counts(self, q: str) -> Statement:
        """By department, location and status: how many `people`, and how many `q` finds."""
        groups = (self._who.department, self._who.location, self._shown.label("shown"))
        found = func.count(case((self._found(q), 1))) if q else func.count()
        query = select(*groups, func.count().label("people"), found.label("found"))
        return query.select_from(self._source()).where(self._everyone()).group_by(*groups)

    def _rows(self) -> Statement:
        """`shown` is the status, `counted` the one without the correction."""
        query = select(
            self._employee_id.label("employee_id"),
            *(getattr(self._who, name) for name in IDENTITY),
            self._shown.label("shown"),
            self._counted.label("counted"),
            self._watched.label("watched_minutes"),
            *(getattr(self._figures, name) for name in FIGURES),
            Correction.status.label("corrected"),
            Correction.note,
            Correction.corrected_at,
            Admin.name.label("corrected_by"),
        )
        named = outerjoin(self._source(), Admin, Admin.id == Correction.corrected_by)
        return query.select_from(named).where(self._everyone())

    def _source(self) -> Any:
        source = self._who
        if self._who is Employee:
            here = and_(
                Attendance.employee_id == Employee.id, Attendance.event_id == self._event_id
            )
            source = outerjoin(Employee, Attendance, here)
        latest = select(func.max(Correction.id)).where(Correction.event_id == self._event_id)
        counts = and_(
            Correction.event_id == self._event_id,
            Correction.employee_id == self._employee_id,
            Correction.id.in_(latest.group_by(Correction.employee_id)),
        )
        return outerjoin(source, Correction, counts)

    def _everyone(self) -> ColumnElement[bool]:
        if self._who is Employee:
            # Who came stays on the roster, also when deactivated in the midst of the event.
            return or_(Employee.active, Attendance.employee_id.is_not(None))
        return FrozenAttendance.event_id == self._event_id

    def _found(self, q: str) -> ColumnElement[bool]:
        full_name = self._who.first_name + " " + self._who.last_name
        columns = (full_name, self._who.email, self._who.employee_number)
        return or_(*(column.icontains(q, autoescape=True) for column in columns))

    def _conditions(self, filters: Filters) -> list[ColumnElement[bool]]:
        conditions = [self._found(filters.q)] if filters.q else []
        if filters.department:
            conditions.append(self._who.department == filters.department)
        if filters.location:
            conditions.append(self._who.location == filters.location)
        if filters.status:
            conditions.append(self._shown == filters.status)
        return conditions

    def _order(self, sort: str) -> list[ColumnElement[Any]]:
        name = (self._who.last_name, self._who.first_name)
        columns: dict[str, tuple[Any, ...]] = {
            "name": name,
            "number": (self._who.employee_number,),
            "department": (self._who.department,),
            "location": (self._who.location,),
            "status": (rank(self._shown),),
            "checked_in": (self._figures.checked_in_at,),
            "until": (self._figures.last_minute,),
            "minutes": (self._watched,),
        }
        wanted = columns[sort.removeprefix("-")]
        down = sort.startswith("-")
        ordered = [column.desc() if down else column.asc() for column in wanted]
        if wanted[0] in (self._figures.checked_in_at, self._figures.last_minute):
            # Who has none stands last, either way.
            ordered.insert(0, wanted[0].is_(None))
        return [*ordered, *name, self._employee_id]
