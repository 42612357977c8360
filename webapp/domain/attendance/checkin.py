"""Checking in to an event, and recognising an employee who has."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, Table, bindparam, func, select, update
from sqlalchemy.exc import IntegrityError

from webapp.domain.employees import rosters
from webapp.domain.employees.directory import EmployeeInfo, match_employee
from webapp.domain.employees.identifiers import normal_email
from webapp.domain.events.store import EventInfo
from webapp.domain.models import Event, RosterEntry
from webapp.errors import EventNotOpen, Invalid
from webapp.i18n import lazy
from webapp.infra import cache, rate_limit
from webapp.infra.clock import from_isoformat, isoformat, utcnow
from webapp.infra.database import begin_to_write, retry_on_outage
from webapp.infra.extensions import db
from webapp.infra.metrics import CHECKINS, count_result
from webapp.infra.rate_limit import Attempt, Client

# Longer than any event, so that no entry expires while its viewer watches.
CACHE_SECONDS = 24 * 3600

# Built once and from tables: building them for each of 100 check-ins a second costs as much CPU
# again as executing them.
_ENTRIES = cast(Table, RosterEntry.__table__)
_EVENTS = cast(Table, Event.__table__).c
_STATE = select(_EVENTS.state).where(_EVENTS.id == bindparam("event"))
_HERE = (
    _ENTRIES.c.event_id == bindparam("event"),
    _ENTRIES.c.employee_id == bindparam("employee"),
)
CHECK_IN = (
    update(_ENTRIES)
    .where(*_HERE, _ENTRIES.c.checked_in_at.is_(None), _STATE.scalar_subquery() == "open")
    .values(checked_in_at=bindparam("now"))
)
CHECKED_IN_AT = select(_ENTRIES.c.checked_in_at).where(*_HERE)


class NobodyMatches(Invalid):
    text = lazy(
        "We could not find you with this e-mail and employee number. Check both and try again."
    )


@dataclass(frozen=True)
class Viewer:
    """An employee who has checked in to one event."""

    event_id: int
    employee: EmployeeInfo
    checked_in_at: datetime


@count_result(CHECKINS)
def check_in(event: EventInfo, email: str, employee_number: str, client: Client) -> Viewer:
    """Record that the employee attends. The first time stands, however often this is called.

    Raise `EventNotOpen`, `WorkRequired` after too many failures, or `NobodyMatches` for a wrong
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
    return _check_in(event, employee)


@count_result(CHECKINS)
def check_in_known(event: EventInfo, employee: EmployeeInfo) -> Viewer:
    """Check in an employee who is recognised already. Raise `EventNotOpen`, `NobodyMatches`."""
    if not event.is_open:
        raise EventNotOpen
    return _check_in(event, employee)


def _check_in(event: EventInfo, employee: EmployeeInfo) -> Viewer:
    now = utcnow()
    checked_in_at = _record(event.id, employee.id, now)
    if checked_in_at is None:
        checked_in_at = _record_missing(event.id, employee.id, now)
    cache.put(cache_key(event.id, employee.id), isoformat(checked_in_at), CACHE_SECONDS)
    return Viewer(event.id, employee, checked_in_at)


def find_viewer(event: EventInfo, employee: EmployeeInfo) -> Viewer | None:
    """Return the employee as a viewer, from the cache, or None when they have not checked in."""
    checked_in_at = cache.remember(
        cache_key(event.id, employee.id), CACHE_SECONDS, lambda: _read(event.id, employee.id)
    )
    return Viewer(event.id, employee, from_isoformat(checked_in_at)) if checked_in_at else None


def count_checked_in(event_ids: Iterable[int]) -> dict[int, int]:
    """Return the number of check-ins by event id; events without any may be left out."""
    people = func.count().label("people")
    checked_in = (
        RosterEntry.event_id.in_(list(event_ids)),
        RosterEntry.checked_in_at.is_not(None),
    )
    query = select(RosterEntry.event_id, people).where(*checked_in).group_by(RosterEntry.event_id)
    return {row.event_id: row.people for row in db.session.execute(query)}


def cache_key(event_id: int, employee_id: int) -> str:
    """Return the cache key of the employee's check-in to the event."""
    return f"attendance:v1:{event_id}:{employee_id}"


@retry_on_outage
def _record(event_id: int, employee_id: int, now: datetime) -> datetime | None:
    """Return the moment of the first check-in, which may be `now`.

    Return None when the event is not open or the employee is not on its roster.
    """
    key = {"event": event_id, "employee": employee_id}
    done = cast(CursorResult[Any], db.session.execute(CHECK_IN, key | {"now": now}))
    db.session.commit()
    return now if done.rowcount else db.session.scalar(CHECKED_IN_AT, key)


def _record_missing(event_id: int, employee_id: int, now: datetime) -> datetime:
    """Check in an employee whom something other than this program added to the employee list."""
    _add_to_rosters(employee_id)
    checked_in_at = _record(event_id, employee_id, now)
    if checked_in_at is None:
        is_open = db.session.scalar(_STATE, {"event": event_id}) == "open"
        raise NobodyMatches if is_open else EventNotOpen
    return checked_in_at


@retry_on_outage
def _add_to_rosters(employee_id: int) -> None:
    begin_to_write()
    try:
        rosters.follow([employee_id])
        rosters.arrange()
        db.session.commit()
    except IntegrityError:
        # Another request for the same employee was faster.
        db.session.rollback()


def _read(event_id: int, employee_id: int) -> str | None:
    checked_in_at = db.session.scalar(CHECKED_IN_AT, {"event": event_id, "employee": employee_id})
    return isoformat(checked_in_at) if checked_in_at else None
