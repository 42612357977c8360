"""Read the audit log in words: a page of entries, the latest first, or all that pass filters."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Select, select

from webapp.domain.audit.filters import OPERATOR, Filters, conditions_of
from webapp.domain.audit.objects import key_of, read_objects
from webapp.domain.audit.wording import describe
from webapp.domain.models import Admin, AuditEntry, Event
from webapp.i18n import gettext as _
from webapp.infra.extensions import db

PAGE_ROWS = 100
BATCH = 500

Rows = list[Row[AuditEntry, str, str, str, str]]


@dataclass(frozen=True)
class Entry:
    """An entry as people read it; `slug` and `title` are empty if it does not concern an event.

    `code` is the name of the action in the database, `action` the sentence that says it.
    """

    id: int
    at: datetime
    actor: str
    email: str
    code: str
    action: str
    slug: str
    title: str
    details: list[str]


@dataclass(frozen=True)
class Log:
    """A page of the log with the choices of its filters.

    `older` is the id before which there are more entries, or None.
    """

    entries: list[Entry]
    older: int | None
    admins: list[tuple[str, str]]
    events: list[tuple[str, str]]


def read_log(filters: Filters, timezone: str) -> Log:
    """Return a page of the log, in three statements and one for each kind of quoted texts.

    Days and moments are those of the zone of the filters, or else of `timezone`.
    """
    zone = ZoneInfo(filters.zone or timezone)
    rows = db.session.execute(_query(filters, zone).limit(PAGE_ROWS + 1)).all()
    entries = _entries(list(rows[:PAGE_ROWS]), zone)
    admins = db.session.execute(select(Admin.id, Admin.name, Admin.email).order_by(Admin.name))
    events = db.session.execute(select(Event.slug, Event.title).order_by(Event.starts_at.desc()))
    return Log(
        entries,
        entries[-1].id if len(rows) > PAGE_ROWS else None,
        [
            (OPERATOR, _("An operator")),
            *((str(row.id), f"{row.name} ({row.email})") for row in admins),
        ],
        [(row.slug, row.title) for row in events],
    )


def read_all(filters: Filters, timezone: str) -> Iterator[Entry]:
    """Yield every entry that passes the filters, the latest first, read in batches."""
    zone, before = ZoneInfo(filters.zone or timezone), filters.before
    while True:
        wanted = Filters(**filters.as_args(before=before))
        rows = list(db.session.execute(_query(wanted, zone).limit(BATCH)))
        yield from _entries(rows, zone)
        if len(rows) < BATCH:
            return
        before = str(rows[-1].AuditEntry.id)


def _query(filters: Filters, zone: ZoneInfo) -> Select[AuditEntry, str, str, str, str]:
    columns = (AuditEntry, Admin.name, Admin.email, Event.slug, Event.title)
    query = select(*columns).outerjoin(Admin).outerjoin(Event)
    return query.where(*conditions_of(filters, zone)).order_by(AuditEntry.id.desc())


def _entries(rows: Rows, zone: ZoneInfo) -> list[Entry]:
    """Return the entries in words; their messages and questions are read together."""
    objects = read_objects(_keys(rows))
    return [_entry(*row, *describe(row[0], objects, zone)) for row in rows]


def _keys(rows: Rows) -> Iterator[tuple[str, int]]:
    for entry, *_others in rows:
        if key := key_of(entry.subject):
            yield key
        if entry.action == "questions_merged":
            yield "question", json.loads(entry.details)["into"]


def _entry(
    entry: AuditEntry,
    name: str | None,
    email: str | None,
    slug: str | None,
    title: str | None,
    action: str,
    details: list[str],
) -> Entry:
    return Entry(
        entry.id,
        entry.at,
        name or _("operator"),
        email or "",
        entry.action,
        action,
        slug or "",
        title or "",
        details,
    )
