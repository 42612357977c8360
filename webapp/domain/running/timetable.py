"""Open and close events by time.

Every process asks for what is due (`run_timetable`); the row of the event decides which of them
does it. A process that was down meanwhile does what is still due when it is back.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, case, or_, select

from webapp.domain.attendance import closing
from webapp.domain.events.store import get_event, tell_change
from webapp.domain.models import Event
from webapp.domain.polls.states import close_polls, tell_poll
from webapp.infra.clock import utcnow
from webapp.infra.extensions import db

# A change of the timetable by another process is seen after this time.
LOOK_SECONDS = 15.0
# The detail in the audit log of whatever no person did.
BY_TIME = "time"


@dataclass(frozen=True)
class Due:
    """An event that opens or closes at `at`, which may have passed."""

    event_id: int
    slug: str
    state: str
    at: datetime


def run_timetable() -> float:
    """Open and close what is due. Return the seconds until it should be called again."""
    now = utcnow()
    coming = _coming(now + timedelta(seconds=LOOK_SECONDS))
    for due in coming:
        if due.at <= now:
            _run(due, now)
    later = [(due.at - now).total_seconds() for due in coming if due.at > now]
    return min(later, default=LOOK_SECONDS)


def _run(due: Due, now: datetime) -> None:
    if due.state == "scheduled":
        closing.open_event(due.event_id, _opens_by(now), by=BY_TIME)
    else:
        closing.close(due.event_id, now, _closes_by(now), ending=close_polls, by=BY_TIME)
        tell_poll(get_event(due.slug))
    # Also where another process was faster: it may have ended before it told anybody.
    tell_change(due.slug)


def _coming(until: datetime) -> list[Due]:
    opens = Event.state == "scheduled"
    at = case((opens, Event.opens_at), else_=Event.closes_at)
    query = select(Event.id, Event.slug, Event.state, at).where(
        or_(_opens_by(until), _closes_by(until))
    )
    return [Due(*row) for row in db.session.execute(query.order_by(at, Event.id))]


def _opens_by(moment: datetime) -> ColumnElement[bool]:
    """Return the condition of events to open until `moment`; one that is over stays closed."""
    return and_(
        Event.state == "scheduled",
        Event.opens_at <= moment,
        Event.ends_at > moment,
        Event.archived_at.is_(None),
    )


def _closes_by(moment: datetime) -> ColumnElement[bool]:
    return and_(Event.state == "open", Event.closes_at <= moment)
