"""Reading the audit log: the latest entries first, filtered as the address says."""

import json
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import starmap
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, select

from webapp.domain.audit.trail import ACTIONS
from webapp.domain.models import Admin, AuditEntry, Event
from webapp.errors import Invalid
from webapp.infra.extensions import db

PAGE_ROWS = 100
# In an address, in place of an admin's id.
OPERATOR = "operator"
MAX_ID = 2**63 - 1
YEARS = range(2000, 3000)


@dataclass(frozen=True)
class Filters:
    """What the address asks for. Days are whole days of the site's zone, both included; `before`
    is the id below which a page begins."""

    action: str = ""
    admin: str = ""
    event: str = ""
    since: str = ""
    until: str = ""
    before: str = ""

    def as_args(self, **changes: Any) -> dict[str, Any]:
        """The same as query arguments, with changes; what is empty is left out."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__} | changes
        return {name: value for name, value in values.items() if value}


@dataclass(frozen=True)
class Entry:
    """An entry as people read it; `slug` and `title` are empty where it is about no event."""

    id: int
    at: datetime
    actor: str
    action: str
    slug: str
    title: str
    said: list[str]


@dataclass(frozen=True)
class Log:
    """A page of the log, what may be chosen, and the id before which there is more, or None."""

    entries: list[Entry]
    older: int | None
    admins: list[tuple[str, str]]
    events: list[tuple[str, str]]


def parse_filters(args: dict[str, str]) -> Filters:
    """The filters in an address. Raises `Invalid` for what no form sends."""
    filters = Filters(**{name: args.get(name, "") for name in Filters.__dataclass_fields__})
    if filters.action and filters.action not in ACTIONS:
        raise Invalid("There is no such action.")
    if filters.admin not in ("", OPERATOR):
        _whole(filters.admin)
    if filters.before:
        _whole(filters.before)
    for day in (filters.since, filters.until):
        _day(day)
    return filters


def read_log(filters: Filters, timezone: str) -> Log:
    """A page of the log, in three statements; days are those of `timezone`."""
    columns = (AuditEntry, Admin.email, Event.slug, Event.title)
    query = select(*columns).outerjoin(Admin).outerjoin(Event)
    wanted = query.where(*_conditions(filters, ZoneInfo(timezone)))
    rows = db.session.execute(wanted.order_by(AuditEntry.id.desc()).limit(PAGE_ROWS + 1)).all()
    entries = [_entry(*row) for row in rows[:PAGE_ROWS]]
    admins = db.session.execute(select(Admin.id, Admin.email).order_by(Admin.email))
    events = db.session.execute(select(Event.slug, Event.title).order_by(Event.starts_at.desc()))
    return Log(
        entries,
        entries[-1].id if len(rows) > PAGE_ROWS else None,
        [(OPERATOR, "An operator"), *((str(row.id), row.email) for row in admins)],
        [(row.slug, row.title) for row in events],
    )


def _conditions(filters: Filters, zone: ZoneInfo) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.action:
        conditions.append(AuditEntry.action == filters.action)
    if filters.event:
        conditions.append(Event.slug == filters.event)
    if filters.admin == OPERATOR:
        conditions.append(AuditEntry.admin_id.is_(None))
    elif filters.admin:
        conditions.append(AuditEntry.admin_id == _whole(filters.admin))
    if filters.before:
        conditions.append(AuditEntry.id < _whole(filters.before))
    if since := _day(filters.since):
        conditions.append(AuditEntry.at >= datetime.combine(since, time(), zone))
    if until := _day(filters.until):
        conditions.append(AuditEntry.at < datetime.combine(until + timedelta(days=1), time(), zone))
    return conditions


def _entry(entry: AuditEntry, email: str | None, slug: str | None, title: str | None) -> Entry:
    return Entry(
        entry.id,
        entry.at,
        email or "operator",
        ACTIONS.get(entry.action, entry.action),
        slug or "",
        title or "",
        list(filter(None, [entry.subject, *starmap(_said, json.loads(entry.details).items())])),
    )


def _said(name: str, value: Any) -> str:
    said = name.replace("_", " ")
    if isinstance(value, list) and len(value) == 2:
        return f"{said}: {_plain(value[0])} → {_plain(value[1])}"
    return f"{said}: {_plain(value)}"


def _plain(value: Any) -> str:
    if value in (None, ""):
        return "none"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or int(text[:20]) > MAX_ID:
        raise Invalid("That is no number.")
    return int(text[:20])


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid("That is no day; write it like 2026-01-31.") from None
    if day and day.year not in YEARS:
        raise Invalid("There is nothing on record from that year.")
    return day
