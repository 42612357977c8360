"""What admins say of somebody's attendance, on top of what was counted. Nothing is overwritten."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from webapp.domain.admins import AdminInfo
from webapp.domain.attendance.statuses import CORRECTED
from webapp.domain.audit import trail
from webapp.domain.events.store import EventInfo
from webapp.domain.models import NOTE_LENGTH, Admin, Correction
from webapp.domain.roster.roster import RosterRow, find_row
from webapp.errors import Invalid, NotFound
from webapp.infra.clock import utcnow
from webapp.infra.database import retry_on_outage
from webapp.infra.extensions import db
from webapp.infra.text import one_line


def correct(
    event: EventInfo, employee_id: int, status: str, note: str, admin: AdminInfo
) -> RosterRow:
    """Set somebody's status, or let the counted one hold again where `status` is empty.

    Before and after the close alike; the row as it is then. Said twice, it is one correction.
    Raises `NotFound` for who is not on the roster, `Invalid` for another status or no note.
    """
    note = one_line(note)
    _check(status, note)
    _say(event, employee_id, status, note, admin)
    return _find(event, employee_id)


def list_corrections(event: EventInfo, employee_id: int) -> Sequence[Any]:
    """All that was said of somebody, the latest first: `status` (None: as counted),
    `status_before`, `note`, `corrected_at`, `corrected_by`."""
    columns = (Correction.status, Correction.status_before, Correction.note)
    query = (
        select(*columns, Correction.corrected_at, Admin.name.label("corrected_by"))
        .join(Admin, Admin.id == Correction.corrected_by)
        .where(Correction.event_id == event.id, Correction.employee_id == employee_id)
        .order_by(Correction.id.desc())
    )
    return db.session.execute(query).all()


def _check(status: str, note: str) -> None:
    if status and status not in CORRECTED:
        raise Invalid("Choose one of the statuses.")
    if status and not note:
        raise Invalid("Say why, for those who read it later.")
    if len(note) > NOTE_LENGTH:
        raise Invalid(f"A note has at most {NOTE_LENGTH} characters.")


def _find(event: EventInfo, employee_id: int) -> RosterRow:
    row = find_row(event, employee_id)
    if row is None:
        raise NotFound("There is nobody like that on the roster.")
    return row


@retry_on_outage
def _say(event: EventInfo, employee_id: int, status: str, note: str, admin: AdminInfo) -> None:
    row = _find(event, employee_id)
    held = (row.status, row.note) if row.corrected else ("", None)
    if status != held[0] or (status and note != held[1]):
        _add(event.id, row, status or None, note, admin)
        db.session.commit()


def _add(event_id: int, row: RosterRow, status: str | None, note: str, admin: AdminInfo) -> None:
    correction = Correction(
        event_id=event_id,
        employee_id=row.employee_id,
        status=status,
        status_before=row.status,
        note=note,
        corrected_at=utcnow(),
        corrected_by=admin.id,
    )
    db.session.add(correction)
    subject = f"{row.name} ({row.employee_number})"
    change = [row.status, status or row.counted]
    trail.record("attendance_corrected", event_id=event_id, subject=subject, status=change)
