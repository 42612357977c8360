"""Opening and closing an event. What was counted is frozen at the close.

Opened again, the roster counts on from where it stood. Closed again, new figures are frozen; who is
in the snapshot already stays in it as they were named at first, so that an event opened by mistake
a year later loses nobody who has left since.
"""

from datetime import datetime

from sqlalchemy import Insert, Update, insert, literal, or_, select, update

from webapp.domain.admins import AdminInfo
from webapp.domain.attendance.statuses import Rule, counted_status
from webapp.domain.audit import trail
from webapp.domain.events.store import EventInfo, tell_change
from webapp.domain.models import (
    Attendance,
    Closing,
    Employee,
    Event,
    FrozenAttendance,
    Reopening,
)
from webapp.errors import Invalid
from webapp.infra.clock import utcnow
from webapp.infra.database import retry_on_outage
from webapp.infra.extensions import db

IDENTITY = ("employee_number", "email", "first_name", "last_name", "department", "location")
FIGURES = ("checked_in_at", "watched_minutes", "first_minute", "last_minute")


def change_state(
    event: EventInfo, state: str, admin: AdminInfo | None = None, reason: str = ""
) -> None:
    """Open or close the event, and tell the live pages. Without an admin, a program did it.

    Raises `Invalid` if an admin opens a closed event without a reason.
    """
    admin_id = admin.id if admin else None
    if state == "closed":
        close(event.id, admin_id, utcnow())
    else:
        _open(event.id, state, admin_id, reason)
    tell_change(event.slug)


@retry_on_outage
def _open(event_id: int, state: str, admin_id: int | None, reason: str) -> None:
    _set_state(event_id, state, reason)
    if closing := db.session.get(Closing, event_id):
        if admin_id and not reason:
            db.session.rollback()
            raise Invalid("Give a reason for opening an event that was closed.")
        db.session.add(_reopening(closing, admin_id, reason))
        db.session.delete(closing)
    db.session.commit()


def _reopening(closing: Closing, admin_id: int | None, reason: str) -> Reopening:
    return Reopening(
        event_id=closing.event_id,
        closed_at=closing.closed_at,
        closed_by=closing.closed_by,
        reopened_at=utcnow(),
        reopened_by=admin_id,
        reason=reason,
    )


@retry_on_outage
def close(event_id: int, admin_id: int | None, now: datetime) -> None:
    """Close and freeze once; the first closing stands, however often it is asked."""
    # Waits for the nodes that are counting a minute; who comes later finds the event closed.
    _set_state(event_id, "closed")
    frozen = select(Closing.event_id).where(Closing.event_id == event_id)
    if db.session.scalar(frozen) is None:
        closing = _closing(event_id, admin_id, now)
        db.session.execute(_insert_who_is_new(event_id))
        db.session.execute(_update_figures(closing))
        db.session.add(closing)
    db.session.commit()


def _set_state(event_id: int, state: str, reason: str = "") -> None:
    here = Event.id == event_id
    before = db.session.scalar(select(Event.state).where(here).with_for_update())
    if before != state:
        db.session.execute(update(Event).where(here).values(state=state))
        action = "event_closed" if state == "closed" else "event_opened"
        details = {"reason": reason} if reason else {}
        trail.record(action, event_id=event_id, state=[before, state], **details)


def _closing(event_id: int, admin_id: int | None, now: datetime) -> Closing:
    columns = (Event.starts_at, Event.ends_at, Event.required_share)
    event = db.session.execute(select(*columns).where(Event.id == event_id)).one()
    return Closing(
        event_id=event_id,
        closed_at=now,
        closed_by=admin_id,
        starts_at=event.starts_at,
        # Nobody could watch what did not take place.
        ends_at=min(now, event.ends_at) if now > event.starts_at else event.ends_at,
        required_share=event.required_share,
    )


def _insert_who_is_new(event_id: int) -> Insert:
    came = select(Attendance.employee_id).where(Attendance.event_id == event_id)
    known = select(FrozenAttendance.employee_id).where(FrozenAttendance.event_id == event_id)
    identity = [getattr(Employee, name) for name in IDENTITY]
    everyone = (
        select(literal(event_id), Employee.id, *identity, literal("absent"), literal(0))
        .where(or_(Employee.active, Employee.id.in_(came)))
        .where(Employee.id.not_in(known))
    )
    names = ["event_id", "employee_id", *IDENTITY, "status", "watched_minutes"]
    return insert(FrozenAttendance).from_select(names, everyone)


def _update_figures(closing: Closing) -> Update:
    rule = Rule(closing.starts_at, closing.ends_at, closing.required_share, live=False)
    return (
        update(FrozenAttendance)
        .where(FrozenAttendance.event_id == closing.event_id)
        .where(Attendance.event_id == closing.event_id)
        .where(Attendance.employee_id == FrozenAttendance.employee_id)
        .values(
            status=counted_status(rule), **{name: getattr(Attendance, name) for name in FIGURES}
        )
        .execution_options(synchronize_session=False)
    )
