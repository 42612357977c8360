"""The roster as CSV for other programs: a header and one row per employee, absentees included.

Moments are in the event's zone, to the second; minutes are numbers. Titles and statuses are the
same in every language: programs read them.
"""

from collections.abc import Generator, Iterator
from datetime import datetime

from webapp.domain.attendance.statuses import STATUSES
from webapp.domain.events.store import EventInfo
from webapp.domain.roster.contributions import Contributions, read_contributions
from webapp.domain.roster.filters import Filters
from webapp.domain.roster.roster import RosterRow, stream_rows
from webapp.infra.clock import moment_of
from webapp.infra.csv_writer import csv_pieces
from webapp.infra.extensions import db
from webapp.infra.xlsx_writer import Cell

# The Excel export needs a width for each column: `WIDTHS` in export_xlsx.py.
COLUMNS = (
    "employee_number",
    "first_name",
    "last_name",
    "email",
    "department",
    "location",
    "status",
    "checked_in_at",
    "watched_minutes",
    "watched_from",
    "watched_until",
    "counted_status",
    "note",
    "corrected_by",
    "corrected_at",
)


# Further columns where the event exports what employees contributed.
CONTRIBUTED = ("messages", "questions")


def begin_export(event: EventInfo, filters: Filters) -> Generator[RosterRow]:
    """Return every row that matches, in order.

    The query runs here, so that an error is raised before the response begins. The session's
    connection goes back to the pool: a download may take minutes.
    """
    rows = stream_rows(event, filters)
    first = next(rows, None)
    db.session.rollback()
    return _with_first(first, rows)


def as_csv(event: EventInfo, rows: Iterator[RosterRow], separator: str = ",") -> Iterator[str]:
    """Yield the file in pieces; moments are ISO 8601 with their offset."""
    written = read_contributions(event)
    values = (map(_text, cells(event, row, written)) for row in rows)
    return csv_pieces(columns_of(written), values, separator)


def columns_of(written: Contributions | None) -> tuple[str, ...]:
    """Return the names of the columns."""
    return COLUMNS if written is None else (*COLUMNS, *CONTRIBUTED)


def cells(event: EventInfo, row: RosterRow, written: Contributions | None) -> tuple[Cell, ...]:
    """Return the row's values in the order of `columns_of(written)`."""
    contributed = () if written is None else written.get(row.employee_id, (0, 0))
    return (
        row.employee_number,
        row.first_name,
        row.last_name,
        row.email,
        row.department,
        row.location,
        STATUSES[row.status].source,
        local(event, row.checked_in_at),
        row.watched_minutes,
        local_minute(event, row.first_minute),
        # The end of the last minute: without gaps, `watched_until` minus `watched_from` is then
        # `watched_minutes`.
        local_minute(event, None if row.last_minute is None else row.last_minute + 1),
        STATUSES[row.computed_status].source,
        row.note,
        row.corrected_by,
        local(event, row.corrected_at),
        *contributed,
    )


def local(event: EventInfo, moment: datetime | None) -> datetime | None:
    """Return the moment in the event's zone, to the second."""
    return event.local(moment).replace(microsecond=0) if moment else None


def local_minute(event: EventInfo, minute: int | None) -> datetime | None:
    """Return the beginning of a minute (whole minutes since the Unix epoch) in the event's zone."""
    return None if minute is None else event.local(moment_of(minute))


def _with_first(first: RosterRow | None, rest: Iterator[RosterRow]) -> Generator[RosterRow]:
    if first is not None:
        yield first
        yield from rest


def _text(cell: Cell) -> str | int | None:
    return cell.isoformat() if isinstance(cell, datetime) else cell
