"""A roster in parts, so that 45,000 who did not come cost no join and no sorting of nothing.

Live, who came has a row of `Attendance`; frozen, everybody has one of `FrozenAttendance`. Either
way a few have corrections.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal, null, or_, select, true
from sqlalchemy.orm import join, outerjoin

from webapp.domain.attendance.statuses import counted_status, rule_of
from webapp.domain.events.store import EventInfo
from webapp.domain.models import Attendance, Correction, Employee, FrozenAttendance

NOTHING, ZERO = null(), literal(0)


@dataclass(frozen=True)
class Part:
    """Some of a roster: where they are read, and what they are sorted, found and counted by.

    `who` is the table that names them; `moved_from` the status under which `Parts.all` counts them
    although it is not theirs, if any.
    """

    source: Any
    where: Sequence[Any]
    who: Any
    shown: Any
    moved_from: Any = NOTHING
    checked_in_at: Any = NOTHING
    last_minute: Any = NOTHING
    watched: Any = ZERO
    # Indexes of all that is searched, in the order of their names, and in that of what they are
    # counted by; and one of the latter alone. MySQL would rather read a smaller one and sort, or
    # gather 50,000 rows in groups beside it, which takes several times as long.
    by_name: str = ""
    by_place: str = ""
    counted: str = ""


@dataclass(frozen=True)
class Parts:
    """`apart` are those who need a look at more than one table, `rest` is everyone else.

    `all` has everybody in one table, without what makes those apart so; `employee_id` and
    `on_roster` say who that is.
    """

    all: Part
    apart: list[Part]
    rest: Part
    employee_id: Any
    on_roster: ColumnElement[bool]


def live_parts(event: EventInfo) -> Parts:
    """Apart are who came, and who was corrected without having come."""
    here = Attendance.event_id == event.id
    came = select(Attendance.event_id).where(here, Attendance.employee_id == Employee.id).exists()
    corrected = _has_correction(event.id, Employee.id)
    latest = latest_correction(event.id, Employee.id)
    moved_from = case((Employee.active, "absent"))
    attendance = join(Attendance, Employee, Employee.id == Attendance.employee_id)
    return Parts(
        all=Part(
            Employee,
            [Employee.active == true()],
            Employee,
            literal("absent"),
            by_name="ix_employees_by_name",
            by_place="ix_employees_by_place",
            counted="ix_employees_counted",
        ),
        apart=[
            Part(
                outerjoin(attendance, Correction, latest),
                [here],
                Employee,
                func.coalesce(Correction.status, counted_status(rule_of(event, None))),
                moved_from,
                Attendance.checked_in_at,
                Attendance.last_minute,
                Attendance.watched_minutes,
            ),
            Part(
                join(Correction, Employee, latest),
                [~came],
                Employee,
                func.coalesce(Correction.status, "absent"),
                moved_from,
            ),
        ],
        rest=Part(
            Employee,
            [Employee.active, ~came, ~corrected],
            Employee,
            literal("absent"),
            by_name="ix_employees_by_name",
        ),
        employee_id=Employee.id,
        # Who came stays, also when deactivated in the midst of the event.
        on_roster=or_(Employee.active, came, corrected),
    )


def frozen_parts(event_id: int) -> Parts:
    """Apart are who came, and who was corrected without having come, as above."""
    row = FrozenAttendance
    here = row.event_id == event_id
    figures = (row.checked_in_at, row.last_minute, row.watched_minutes)
    came = row.checked_in_at.is_not(None)
    stayed_away = row.checked_in_at.is_(None)
    latest = latest_correction(event_id, row.employee_id)
    shown = func.coalesce(Correction.status, row.status)
    came_rows = outerjoin(row, Correction, latest)
    uncorrected = ~_has_correction(event_id, row.employee_id)
    indexes = {name: f"ix_frozen_attendance_{name}" for name in ("by_name", "by_place", "counted")}
    by_name, by_place = indexes["by_name"], indexes["by_place"]
    return Parts(
        all=Part(row, [here], row, row.status, NOTHING, *figures, **indexes),
        apart=[
            Part(
                came_rows,
                [here, came],
                row,
                shown,
                row.status,
                *figures,
                by_place=by_place,
                counted=by_place,
            ),
            Part(join(Correction, row, latest), [here, stayed_away], row, shown, row.status),
        ],
        rest=Part(row, [here, stayed_away, uncorrected], row, literal("absent"), by_name=by_name),
        employee_id=row.employee_id,
        on_roster=here,
    )


def latest_correction(event_id: int, employee_id: Any) -> ColumnElement[bool]:
    """That a row of `Correction` is the one that counts for that employee."""
    latest = select(func.max(Correction.id)).where(Correction.event_id == event_id)
    return and_(
        Correction.event_id == event_id,
        Correction.employee_id == employee_id,
        Correction.id.in_(latest.group_by(Correction.employee_id)),
    )


def _has_correction(event_id: int, employee_id: Any) -> ColumnElement[bool]:
    query = select(Correction.id).where(Correction.event_id == event_id)
    return query.where(Correction.employee_id == employee_id).exists()
