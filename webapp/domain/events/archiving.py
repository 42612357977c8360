"""Archiving and deleting events that are not needed any more."""

from sqlalchemy import delete, exists, select, update
from sqlalchemy.exc import IntegrityError

from webapp.domain.audit import trail
from webapp.domain.events.store import EventInfo, change_columns, forget_event
from webapp.domain.models import AuditEntry, Event, RosterEntry
from webapp.errors import Invalid
from webapp.infra.clock import utcnow
from webapp.infra.database import retry_on_outage
from webapp.infra.extensions import db


def archive_event(event: EventInfo) -> None:
    """Leave the event out of lists; its pages and exports stay. Raises `Invalid` if it is open."""
    if event.is_open:
        raise Invalid("Close the event before you archive it.")
    if event.archived_at is None:
        change_columns(event, "event_archived", archived_at=utcnow())


def restore_event(event: EventInfo) -> None:
    """Show an archived event in lists again."""
    change_columns(event, "event_restored", archived_at=None)


def has_attendance(event_id: int) -> bool:
    """Return True if an employee has checked in to the event."""
    checked_in = (RosterEntry.event_id == event_id, RosterEntry.checked_in_at.is_not(None))
    return bool(db.session.scalar(select(exists().where(*checked_in))))


def delete_event(event: EventInfo) -> None:
    """Delete an event that is not open and has no attendance. Raises `Invalid` for others."""
    _delete(event)
    forget_event(event.slug)


@retry_on_outage
def _delete(event: EventInfo) -> None:
    state = db.session.scalar(select(Event.state).where(Event.id == event.id).with_for_update())
    if state is None:
        return  # deleted already
    if state == "open" or has_attendance(event.id):
        db.session.rollback()
        raise Invalid("Only an event without attendance can be deleted. Archive this one.")
    try:
        _delete_rows(event)
    except IntegrityError:
        db.session.rollback()
        raise Invalid("This event has data that must be kept. Archive it.") from None
    trail.record("event_deleted", subject=f"{event.title} ({event.slug})")
    db.session.commit()


def _delete_rows(event: EventInfo) -> None:
    # Its entries in the audit log stay, and keep its title.
    entries = update(AuditEntry).where(AuditEntry.event_id == event.id)
    db.session.execute(entries.where(AuditEntry.subject == "").values(subject=event.title))
    db.session.execute(entries.values(event_id=None))
    for table in reversed(db.metadata.sorted_tables):
        if table is not AuditEntry.__table__ and "event_id" in table.c:
            db.session.execute(delete(table).where(table.c.event_id == event.id))
    db.session.execute(delete(Event).where(Event.id == event.id))
