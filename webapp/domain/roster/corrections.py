"""Corrections of attendance statuses by admins. Computed figures and earlier corrections stay."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update

from webapp.domain.attendance.statuses import CORRECTED
from webapp.domain.audit import trail
from webapp.domain.employees import rosters
from webapp.domain.events.store import EventInfo
from webapp.domain.models import NOTE_LENGTH, Admin, Correction, Event, RosterEntry
from webapp.domain.roster.roster import RosterRow, find_row
from webapp.errors import Invalid, NotFound
from webapp.infra.clock import utcnow
from webapp.infra.database import begin_to_write, count_changed, retry_on_outage
from webapp.infra.extensions import db
from webapp.infra.text import one_line


def correct(event: EventInfo, employee_id: int, status: str, note: str) -> RosterRow:
    """Set an employee's status, or restore the computed one where `status` is empty.

    It works before and after the close alike, and sending it twice makes one correction. Return
    the row with the new status. Raise `NotFound` for an employee who is not on the roster, and
    `Invalid` for a status that cannot be set or a missing or overlong note.
    """
    note = one_line(note)
    _check(status, note)
    _correct(event, employee_id, status or None, note)
    return _find(event, employee_id)


def list_corrections(event: EventInfo, employee_id: int) -> Sequence[Any]:
    """Return an employee's corrections, the latest first.

    Each has `status` (None: the computed one again), `status_before`, `note`, `corrected_at` and
    `corrected_by`, the admin's name.
    """
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
        raise Invalid("Say why, so that later readers understand the correction.")
    if len(note) > NOTE_LENGTH:
        raise Invalid("A note has at most %(most)s characters.", most=NOTE_LENGTH)


def _find(event: EventInfo, employee_id: int) -> RosterRow:
    row = find_row(event, employee_id)
    if row is None:
        raise NotFound("This employee is not on the roster.")
    return row


@retry_on_outage
def _correct(event: EventInfo, employee_id: int, status: str | None, note: str) -> None:
    begin_to_write()
    # Two admins take turns: the correction in force is the last one in the history.
    db.session.execute(select(Event.id).where(Event.id == event.id).with_for_update())
    row = _find(event, employee_id)
    in_force = (row.status, row.note) if row.corrected else (None, note)
    if (status, note) != in_force:
        _apply(event.id, row, _add(event.id, row, status, note))
        _record(event.id, row, status)
    db.session.commit()


def _add(event_id: int, row: RosterRow, status: str | None, note: str) -> Correction:
    correction = Correction(
        event_id=event_id,
        employee_id=row.employee_id,
        status=status,
        status_before=row.status,
        note=note,
        corrected_at=utcnow(),
        corrected_by=trail.acting_admin(),
    )
    db.session.add(correction)
    db.session.flush()
    return correction


def _apply(event_id: int, row: RosterRow, correction: Correction) -> None:
    entry = (RosterEntry.event_id == event_id, RosterEntry.employee_id == row.employee_id)
    in_force = correction.id if correction.status else None
    change = update(RosterEntry).where(*entry)
    change = change.values(correction_id=in_force, corrected_status=correction.status)
    if not count_changed(change):
        # Before the event opens, only corrected employees have an entry.
        rosters.add_planned(event_id, row.employee_id)
        count_changed(change)


def _record(event_id: int, row: RosterRow, status: str | None) -> None:
    subject = f"{row.name} ({row.employee_number})"
    change = [row.status, status or row.computed_status]
    trail.record("attendance_corrected", event_id=event_id, subject=subject, status=change)
