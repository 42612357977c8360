"""Export the transcript of an event's chat: every message, removed ones marked."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import IO, Any

from sqlalchemy import Row, Select, select

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
)
WIDTHS = (10, 27, 30, 17, 20, 80, 27, 30)
BATCH = 500


def read_transcript(event: EventInfo) -> Iterator[dict[str, Any]]:
    """Yield the messages in the order of their ids; they are read in batches.

    Times are in the event's zone; `removed_by` is the admin's e-mail.
    """
    after = 0
    while rows := db.session.execute(_batch(event.id, after)).all():
        for row in rows:
            yield _as_dict(event, row)
        after = rows[-1].id


def as_csv(messages: Iterator[dict[str, Any]]) -> Iterator[str]:
    """Yield the pieces of a CSV file; times are ISO 8601 with their offset."""
    rows = ([_text(message[name]) for name in COLUMNS] for message in messages)
    return csv_pieces(COLUMNS, rows)


def as_xlsx(messages: Iterator[dict[str, Any]]) -> IO[bytes]:
    """Return a file with a workbook; a body that looks like a formula stays text."""
    rows = ([message[name] for name in COLUMNS] for message in messages)
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


def _batch(event_id: int, after: int) -> Select[*tuple[Any, ...]]:
    columns = (Message.id, Message.posted_at, Message.body, Message.removed_at)
    names = (Employee.first_name, Employee.last_name, Employee.department)
    query = (
        select(*columns, *names, Employee.employee_number, Admin.email.label("removed_by"))
        .join(Employee, Employee.id == Message.employee_id)
        .outerjoin(Admin, Admin.id == Message.removed_by)
    )
    here = query.where(Message.event_id == event_id, Message.id > after)
    return here.order_by(Message.id).limit(BATCH)


def _as_dict(event: EventInfo, row: Row[*tuple[Any, ...]]) -> dict[str, Any]:
    def local(moment: datetime | None) -> datetime | None:
        return event.local(moment) if moment else None

    return {
        "id": row.id,
        "posted_at": local(row.posted_at),
        "author": f"{row.first_name} {row.last_name}".strip(),
        "employee_number": row.employee_number,
        "department": row.department,
        "body": row.body,
        "removed_at": local(row.removed_at),
        "removed_by": row.removed_by,
    }


def _text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
