"""Read the audit log: a page of entries, the latest first, filtered by the query arguments."""

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
from webapp.i18n import gettext as _
from webapp.i18n import lazy
from webapp.infra.extensions import db
from webapp.infra.ids import parse_id

PAGE_ROWS = 100
# Stands for an admin's id in an address.
OPERATOR = "operator"
YEARS = range(2000, 3000)
# The details of entries by their names; others are shown by their names.
DETAILS = {
    "active": lazy("active"),
    "anonymous_questions": lazy("questions without a name"),
    "archived_at": lazy("archived at"),
    "body": lazy("text"),
    "broken": lazy("broken"),
    "by": lazy("by"),
    "changed": lazy("changed"),
    "chat_open": lazy("chat open"),
    "closes_at": lazy("closes at"),
    "copy_of": lazy("copy of"),
    "deactivated": lazy("deactivated"),
    "department": lazy("department"),
    "description": lazy("description"),
    "email": lazy("e-mail"),
    "employee_number": lazy("employee number"),
    "ends_at": lazy("ends at"),
    "export_contributions": lazy("contributions in exports"),
    "first_name": lazy("first name"),
    "format": lazy("format"),
    "hold_messages": lazy("hold messages"),
    "hold_questions": lazy("hold questions"),
    "into": lazy("into"),
    "last_name": lazy("last name"),
    "location": lazy("location"),
    "minutes": lazy("minutes"),
    "new": lazy("new"),
    "of": lazy("of"),
    "older_than_days": lazy("older than days"),
    "opens_at": lazy("opens at"),
    "q": lazy("search"),
    "questions_open": lazy("questions open"),
    "reason": lazy("reason"),
    "recording_url": lazy("recording address"),
    "required_share": lazy("required share"),
    "slow_mode_seconds": lazy("slow mode seconds"),
    "sort": lazy("sorted by"),
    "speakers": lazy("speakers"),
    "starts_at": lazy("starts at"),
    "state": lazy("state"),
    "status": lazy("status"),
    "stored": lazy("stored"),
    "stream_answers": lazy("stream answers"),
    "stream_captions": lazy("stream has captions"),
    "stream_hosts": lazy("stream hosts"),
    "stream_kind": lazy("stream kind"),
    "stream_tested_at": lazy("stream tested at"),
    "stream_url": lazy("stream address"),
    "text": lazy("text"),
    "timezone": lazy("time zone"),
    "title": lazy("title"),
    "unchanged": lazy("unchanged"),
}
VALUES = {
    "absent": lazy("absent"),
    "attended": lazy("attended"),
    "checked_in": lazy("checked in"),
    "closed": lazy("closed"),
    "excused": lazy("excused"),
    "left_early": lazy("left early"),
    "open": lazy("open"),
    "partly": lazy("partly"),
    "scheduled": lazy("scheduled"),
    "single sign-on": lazy("single sign-on"),
    "time": lazy("the timetable"),
    "watching": lazy("watching now"),
}


@dataclass(frozen=True)
class Filters:
    """The filters in an address. `since` and `until` are days of the site's zone, both included;
    `before` is the id below which the page begins."""

    action: str = ""
    admin: str = ""
    event: str = ""
    since: str = ""
    until: str = ""
    before: str = ""

    def as_args(self, **changes: Any) -> dict[str, Any]:
        """Return the filters with `changes` as query arguments, without empty ones."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__} | changes
        return {name: value for name, value in values.items() if value}


@dataclass(frozen=True)
class Entry:
    """An entry as people read it; `slug` and `title` are empty if it does not concern an event."""

    id: int
    at: datetime
    actor: str
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


def parse_filters(args: dict[str, str]) -> Filters:
    """Return the filters in query arguments. Raises `Invalid` for values that no form sends."""
    filters = Filters(**{name: args.get(name, "") for name in Filters.__dataclass_fields__})
    if filters.action and filters.action not in ACTIONS:
        raise Invalid("There is no such action.")
    if filters.admin not in ("", OPERATOR):
        parse_id(filters.admin, "admin")
    if filters.before:
        parse_id(filters.before, "before")
    for day in (filters.since, filters.until):
        _parse_day(day)
    return filters


def read_log(filters: Filters, timezone: str) -> Log:
    """Return a page of the log, in three statements; days are those of `timezone`."""
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
        [(OPERATOR, _("An operator")), *((str(row.id), row.email) for row in admins)],
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
        conditions.append(AuditEntry.admin_id == parse_id(filters.admin, "admin"))
    if filters.before:
        conditions.append(AuditEntry.id < parse_id(filters.before, "before"))
    if since := _parse_day(filters.since):
        conditions.append(AuditEntry.at >= datetime.combine(since, time(), zone))
    if until := _parse_day(filters.until):
        conditions.append(AuditEntry.at < datetime.combine(until + timedelta(days=1), time(), zone))
    return conditions


def _entry(entry: AuditEntry, email: str | None, slug: str | None, title: str | None) -> Entry:
    return Entry(
        entry.id,
        entry.at,
        email or _("operator"),
        str(ACTIONS.get(entry.action, entry.action)),
        slug or "",
        title or "",
        list(filter(None, [entry.subject, *starmap(_describe, json.loads(entry.details).items())])),
    )


def _describe(name: str, value: Any) -> str:
    label = DETAILS.get(name) or name.replace("_", " ")
    if isinstance(value, list) and len(value) == 2:
        return f"{label}: {_plain(value[0])} → {_plain(value[1])}"
    return f"{label}: {_plain(value)}"


def _plain(value: Any) -> str:
    if value in (None, ""):
        return _("none")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(VALUES.get(value, value) if isinstance(value, str) else value)


def _parse_day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid("Write a day like 2026-01-31.") from None
    if day and day.year not in YEARS:
        raise Invalid("Nothing is on record from that year.")
    return day
