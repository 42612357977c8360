"""Corrections of attendance statuses by admins. Computed figures and earlier corrections stay.

A page says with `seen` which correction of its event was the latest when it was made. An employee
who has a later one is left as they are: the admin did not know of it, and is asked.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, insert, select, update

from webapp.domain.attendance.statuses import CORRECTED, STATUSES
from webapp.domain.audit import trail
from webapp.domain.employees import rosters
from webapp.domain.events.store import EventInfo
from webapp.domain.models import NOTE_LENGTH, Admin, Correction, Event, RosterEntry
from webapp.domain.roster.filters import Filters
from webapp.domain.roster.roster import (
    RosterRow,
    find_row,
    read_matching,
    read_rows,
)
from webapp.errors import Invalid, NotFound
from webapp.infra.clock import utcnow
from webapp.infra.database import allow_long_statements, begin_to_write, retry_on_outage
from webapp.infra.extensions import db
from webapp.infra.text import one_line

# One transaction, in which nobody else corrects the event.
MOST_AT_ONCE = 5000
ROWS_PER_STATEMENT = 1000


class Outdated(Invalid):
    """The page is older than what it would overwrite."""

    status = 409


@dataclass(frozen=True)
class Requested:
    """A status to set (None: as computed), and why; `seen` is the latest correction known."""

    status: str | None
    note: str
    seen: int | None = None


@dataclass(frozen=True)
class Done:
    """How a correction of several employees went, by numbers of employees.

    `newer` were corrected by others meanwhile, and `gone` are not on the roster. `batch` names the
    corrections for `undo`; it is None where there was nothing to change.
    """

    corrected: int
    newer: int = 0
    gone: int = 0
    batch: int | None = None


def correct(
    event: EventInfo, employee_id: int, status: str, note: str, seen: int | None = None
) -> Done:
    """Set an employee's status, or restore the computed one where `status` is empty.

    It works before and after the close alike, and sending it twice makes one correction. Raise
    `NotFound` for an employee who is not on the roster, `Outdated` for one whom somebody else has
    corrected since `seen`, and `Invalid` for a status that cannot be set, a missing or overlong
    note, or an archived event.
    """
    done = correct_several(event, [employee_id], status, note, seen)
    if done.gone:
        raise NotFound("This employee is not on the roster.")
    if done.newer:
        raise _outdated(event, employee_id)
    return done


def correct_several(
    event: EventInfo, employee_ids: Collection[int], status: str, note: str, seen: int | None
) -> Done:
    """Correct the employees with these ids for one reason. Raise `Invalid` as `correct` does."""
    if not employee_ids:
        raise Invalid("Tick the employees first.")
    requested = _check(event, Requested(status or None, one_line(note), seen), len(employee_ids))
    return _correct(event, requested, employee_ids, None)


def correct_matching(
    event: EventInfo, filters: Filters, expected: int, status: str, note: str, seen: int | None
) -> Done:
    """Correct everybody whom the filters let through, of whom the page said `expected`.

    Raise `Outdated` where it is another number by now, and `Invalid` as `correct` does.
    """
    requested = _check(event, Requested(status or None, one_line(note), seen), expected)
    return _correct(event, requested, (), replace(filters, edit=0, page=1), expected)


@retry_on_outage
def undo(event: EventInfo, batch: int) -> int:
    """Take back what the acting admin has corrected at once; return the number of employees.

    Each gets the correction before, or the computed status. One who was corrected again meanwhile
    is left alone. Raise `NotFound` for a batch that is not the admin's own.
    """
    begin_to_write()
    _lock(event.id)
    last = db.session.get(Correction, batch)
    own = last and (last.event_id, last.corrected_by) == (event.id, trail.acting_admin())
    if last is None or not own:
        raise NotFound("There is nothing to undo.")
    here = (Correction.event_id == event.id, Correction.corrected_by == last.corrected_by)
    ids = select(Correction.employee_id).where(*here, Correction.corrected_at == last.corrected_at)
    history = _read_history(event.id, db.session.scalars(ids).all())
    before = {
        employee_id: entries[1] if len(entries) > 1 else None
        for employee_id, entries in history.items()
        if entries[0].corrected_at == last.corrected_at
    }
    rows = read_rows(event, before)
    requested_by_id = {
        id_: Requested(e.status, e.note) if e else Requested(None, "") for id_, e in before.items()
    }
    if rows:
        _write(event.id, rows, requested_by_id)
        trail.record("attendance_correction_undone", event_id=event.id, people=len(rows))
    db.session.commit()
    return len(rows)


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


def _check(event: EventInfo, requested: Requested, people: int) -> Requested:
    if event.archived_at:
        raise Outdated("This event is archived. Restore it before you correct its attendance.")
    if requested.status and requested.status not in CORRECTED:
        raise Invalid("Choose one of the statuses.", form_field="status")
    if requested.status and not requested.note:
        raise Invalid(
            "Say why, so that later readers understand the correction.", form_field="note"
        )
    if len(requested.note) > NOTE_LENGTH:
        raise Invalid(
            "A note has at most %(most)s characters.", most=NOTE_LENGTH, form_field="note"
        )
    if people > MOST_AT_ONCE:
        raise Invalid("Correct at most %(most)s employees at once: filter more.", most=MOST_AT_ONCE)
    return requested


def _outdated(event: EventInfo, employee_id: int) -> Outdated:
    latest, row = list_corrections(event, employee_id)[0], find_row(event, employee_id)
    return Outdated(
        "%(name)s has corrected this meanwhile, to “%(status)s”. Save again to replace that.",
        name=latest.corrected_by,
        status=STATUSES[row.status] if row else "",
    )


@retry_on_outage
def _correct(
    event: EventInfo,
    requested: Requested,
    employee_ids: Collection[int],
    matching: Filters | None,
    expected: int = 0,
) -> Done:
    begin_to_write()
    allow_long_statements()
    state = _lock(event.id)
    rows = read_matching(event, matching) if matching else read_rows(event, employee_ids)
    if matching and len(rows) != expected:
        db.session.rollback()
        raise Outdated("By now %(count)s employees match. Look at them first.", count=len(rows))
    others = [row for row in rows if not _has_already(requested, row)]
    newer = _corrected_since(event.id, requested.seen)
    due = [row for row in others if row.employee_id not in newer]
    batch = None
    if due:
        if state == "scheduled":
            # Before the event opens, only corrected employees have an entry.
            rosters.add_planned(event.id, [row.employee_id for row in due])
        batch = _write(event.id, due, {row.employee_id: requested for row in due})
        _record(event.id, due, requested)
    db.session.commit()
    gone = 0 if matching else len(set(employee_ids)) - len(rows)
    return Done(len(rows) - len(others) + len(due), len(others) - len(due), gone, batch)


def _lock(event_id: int) -> str:
    """Return the state of the event. Two admins take turns: the last one's correction counts."""
    here = select(Event.state).where(Event.id == event_id)
    return db.session.scalars(here.with_for_update()).one()


def _has_already(requested: Requested, row: RosterRow) -> bool:
    in_force = (row.status, row.note) if row.corrected else (None, requested.note)
    return (requested.status, requested.note) == in_force


def _corrected_since(event_id: int, seen: int | None) -> set[int]:
    """Return the employees who were corrected after the correction `seen`."""
    if seen is None:
        return set()
    later = (Correction.event_id == event_id, Correction.id > seen)
    return set(db.session.scalars(select(Correction.employee_id).where(*later)))


def _read_history(event_id: int, employee_ids: Collection[int]) -> dict[int, list[Correction]]:
    """Return the corrections of these employees, the latest of each first."""
    history: dict[int, list[Correction]] = {}
    for some in _portions(employee_ids):
        query = select(Correction).where(
            Correction.event_id == event_id, Correction.employee_id.in_(some)
        )
        for entry in db.session.scalars(query.order_by(Correction.id.desc())):
            history.setdefault(entry.employee_id, []).append(entry)
    return history


def _write(event_id: int, rows: Sequence[RosterRow], requested_by_id: dict[int, Requested]) -> int:
    """Add a correction for each row, all at one moment; return the id of one of them."""
    now = utcnow()
    new = [_new_row(event_id, row, requested_by_id[row.employee_id], now) for row in rows]
    db.session.execute(insert(Correction), new)
    written = (Correction.event_id == event_id, Correction.corrected_at == now)
    query = select(Correction.id, Correction.employee_id, Correction.status).where(*written)
    found = db.session.execute(query).all()
    table = cast(Table, RosterEntry.__table__)
    here = (table.c.event_id == event_id, table.c.employee_id == bindparam("employee"))
    values: dict[str, Any] = {
        "correction_id": bindparam("correction"),
        "corrected_status": bindparam("to"),
    }
    in_force = [
        {
            "employee": one.employee_id,
            "correction": one.id if one.status else None,
            "to": one.status,
        }
        for one in found
    ]
    db.session.connection().execute(update(table).where(*here).values(values), in_force)
    ids: list[int] = [one.id for one in found]
    return max(ids)


def _new_row(event_id: int, row: RosterRow, requested: Requested, now: datetime) -> dict[str, Any]:
    return {
        "event_id": event_id,
        "employee_id": row.employee_id,
        "status": requested.status,
        "status_before": row.status,
        "note": requested.note,
        "corrected_at": now,
        "corrected_by": trail.acting_admin(),
    }


def _record(event_id: int, rows: Sequence[RosterRow], requested: Requested) -> None:
    note = {"note": requested.note} if requested.note else {}
    if len(rows) > 1:
        status = requested.status or "computed"
        trail.record(
            "attendances_corrected", event_id=event_id, people=len(rows), status=status, **note
        )
        return
    (row,) = rows
    subject = f"{row.name} ({row.employee_number})"
    change = [row.status, requested.status or row.computed_status]
    trail.record("attendance_corrected", event_id=event_id, subject=subject, status=change, **note)


def _portions(ids: Iterable[int]) -> Iterable[list[int]]:
    ordered = sorted(ids)
    starts = range(0, len(ordered), ROWS_PER_STATEMENT)
    return (ordered[start : start + ROWS_PER_STATEMENT] for start in starts)
