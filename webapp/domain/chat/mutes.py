"""Mute employees in an event's chat. The muted employee learns of it at once, nobody else."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from webapp.domain.audit import trail
from webapp.domain.events.store import EventInfo
from webapp.domain.models import Employee, Mute
from webapp.errors import NotFound
from webapp.infra import cache
from webapp.infra.clock import from_isoformat, isoformat, utcnow
from webapp.infra.database import count_changed, retry_on_outage
from webapp.infra.extensions import db
from webapp.infra.publisher import publish_to_employee

CACHE_SECONDS = 60
# The end of a mute for the whole event, as programs get it: null would say "not muted".
NO_END = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


def mute(event: EventInfo, employee_id: int, minutes: int | None) -> None:
    """Mute an employee for some minutes, or without an end where `minutes` is None.

    Replaces a mute that applies already. Raises `NotFound`.
    """
    until = _mute(event.id, employee_id, minutes)
    _tell(event, employee_id, isoformat(until or NO_END))


def unmute(event: EventInfo, employee_id: int) -> None:
    """Let an employee post again, if they are muted."""
    _unmute(event.id, employee_id)
    _tell(event, employee_id, None)


def find_mute(event_id: int, employee_id: int) -> str | None:
    """Return when the employee's mute ends (ISO 8601), from the cache; None where none applies."""
    ends = cache.remember(cache_key(event_id), CACHE_SECONDS, lambda: _read(event_id)) or {}
    until = ends.get(str(employee_id))
    return until if until and from_isoformat(until) > utcnow() else None


def refresh_mutes(event_id: int) -> Mapping[int, str]:
    """Return the ends (ISO 8601) of an event's mutes by employee id, as the database has them.

    Corrects a stale cache.
    """
    found = _read(event_id)
    cache.correct(cache_key(event_id), found)
    return {int(employee_id): until for employee_id, until in found.items()}


def cache_key(event_id: int) -> str:
    """Return the cache key of an event's mutes."""
    return f"mutes:v1:{event_id}"


def _tell(event: EventInfo, employee_id: int, until: str | None) -> None:
    cache.forget(cache_key(event.id))
    publish_to_employee(employee_id, event.slug, "muted_changed", {"until": until})


@retry_on_outage
def _mute(event_id: int, employee_id: int, minutes: int | None) -> datetime | None:
    employee = db.session.get(Employee, employee_id)
    if employee is None:
        raise NotFound("There is no such employee.")
    subject, now = employee.label, utcnow()
    until = now + timedelta(minutes=minutes) if minutes else None
    row: dict[str, Any] = {"muted_at": now, "muted_by": trail.acting_admin(), "until": until}
    here = (Mute.event_id == event_id, Mute.employee_id == employee_id)
    try:
        db.session.execute(insert(Mute).values(event_id=event_id, employee_id=employee_id, **row))
    except IntegrityError:
        db.session.rollback()
        db.session.execute(update(Mute).where(*here).values(**row))
    trail.record("employee_muted", event_id=event_id, subject=subject, minutes=minutes)
    db.session.commit()
    return until


@retry_on_outage
def _unmute(event_id: int, employee_id: int) -> None:
    here = (Mute.event_id == event_id, Mute.employee_id == employee_id)
    if count_changed(delete(Mute).where(*here)):
        subject = db.session.get_one(Employee, employee_id).label
        trail.record("employee_unmuted", event_id=event_id, subject=subject)
    db.session.commit()


def _read(event_id: int) -> dict[str, str]:
    applies = or_(Mute.until.is_(None), Mute.until > utcnow())
    query = select(Mute.employee_id, Mute.until).where(Mute.event_id == event_id, applies)
    return {
        str(employee_id): isoformat(until or NO_END)
        for employee_id, until in db.session.execute(query)
    }
