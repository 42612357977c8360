"""Opening and closing an event.

Opening fills the roster: one row for each active employee. While the event is open, the rows follow
the employee list, and check-ins and watched minutes are written to them. Closing records the times
and the share that statuses are computed by. Nothing is copied: a closed roster is one that nothing
writes to any more, except corrections.

Opened again, an event counts on from its figures, and nobody leaves the roster by that.
`webapp.domain.running` calls this, by hand and by time, and tells the viewers.
"""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import ColumnElement, select, update

from webapp.domain.audit import trail
from webapp.domain.employees import rosters
from webapp.domain.models import Closing, Event, Reopening
from webapp.errors import Invalid
from webapp.infra.clock import utcnow
from webapp.infra.database import allow_long_statements, begin_to_write, retry_on_outage
from webapp.infra.extensions import db


@retry_on_outage
def open_event(event_id: int, *only_if: ColumnElement[bool], **details: str) -> bool:
    """Open the event and return True, or return False where its row does not meet `only_if`.

    `details` go into the audit log. Raise `Invalid` if an admin opens a closed event without a
    reason.
    """
    begin_to_write()
    allow_long_statements()
    if _set_state(event_id, "open", *only_if, **details) is None:
        db.session.rollback()
        return False
    if closing := db.session.get(Closing, event_id):
        reason = details.get("reason", "")
        if trail.acting_admin() and not reason:
            db.session.rollback()
            raise Invalid("Give a reason for opening an event that was closed.")
        db.session.add(_reopening(closing, reason))
        db.session.delete(closing)
    # An event that is opened after it should have closed would close again at once.
    passed = update(Event).where(Event.id == event_id, Event.closes_at <= utcnow())
    db.session.execute(passed.values(closes_at=None))
    rosters.fill(event_id)
    db.session.commit()
    return True


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
def close(
    event_id: int,
    now: datetime,
    *only_if: ColumnElement[bool],
    ending: Callable[[int], None] | None = None,
    **details: str,
) -> bool:
    """Close the event and return True, or return False where its row does not meet `only_if`.

    The first closing stands, however often this is called. It waits for the nodes that are counting
    a minute; a minute that comes later is refused. `ending` is called with the event's id in the
    same transaction.
    """
    begin_to_write()
    allow_long_statements()
    before = _set_state(event_id, "closed", *only_if, **details)
    if before is None:
        db.session.rollback()
        return False
    if db.session.get(Closing, event_id) is None:
        if before == "scheduled":
            rosters.fill(event_id)
        rosters.arrange(event_id)
        db.session.add(_closing(event_id, now))
    if ending:
        ending(event_id)
    db.session.commit()
    return True


def _set_state(
    event_id: int, state: str, *only_if: ColumnElement[bool], **details: str
) -> str | None:
    """Change the state, record it in the audit log, and return the state before.

    Return None where the row does not meet `only_if`. The row stays locked until the commit, so of
    several processes that compare at the same time one changes it.
    """
    here = Event.id == event_id
    locked = select(Event.state).where(here, *only_if).with_for_update()
    before = db.session.scalars(locked).one_or_none()
    if before is not None and before != state:
        db.session.execute(update(Event).where(here).values(state=state))
        action = "event_closed" if state == "closed" else "event_opened"
        given = {name: value for name, value in details.items() if value}
        trail.record(action, event_id=event_id, state=[before, state], **given)
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
