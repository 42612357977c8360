"""Opening and closing an event.

Opening fills the roster: one row for each active employee. While the event is open, the rows follow
the employee list, and check-ins and watched minutes are written to them. Closing records the times
and the share that statuses are computed by. Nothing is copied: a closed roster is one that nothing
writes to any more, except corrections.

Opened again, an event counts on from its figures, and nobody leaves the roster by that.
"""

from datetime import datetime

from sqlalchemy import select, update

from webapp.domain.audit import trail
from webapp.domain.employees import rosters
from webapp.domain.events.store import EventInfo, tell_change
from webapp.domain.models import Closing, Event, Reopening
from webapp.errors import Invalid
from webapp.infra.clock import utcnow
from webapp.infra.database import allow_long_statements, begin_to_write, retry_on_outage
from webapp.infra.extensions import db


def change_state(event: EventInfo, state: str, reason: str = "") -> None:
    """Open or close the event, and tell the live pages.

    Raise `Invalid` if an admin opens a closed event without a reason.
    """
    if state == "closed":
        close(event.id, utcnow())
    else:
        _open(event.id, state, reason)
    tell_change(event.slug)


@retry_on_outage
def _open(event_id: int, state: str, reason: str) -> None:
    begin_to_write()
    allow_long_statements()
    _set_state(event_id, state, reason)
    if closing := db.session.get(Closing, event_id):
        if trail.acting_admin() and not reason:
            db.session.rollback()
            raise Invalid("Give a reason for opening an event that was closed.")
        db.session.add(_reopening(closing, reason))
        db.session.delete(closing)
    if state == "open":
        rosters.fill(event_id)
    db.session.commit()


def _reopening(closing: Closing, reason: str) -> Reopening:
    return Reopening(
        event_id=closing.event_id,
        closed_at=closing.closed_at,
        closed_by=closing.closed_by,
        reopened_at=utcnow(),
        reopened_by=trail.acting_admin(),
        reason=reason,
    )


@retry_on_outage
def close(event_id: int, now: datetime) -> None:
    """Close the event. The first closing stands, however often this is called.

    It waits for the nodes that are counting a minute; a minute that comes later is refused.
    """
    begin_to_write()
    allow_long_statements()
    before = _set_state(event_id, "closed")
    if db.session.get(Closing, event_id) is None:
        if before == "scheduled":
            rosters.fill(event_id)
        rosters.arrange(event_id)
        db.session.add(_closing(event_id, now))
    db.session.commit()


def _set_state(event_id: int, state: str, reason: str = "") -> str:
    """Change the state and record it in the audit log; return the state before."""
    here = Event.id == event_id
    before = db.session.scalars(select(Event.state).where(here).with_for_update()).one()
    if before != state:
        db.session.execute(update(Event).where(here).values(state=state))
        action = "event_closed" if state == "closed" else "event_opened"
        details = {"reason": reason} if reason else {}
        trail.record(action, event_id=event_id, state=[before, state], **details)
    return before


def _closing(event_id: int, now: datetime) -> Closing:
    columns = (Event.starts_at, Event.ends_at, Event.required_share)
    event = db.session.execute(select(*columns).where(Event.id == event_id)).one()
    return Closing(
        event_id=event_id,
        closed_at=now,
        closed_by=trail.acting_admin(),
        starts_at=event.starts_at,
        # An event closed early is as long as it lasted; one closed before its start, as planned.
        ends_at=min(now, event.ends_at) if now > event.starts_at else event.ends_at,
        required_share=event.required_share,
    )
