"""Attendance: checking in once, being recognised, and the minutes that were watched."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import Table, func, insert, select
from sqlalchemy.exc import IntegrityError

from webapp.core import cache, throttle
from webapp.core.clock import from_isoformat, isoformat, utcnow
from webapp.core.database import repeated
from webapp.core.employees import EmployeeInfo, match_employee
from webapp.core.errors import EventNotOpen, Invalid
from webapp.core.events import EventInfo
from webapp.core.extensions import db
from webapp.core.models import Attendance, WatchedMinute

# Longer than any event, so that nobody's entry runs out while they watch.
CACHE_SECONDS = 24 * 3600
MINUTES_CACHE_SECONDS = 30

# Of the table, and built once: at a hundred check-ins a second the building is felt.
INSERT = insert(cast(Table, Attendance.__table__))


class NobodyMatches(Invalid):
    message = (
        "We could not find you with this e-mail and employee number. Check both and try again."
    )


@dataclass(frozen=True)
class Viewer:
    """An employee who has checked in to one event."""

    event_id: int
    employee: EmployeeInfo
    checked_in_at: datetime


def check_in(event: EventInfo, email: str, employee_number: str, source: str) -> Viewer:
    """Record that the employee attends; the first time stands, however often it is sent.

    `source` is the address it comes from.

    Raises `EventNotOpen`, `SlowDown` after too many failures, or `NobodyMatches` for a wrong
    number, an unknown e-mail and an inactive employee alike.
    """
    if not event.is_open:
        raise EventNotOpen
    throttle.check_guess("check-in", email, source)
    employee = repeated(match_employee)(email, employee_number)
    if employee is None:
        throttle.count_failure("check-in", email, source)
        raise NobodyMatches
    return check_in_known(event, employee)


def check_in_known(event: EventInfo, employee: EmployeeInfo) -> Viewer:
    """The same for an employee who is recognised already. Raises `EventNotOpen`."""
    if not event.is_open:
        raise EventNotOpen
    checked_in_at = _record(event.id, employee.id, utcnow())
    cache.put(_key(event.id, employee.id), isoformat(checked_in_at), CACHE_SECONDS)
    return Viewer(event.id, employee, checked_in_at)


def find_viewer(event: EventInfo, employee: EmployeeInfo) -> Viewer | None:
    """The employee as a viewer of `event`, from the cache; None when they did not check in."""
    checked_in_at = cache.remember(
        _key(event.id, employee.id), CACHE_SECONDS, lambda: _read(event.id, employee.id)
    )
    return Viewer(event.id, employee, from_isoformat(checked_in_at)) if checked_in_at else None


def watched_minutes(event_id: int, employee_id: int) -> int:
    """Minutes counted so far, at most half a minute old."""
    count = select(func.count()).where(
        WatchedMinute.event_id == event_id, WatchedMinute.employee_id == employee_id
    )
    key = f"minutes:v1:{event_id}:{employee_id}"
    return cache.remember(key, MINUTES_CACHE_SECONDS, lambda: db.session.scalar(count)) or 0


def count_checked_in() -> dict[int, int]:
    """How many checked in, by event id; events without anybody are left out."""
    people = func.count().label("people")
    query = select(Attendance.event_id, people).group_by(Attendance.event_id)
    return {row.event_id: row.people for row in db.session.execute(query)}


@repeated
def record_minute(event_id: int, employee_ids: Iterable[int], minute: int) -> None:
    """Count `minute` for everyone in `employee_ids`, in one statement; who has it keeps it."""
    rows = [
        {"event_id": event_id, "employee_id": employee_id, "minute": minute}
        for employee_id in sorted(employee_ids)
    ]
    statement = insert(WatchedMinute).values(rows)
    statement = statement.prefix_with("IGNORE", dialect="mysql")
    db.session.execute(statement.prefix_with("OR IGNORE", dialect="sqlite"))
    db.session.commit()


@repeated
def _record(event_id: int, employee_id: int, now: datetime) -> datetime:
    row = {"event_id": event_id, "employee_id": employee_id, "checked_in_at": now}
    try:
        db.session.execute(INSERT, row)
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        first = db.session.get(Attendance, (event_id, employee_id))
        assert first is not None, "neither inserted nor there"  # noqa: S101 - a foreign key broke
        return first.checked_in_at
    return now


def _key(event_id: int, employee_id: int) -> str:
    return f"attendance:v1:{event_id}:{employee_id}"


def _read(event_id: int, employee_id: int) -> str | None:
    row = db.session.get(Attendance, (event_id, employee_id))
    return isoformat(row.checked_in_at) if row else None
