"""Attendance: checking in once, being recognised, and the minutes that were watched."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import Table, and_, case, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from webapp.domain.employees.directory import EmployeeInfo, match_employee
from webapp.domain.employees.identifiers import normal_email
from webapp.domain.events.store import EventInfo
from webapp.domain.models import Attendance, AudienceMinute, Event, WatchedMinute
from webapp.errors import EventNotOpen, Invalid
from webapp.infra import cache, rate_limit
from webapp.infra.clock import from_isoformat, isoformat, utcnow
from webapp.infra.database import begin_to_write, insert_or_add, retry_on_outage
from webapp.infra.extensions import db
from webapp.infra.rate_limit import Attempt, Client

# Longer than any event, so that nobody's entry runs out while they watch.
CACHE_SECONDS = 24 * 3600
MINUTES_CACHE_SECONDS = 30

# Of the table, and built once: at a hundred check-ins a second the building is felt.
INSERT = insert(cast(Table, Attendance.__table__))
MINUTES = cast(Table, WatchedMinute.__table__)


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


def check_in(event: EventInfo, email: str, employee_number: str, client: Client) -> Viewer:
    """Record that the employee attends; the first time stands, however often it is sent.

    Raises `EventNotOpen`, `WorkRequired` after too many failures, or `NobodyMatches` for a wrong
    number, an unknown e-mail and an inactive employee alike.
    """
    if not event.is_open:
        raise EventNotOpen
    attempt = Attempt("check-in", normal_email(email), employee_number, client)
    rate_limit.admit(attempt)
    employee = retry_on_outage(match_employee)(email, employee_number)
    if employee is None:
        rate_limit.count_failure(attempt)
        raise NobodyMatches
    rate_limit.forgive(attempt)
    return check_in_known(event, employee)


def check_in_known(event: EventInfo, employee: EmployeeInfo) -> Viewer:
    """The same for an employee who is recognised already. Raises `EventNotOpen`."""
    if not event.is_open:
        raise EventNotOpen
    checked_in_at = _record(event.id, employee.id, utcnow())
    cache.put(cache_key(event.id, employee.id), isoformat(checked_in_at), CACHE_SECONDS)
    return Viewer(event.id, employee, checked_in_at)


def find_viewer(event: EventInfo, employee: EmployeeInfo) -> Viewer | None:
    """The employee as a viewer of `event`, from the cache; None when they did not check in."""
    checked_in_at = cache.remember(
        cache_key(event.id, employee.id), CACHE_SECONDS, lambda: _read(event.id, employee.id)
    )
    return Viewer(event.id, employee, from_isoformat(checked_in_at)) if checked_in_at else None


def watched_minutes(event_id: int, employee_id: int) -> int:
    """Minutes counted so far, at most half a minute old."""
    counted = select(Attendance.watched_minutes).where(
        Attendance.event_id == event_id, Attendance.employee_id == employee_id
    )
    key = f"minutes:v1:{event_id}:{employee_id}"
    return cache.remember(key, MINUTES_CACHE_SECONDS, lambda: db.session.scalar(counted)) or 0


def count_checked_in() -> dict[int, int]:
    """Return the number of checked-in employees by event id, without empty events."""
    people = func.count().label("people")
    query = select(Attendance.event_id, people).group_by(Attendance.event_id)
    return {row.event_id: row.people for row in db.session.execute(query)}


@retry_on_outage
def record_minute(event_id: int, employee_ids: Iterable[int], minute: int) -> None:
    """Count `minute` once for everyone in `employee_ids` who checked in, while the event is open.

    The rows are written in one statement. Their totals, by employee and by minute, are written in
    the same transaction, so that a roster reads 5,000 of these instead of 600,000 of those.
    """
    begin_to_write()
    if _hold_open(event_id) and (new := _not_yet_counted(event_id, sorted(employee_ids), minute)):
        rows = [{"event_id": event_id, "employee_id": one, "minute": minute} for one in new]
        db.session.execute(insert(MINUTES), rows)
        _add_to_totals(event_id, new, minute)
        insert_or_add(
            AudienceMinute, {"event_id": event_id, "minute": minute}, {"viewers": len(new)}
        )
    db.session.commit()


def _hold_open(event_id: int) -> bool:
    """Return whether the event is open; if so, keep it open until this transaction ends."""
    state = select(Event.state).where(Event.id == event_id).with_for_update(read=True)
    return db.session.scalar(state) == "open"


def _not_yet_counted(event_id: int, employee_ids: Sequence[int], minute: int) -> Sequence[int]:
    """Return the employees without a row for that minute; other nodes wait to count them."""
    has_row = and_(
        WatchedMinute.event_id == Attendance.event_id,
        WatchedMinute.employee_id == Attendance.employee_id,
        WatchedMinute.minute == minute,
    )
    query = (
        select(Attendance.employee_id)
        .outerjoin(WatchedMinute, has_row)
        .where(Attendance.event_id == event_id, Attendance.employee_id.in_(employee_ids))
        .where(WatchedMinute.minute.is_(None))
        # Everyone locks in the same order, so that two nodes cannot wait for each other.
        .order_by(Attendance.employee_id)
    )
    return db.session.scalars(query.with_for_update()).all()


def _add_to_totals(event_id: int, employee_ids: Sequence[int], minute: int) -> None:
    first, last = Attendance.first_minute, Attendance.last_minute
    change = update(Attendance).where(
        Attendance.event_id == event_id, Attendance.employee_id.in_(employee_ids)
    )
    db.session.execute(
        change.values(
            watched_minutes=Attendance.watched_minutes + 1,
            # A late node may count an earlier minute.
            first_minute=case((first < minute, first), else_=minute),
            last_minute=case((last > minute, last), else_=minute),
        ),
        execution_options={"synchronize_session": False},
    )


@retry_on_outage
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


def cache_key(event_id: int, employee_id: int) -> str:
    """Under which it is cached that the employee checked in."""
    return f"attendance:v1:{event_id}:{employee_id}"


def _read(event_id: int, employee_id: int) -> str | None:
    row = db.session.get(Attendance, (event_id, employee_id))
    return isoformat(row.checked_in_at) if row else None
