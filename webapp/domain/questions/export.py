"""Export the questions of an event with votes and answers, as CSV and as a workbook.

An anonymous question has no author in it; see `overview`.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import IO, Any

from sqlalchemy import Row

from webapp.domain.events.store import EventInfo
from webapp.domain.models import Question
from webapp.domain.questions.board import time_into
from webapp.domain.questions.overview import EVERY
from webapp.infra.csv_writer import csv_pieces
from webapp.infra.extensions import db
from webapp.infra.xlsx_writer import Cell, write_workbook

COLUMNS = (
    "id",
    "asked_at",
    "author",
    "department",
    "anonymous",
    "state",
    "votes",
    "question",
    "original_text",
    "answer",
    "answered_at",
    "time_into_event",
    "merged_into",
)
WIDTHS = (8, 27, 24, 20, 11, 11, 8, 60, 30, 60, 27, 16, 12)
BATCH = 500


def read_rows(event: EventInfo) -> Iterator[tuple[Cell, ...]]:
    """Yield the cells of every question, by id; they are read in batches.

    Moments are in the event's zone.
    """
    after = 0
    query = EVERY.where(Question.event_id == event.id).order_by(Question.id).limit(BATCH)
    while rows := db.session.execute(query.where(Question.id > after)).all():
        for row in rows:
            yield _cells(event, row)
        after = rows[-1].id


def as_csv(rows: Iterator[tuple[Cell, ...]]) -> Iterator[str]:
    """Yield the pieces of a CSV file; moments are ISO 8601 with their offset."""
    return csv_pieces(COLUMNS, ([_text(cell) for cell in row] for row in rows))


def as_xlsx(rows: Iterator[tuple[Cell, ...]]) -> IO[bytes]:
    """Return a nameless file with the workbook; closing the file deletes it."""
    return write_workbook(lambda book: book.add_sheet("Questions", COLUMNS, WIDTHS).extend(rows))


def _cells(event: EventInfo, row: Row[*tuple[Any, ...]]) -> tuple[Cell, ...]:
    return (
        row.id,
        event.local(row.asked_at),
        row.author,
        row.department,
        "yes" if row.anonymous else "no",
        "merged" if row.merged_into else row.state,
        row.votes,
        row.body,
        row.original_body,
        row.answer,
        event.local(row.answered_at) if row.answered_at else None,
        time_into(event.starts_at, row.answered_at),
        row.merged_into,
    )


def _text(cell: Cell) -> object:
    return cell.isoformat() if isinstance(cell, datetime) else cell
