"""Delete watched minutes after the time to keep them. The totals stay."""

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete, func, select

from webapp.domain.audit import trail
from webapp.domain.models import WatchedMinute
from webapp.infra.clock import minute_of
from webapp.infra.database import retry_on_outage
from webapp.infra.extensions import db

EMPLOYEES_AT_ONCE = 200


def prune(now: datetime, days: int) -> int:
    """Delete employees' minutes that are older than `days`; return the number deleted.

    The totals by employee are in `roster_entries`, those by minute in `audience_minutes`. Each
    transaction deletes the minutes of a few employees, so that no other writer waits for long;
    after an interruption the next run does the rest. The audit log has one entry per event.
    """
    before = minute_of(now - timedelta(days=days))
    events = db.session.scalars(select(WatchedMinute.event_id).distinct()).all()
    return sum(_prune_event(event_id, before, days) for event_id in events)


def _prune_event(event_id: int, before: int, days: int) -> int:
    here = (WatchedMinute.event_id == event_id, WatchedMinute.minute < before)
    if found := db.session.scalar(select(func.count()).select_from(WatchedMinute).where(*here)):
        # Recorded before the first deletion, so that an interrupted run is on record too.
        trail.record_now("minutes_pruned", event_id=event_id, minutes=found, older_than_days=days)
    deleted = 0
    while employees := _some_employees(event_id, before):
        deleted += _delete(event_id, employees, before)
    return deleted


def _some_employees(event_id: int, before: int) -> list[int]:
    """Return the ids of some employees who have minutes to delete."""
    here = (WatchedMinute.event_id == event_id, WatchedMinute.minute < before)
    query = select(WatchedMinute.employee_id).where(*here).distinct().limit(EMPLOYEES_AT_ONCE)
    return list(db.session.scalars(query))


@retry_on_outage
def _delete(event_id: int, employee_ids: list[int], before: int) -> int:
    done = db.session.execute(
        delete(WatchedMinute).where(
            WatchedMinute.event_id == event_id,
            WatchedMinute.employee_id.in_(employee_ids),
            WatchedMinute.minute < before,
        ),
        execution_options={"synchronize_session": False},
    )
    db.session.commit()
    return cast(CursorResult[Any], done).rowcount
