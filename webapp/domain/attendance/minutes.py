"""Watched minutes: one row per event, employee and minute, and their totals."""

from collections.abc import Iterable, Sequence
from typing import cast

from sqlalchemy import Table, and_, case, insert, select, update

from webapp.domain.models import AudienceMinute, Event, RosterEntry, WatchedMinute
from webapp.infra import cache
from webapp.infra.database import begin_to_write, insert_or_add, retry_on_outage
from webapp.infra.extensions import db

CACHE_SECONDS = 30
MINUTES = cast(Table, WatchedMinute.__table__)


def watched_minutes(event_id: int, employee_id: int) -> int:
    """Return the number of minutes recorded so far; the answer is at most 30 s old."""
    total = select(RosterEntry.watched_minutes).where(
        RosterEntry.event_id == event_id, RosterEntry.employee_id == employee_id
    )
    key = cache_key(event_id, employee_id)
    return cache.remember(key, CACHE_SECONDS, lambda: db.session.scalar(total)) or 0


def cache_key(event_id: int, employee_id: int) -> str:
    """Return the cache key of an employee's watched minutes."""
    return f"minutes:v1:{event_id}:{employee_id}"


@retry_on_outage
def record_minute(event_id: int, employee_ids: Iterable[int], minute: int) -> None:
    """Record once for each of these viewers that they watched in `minute`.

    `minute` is in whole minutes since the Unix epoch. Employees who have not checked in are left
    out; while the event is not open, nothing is recorded.

    One statement writes the rows. The totals by employee and by minute are written in the same
    transaction, so that a roster reads 5,000 totals instead of 600,000 rows.
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
    """Return whether the event is open; if it is, it stays so until this transaction ends."""
    state = select(Event.state).where(Event.id == event_id).with_for_update(read=True)
    return db.session.scalar(state) == "open"


def _not_yet_counted(event_id: int, employee_ids: Sequence[int], minute: int) -> Sequence[int]:
    """Return the viewers without a row for that minute, and lock their roster entries.

    Another node that counts any of them waits.
    """
    has_row = and_(
        WatchedMinute.event_id == RosterEntry.event_id,
        WatchedMinute.employee_id == RosterEntry.employee_id,
        WatchedMinute.minute == minute,
    )
    query = (
        select(RosterEntry.employee_id)
        .outerjoin(WatchedMinute, has_row)
        .where(RosterEntry.event_id == event_id, RosterEntry.employee_id.in_(employee_ids))
        .where(RosterEntry.checked_in_at.is_not(None), WatchedMinute.minute.is_(None))
        # Every node locks in the same order, so that no two wait for each other.
        .order_by(RosterEntry.employee_id)
    )
    return db.session.scalars(query.with_for_update()).all()


def _add_to_totals(event_id: int, employee_ids: Sequence[int], minute: int) -> None:
    first, last = RosterEntry.first_minute, RosterEntry.last_minute
    change = update(RosterEntry).where(
        RosterEntry.event_id == event_id, RosterEntry.employee_id.in_(employee_ids)
    )
    db.session.execute(
        change.values(
            watched_minutes=RosterEntry.watched_minutes + 1,
            # A node that reports late may record an earlier minute.
            first_minute=case((first < minute, first), else_=minute),
            last_minute=case((last > minute, last), else_=minute),
        ),
        execution_options={"synchronize_session": False},
    )
