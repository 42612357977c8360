"""Export the transcript of an event's chat: every message, removed ones marked."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import IO, Any

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import aliased

from webapp.domain.chat.messages import AUTHOR
from webapp.domain.events.store import EventInfo
from webapp.domain.models import Admin, Employee, Message
from webapp.infra.csv_writer import csv_pieces
from webapp.infra.extensions import db
from webapp.infra.xlsx_writer import write_workbook

COLUMNS = (
    "id",
    "posted_at",
    "author",
    "employee_number",
    "department",
    "body",
    "removed_at",
    "removed_by",
    "host",
)
WIDTHS = (10, 27, 30, 17, 20, 80, 27, 30, 6)
BATCH = 500
REMOVER = aliased(Admin)


def read_transcript(event: EventInfo) -> Iterator[dict[str, Any]]:
    """Yield the messages in the order of their ids; they are read in batches.

    Times are in the event's zone; `removed_by` is the admin's e-mail. A message of the host has an
    admin as its author, and `host` is true.
    """
    after = 0
    while rows := db.session.execute(_batch(event.id, after)).all():
        for row in rows:
            yield _as_dict(event, row)
        after = rows[-1].id


def as_csv(messages: Iterator[dict[str, Any]]) -> Iterator[str]:
    """Yield the pieces of a CSV file; times are ISO 8601 with their offset."""
    rows = ([_text(value) for value in _cells(message)] for message in messages)
    return csv_pieces(COLUMNS, rows)


def as_xlsx(messages: Iterator[dict[str, Any]]) -> IO[bytes]:
    """Return a file with a workbook; a body that looks like a formula stays text."""
    rows = map(_cells, messages)
    return write_workbook(lambda book: book.add_sheet("Chat", COLUMNS, WIDTHS).extend(rows))


def as_json(event: EventInfo, messages: Iterator[dict[str, Any]]) -> Iterator[str]:
    """Yield the pieces of `{"event": {…}, "messages": […]}`."""
    head = {"slug": event.slug, "title": event.title, "timezone": event.timezone}
    yield f'{{"event": {json.dumps(head, ensure_ascii=False)}, "messages": ['
    separator = "\n"
    for message in messages:
        yield separator + json.dumps(message, ensure_ascii=False, default=_text)
        separator = ",\n"
    yield "\n]}\n"


def _cells(message: dict[str, Any]) -> list[Any]:
    cells = message | {"host": "yes" if message["host"] else ""}
    return [cells[name] for name in COLUMNS]


def _batch(event_id: int, after: int) -> Select[*tuple[Any, ...]]:
    columns = (Message.id, Message.posted_at, Message.body, Message.removed_at)
    author = (AUTHOR.label("author"), Employee.department, Employee.employee_number)
    admins = (Message.admin_id, REMOVER.email.label("removed_by"))
    query = (
        select(*columns, *author, *admins)
        .outerjoin(Employee, Employee.id == Message.employee_id)
        .outerjoin(Admin, Admin.id == Message.admin_id)
        .outerjoin(REMOVER, REMOVER.id == Message.removed_by)
    )
    here = query.where(Message.event_id == event_id, Message.id > after)
    return here.order_by(Message.id).limit(BATCH)


def _as_dict(event: EventInfo, row: Row[*tuple[Any, ...]]) -> dict[str, Any]:
    def local(moment: datetime | None) -> datetime | None:
        return event.local(moment) if moment else None

    return {
        "id": row.id,
        "posted_at": local(row.posted_at),
        "author": row.author,
        "employee_number": row.employee_number or "",
        "department": row.department or "",
        "body": row.body,
        "removed_at": local(row.removed_at),
        "removed_by": row.removed_by,
        "host": row.admin_id is not None,
    }


def _text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
