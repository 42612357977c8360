"""Mute employees in an event's chat. The muted employee learns of it at once, nobody else."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import or_, select, update

from webapp.domain.audit import trail
from webapp.domain.chat.selections import read_names
from webapp.domain.events.store import EventInfo
from webapp.domain.models import REASON_LENGTH, Employee, Mute
from webapp.errors import Invalid, NotFound
from webapp.infra import cache
from webapp.infra.clock import from_isoformat, isoformat, utcnow
from webapp.infra.database import begin_to_write, count_changed, insert_or_set, retry_on_outage
from webapp.infra.extensions import db
from webapp.infra.publisher import publish_to_employee
from webapp.infra.text import one_line

CACHE_SECONDS = 60
# The end of a mute for the whole event, as programs get it: null would say "not muted".
NO_END = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)

Payload = dict[str, str | None]
NOT_MUTED: Payload = {"until": None}


@dataclass(frozen=True)
class Muting:
    """The mute of the employee `name`: its end, None for the whole event.

    `replaced` names the admin whose mute applied until now, or is None.
    """

    name: str
    until: datetime | None
    replaced: str | None = None


def mute(event: EventInfo, employee_id: int, until: datetime | None, reason: str = "") -> Muting:
    """Mute an employee until a moment, or without an end, and tell them the reason.

    Replace a mute that applies already. Raises `NotFound`, or `Invalid` for an
    end that has passed and for a reason of more than 200 characters.
    """
    if until and until <= utcnow():
        raise Invalid("This end has passed already. Choose a later one.", form_field="until")
    text = one_line(reason)
    if len(text) > REASON_LENGTH:
        raise Invalid("Use at most %(most)s characters.", most=REASON_LENGTH, form_field="reason")
    muting = _mute(event.id, employee_id, until, text)
    _tell(event, employee_id, _payload(isoformat(until or NO_END), text))
    return muting


def unmute(event: EventInfo, employee_id: int) -> str:
    """Let an employee post again, and return their name. Raises `NotFound`."""
    name = _unmute(event.id, employee_id)
    _tell(event, employee_id, NOT_MUTED)
    return name


def find_mute(event_id: int, employee_id: int) -> Payload | None:
    """Return `{until, reason?}` of the employee's mute, from the cache; None where none applies.

    `until` is in ISO 8601.
    """
    found = cache.remember(cache_key(event_id), CACHE_SECONDS, lambda: _read(event_id)) or {}
    until = found.get(str(employee_id))
    return _mute_in(found, employee_id) if until and from_isoformat(until) > utcnow() else None


def refresh_mutes(event_id: int) -> Mapping[int, Payload]:
    """Return the mutes of an event by employee id, as the database has them.

    Corrects a stale cache.
    """
    found = _read(event_id)
    cache.correct(cache_key(event_id), found)
    return {int(key): _mute_in(found, int(key)) for key in found if key.isdecimal()}


def cache_key(event_id: int) -> str:
    """Return the cache key of an event's mutes."""
    return f"mutes:v1:{event_id}"


def _payload(until: str, reason: str) -> Payload:
    """Return a mute as programs get it: `{until, reason?}`."""
    return {"until": until, "reason": reason} if reason else {"until": until}


def _tell(event: EventInfo, employee_id: int, payload: Payload) -> None:
    cache.forget(cache_key(event.id))
    publish_to_employee(employee_id, event.slug, "muted_changed", payload)


@retry_on_outage
def _mute(event_id: int, employee_id: int, until: datetime | None, reason: str) -> Muting:
    begin_to_write()
    employee, now = _read_employee(employee_id), utcnow()
    here = (Mute.event_id == event_id, Mute.employee_id == employee_id, _applies(now))
    query = select(Mute.muted_by).where(*here).with_for_update()
    before = db.session.scalar(query)
    replaced = read_names([before]).get(before, "") if before else None
    key = {"event_id": event_id, "employee_id": employee_id}
    values: dict[str, Any] = {"muted_at": now, "muted_by": trail.acting_admin()}
    insert_or_set(Mute, key, values | {"until": until, "reason": reason})
    muting = Muting(employee.name, until, replaced)
    end = {"until": isoformat(until) if until else None, "note": reason}
    trail.record("employee_muted", event_id=event_id, subject=employee.label, **end)
    db.session.commit()
    return muting


@retry_on_outage
def _unmute(event_id: int, employee_id: int) -> str:
    employee, now = _read_employee(employee_id), utcnow()
    name = employee.name
    here = (Mute.event_id == event_id, Mute.employee_id == employee_id)
    # The row stays, so that moderators see that there was a mute.
    if count_changed(update(Mute).where(*here, _applies(now)).values(until=now)):
        trail.record("employee_unmuted", event_id=event_id, subject=employee.label)
    db.session.commit()
    return name


def _read_employee(employee_id: int) -> Employee:
    employee = db.session.get(Employee, employee_id)
    if employee is None:
        raise NotFound("There is no such employee.")
    return employee


def _applies(now: datetime) -> Any:
    return or_(Mute.until.is_(None), Mute.until > now)


def _read(event_id: int) -> dict[str, str]:
    """Return the ends by employee id, and the reasons beside them: 0.3.0 reads the ends alone."""
    query = select(Mute.employee_id, Mute.until, Mute.reason)
    muted = query.where(Mute.event_id == event_id, _applies(utcnow()))
    found: dict[str, str] = {}
    for employee_id, until, reason in db.session.execute(muted):
        found[str(employee_id)] = isoformat(until or NO_END)
        if reason:
            found[f"{employee_id}:reason"] = reason
    return found


def _mute_in(found: Mapping[str, str], employee_id: int) -> Payload:
    return _payload(found[str(employee_id)], found.get(f"{employee_id}:reason", ""))
