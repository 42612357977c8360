"""Keep what the last test of an event's stream found."""

from sqlalchemy import update

from webapp.domain.events.inspection import Report
from webapp.domain.events.store import EventInfo, forget_event
from webapp.domain.models import Event
from webapp.infra.clock import utcnow
from webapp.infra.database import retry_on_outage
from webapp.infra.extensions import db

# The stream of an event is another one when one of these changes.
STREAM = ("stream_url", "stream_kind")
UNTESTED = {"stream_tested_at": None, "stream_answers": None, "stream_captions": None}


def record_stream_test(event: EventInfo, report: Report) -> None:
    """Store when the stream was tested, and whether it answered and has captions."""
    _store(event, report)
    forget_event(event.slug)


@retry_on_outage
def _store(event: EventInfo, report: Report) -> None:
    # A stream that another admin has changed meanwhile is not the one that was tested.
    same = (getattr(Event, name) == getattr(event, name) for name in STREAM)
    found = {"stream_answers": report.answers, "stream_captions": report.captions}
    tested = update(Event).where(Event.id == event.id, *same)
    db.session.execute(tested.values(stream_tested_at=utcnow(), **found))
    db.session.commit()
