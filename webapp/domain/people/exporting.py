"""Export what is held on one person: every row of every table, as JSON values."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, select

from webapp.domain.audit import trail
from webapp.domain.employees.editing import get_employee
from webapp.domain.employees.holding import Holding, Person
from webapp.domain.models import (
    REASON_LENGTH,
    AuditEntry,
    Event,
    Poll,
    Question,
    WatchedMinute,
)
from webapp.domain.people.aliases import find_aliases
from webapp.domain.people.erasing import person_of
from webapp.domain.people.holdings import HOLDINGS
from webapp.domain.people.mentions import read_log, subjects_of
from webapp.domain.polls.store import read_options
from webapp.domain.questions.authors import asked_by, record_reveals
from webapp.errors import Invalid
from webapp.infra.clock import isoformat, moment_of, utcnow
from webapp.infra.database import retry_on_outage
from webapp.infra.extensions import db
from webapp.infra.text import one_line

Row = dict[str, Any]


def export_person(employee_id: int, reason: str) -> dict[str, Any]:
    """Return `{exported_at, person, tables}`: the rows by table, with all columns but secrets.

    It has the person's anonymous questions as well. The export is therefore put on record with the
    reason, which the person reads beside these questions. Raises `NotFound`, and `Invalid` for a
    missing or overlong reason.
    """
    reason = one_line(reason)
    if not 1 <= len(reason) <= REASON_LENGTH:
        raise Invalid(
            "Give a reason of at most %(most)s characters.", most=REASON_LENGTH, form_field="reason"
        )
    employee = get_employee(employee_id)
    _record(employee_id, employee.label, reason)
    person = person_of(get_employee(employee_id))
    slugs = select(Event.id, Event.slug)
    events = {row.id: row.slug for row in db.session.execute(slugs)}
    tables = {
        holding.model.__tablename__: [_named(row, events) for row in _read(holding, person)]
        for holding in HOLDINGS
    }
    _explain_answers(tables["poll_answers"])
    log = read_log(find_aliases(person), subjects_of(person.id))
    tables["audit_log"] = [_named(_entry(entry), events) for entry in log]
    head = {"name": person.name, "employee_number": person.employee_number, "email": person.email}
    return {"exported_at": isoformat(utcnow()), "person": head, "tables": tables}


def as_json(export: dict[str, Any]) -> str:
    """Return the export as a JSON document that people can read."""
    return json.dumps(export, ensure_ascii=False, indent=2) + "\n"


@retry_on_outage
def _record(employee_id: int, label: str, reason: str) -> None:
    """Record the export before the first row is read, also for the authors of questions."""
    anonymous = select(Question.id).where(
        Question.id.in_(asked_by(employee_id)), Question.author_id.is_(None)
    )
    revealed = {"revealed_at": utcnow(), "revealed_by": trail.acting_admin()}
    if ids := db.session.scalars(anonymous).all():
        record_reveals(ids, revealed | {"reveal_reason": reason})
    trail.record("employee_exported", subject=label, reason=reason)
    db.session.commit()


def _read(holding: Holding, person: Person) -> Iterator[Row]:
    table = cast(Table, holding.model.__table__)
    columns = [column for column in table.c if column.name not in holding.secret]
    query = select(*columns).where(holding.of(person)).order_by(*table.primary_key)
    for row in db.session.execute(query).mappings():
        values = {name: _plain(value) for name, value in row.items()}
        if holding.model is WatchedMinute:
            values["minute"] = isoformat(moment_of(row["minute"]))
        yield values


def _entry(entry: AuditEntry) -> Row:
    return {
        "id": entry.id,
        "at": isoformat(entry.at),
        "action": entry.action,
        "event_id": entry.event_id,
        "subject": entry.subject,
        "details": json.loads(entry.details),
    }


def _plain(value: Any) -> Any:
    return isoformat(value) if isinstance(value, datetime) else value


def _named(row: Row, events: dict[int, str]) -> Row:
    """Add the address of the event to a row that belongs to one."""
    return row | {"event": events.get(row["event_id"])} if row.get("event_id") else row


def _explain_answers(rows: list[Row]) -> None:
    """Add the question of each poll and the texts of the options that the person chose."""
    ids = [row["poll_id"] for row in rows]
    query = select(Poll.id, Poll.question, Event.slug).join(Event).where(Poll.id.in_(ids))
    polls = {id_: (question, slug) for id_, question, slug in db.session.execute(query)}
    options = read_options(ids)
    for row in rows:
        row["question"], row["event"] = polls[row["poll_id"]]
        chosen = [
            o.text for o in options[row["poll_id"]] if (row["choices"] or 0) >> o.position & 1
        ]
        row["chosen"] = chosen if row["choices"] is not None else None
