"""The roster as an Excel workbook: attendance, watched periods, and how it was made.

Every cell has a type. A moment is a date in the event's zone, shown as ISO 8601 with its offset; a
text that looks like a formula stays text.
"""

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from typing import IO

from webapp.domain.attendance.periods import Period, read_periods
from webapp.domain.events.store import EventInfo
from webapp.domain.roster.about_sheet import notes
from webapp.domain.roster.contributions import read_contributions
from webapp.domain.roster.export_csv import cells, columns_of, local, local_minute
from webapp.domain.roster.filters import Filters
from webapp.domain.roster.roster import RosterRow
from webapp.infra.clock import utcnow
from webapp.infra.xlsx_writer import Cell, Workbook, write_workbook

# Employees whose minutes one statement merges into periods.
BATCH = 500
WIDTHS = (17, 16, 18, 30, 20, 16, 24, 27, 16, 27, 27, 24, 30, 20, 27)
CONTRIBUTED_WIDTHS = (10, 10)
PERIOD_COLUMNS = ("employee_number", "first_name", "last_name", "from", "until", "minutes", "note")
PERIOD_WIDTHS = (17, 16, 18, 27, 27, 10, 30)
ONLY_TOTAL = "only the total is kept"


def as_xlsx(
    event: EventInfo, filters: Filters, rows: Generator[RosterRow], exported_by: str
) -> IO[bytes]:
    """Return a nameless file with the workbook; closing the file deletes it.

    Rows are written to disk as they are read, so memory use does not grow with the roster.
    """

    def fill(book: Workbook) -> None:
        with closing(rows):
            exported = _write_rows(book, event, rows)
        about = notes(event, filters, exported, exported_by, local(event, utcnow()))
        book.add_sheet("About", ("", ""), (28, 90)).extend(about)

    return write_workbook(fill)


def _write_rows(book: Workbook, event: EventInfo, rows: Iterator[RosterRow]) -> int:
    written = read_contributions(event)
    widths = WIDTHS if written is None else WIDTHS + CONTRIBUTED_WIDTHS
    attendance = book.add_sheet("Attendance", columns_of(written), widths)
    periods = book.add_sheet("Periods", PERIOD_COLUMNS, PERIOD_WIDTHS)
    exported = 0
    while batch := list(islice(rows, BATCH)):
        attendance.extend(cells(event, row, written) for row in batch)
        periods.extend(_periods(event, [row for row in batch if row.watched_minutes]))
        exported += len(batch)
    return exported


def _periods(event: EventInfo, rows: Sequence[RosterRow]) -> Iterator[tuple[Cell, ...]]:
    found = read_periods(event.id, [row.employee_id for row in rows]) if rows else {}
    for row in rows:
        name = (row.employee_number, row.first_name, row.last_name)
        if row.employee_id not in found:
            yield (*name, None, None, row.watched_minutes, ONLY_TOTAL)
        for period in _cut(row, found.get(row.employee_id, ())):
            moments = (local_minute(event, period.start), local_minute(event, period.end))
            yield (*name, *moments, period.minutes)


def _cut(row: RosterRow, periods: Iterable[Period]) -> Iterator[Period]:
    """Yield the periods without the minutes that were recorded after the row was read."""
    end = (row.last_minute or 0) + 1
    for period in periods:
        if period.start < end:
            yield Period(period.start, min(period.end, end))
