"""Export the audit log as filtered, as CSV and as a workbook."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import IO
from zoneinfo import ZoneInfo

from webapp.domain.audit.log import Entry
from webapp.infra.csv_writer import csv_pieces
from webapp.infra.xlsx_writer import Cell, write_workbook

COLUMNS = ("id", "at", "admin", "email", "action", "what", "event", "title", "details")
WIDTHS = (8, 27, 24, 28, 24, 60, 24, 30, 60)


def as_csv(entries: Iterable[Entry], timezone: str, separator: str) -> Iterator[str]:
    """Yield the pieces of a CSV file; moments are ISO 8601 with the offset of the zone."""
    rows = _rows(entries, timezone)
    return csv_pieces(COLUMNS, ([_text(cell) for cell in row] for row in rows), separator)


def as_xlsx(entries: Iterable[Entry], timezone: str) -> IO[bytes]:
    """Return a nameless file with the workbook; closing the file deletes it."""
    rows = _rows(entries, timezone)
    return write_workbook(lambda book: book.add_sheet("Audit log", COLUMNS, WIDTHS).extend(rows))


def _rows(entries: Iterable[Entry], timezone: str) -> Iterator[tuple[Cell, ...]]:
    zone = ZoneInfo(timezone)
    for entry in entries:
        moment = entry.at.astimezone(zone)
        acted = (entry.actor, entry.email, entry.code, entry.action)
        yield entry.id, moment, *acted, entry.slug, entry.title, "; ".join(entry.details)


def _text(cell: Cell) -> object:
    return cell.isoformat() if isinstance(cell, datetime) else cell
