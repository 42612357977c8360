"""Filter the audit log by the arguments of an address."""

import json
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, or_, select

from webapp.domain.audit.objects import TABLES, author_of, subjects_with
from webapp.domain.audit.trail import ACTIONS
from webapp.domain.models import AuditEntry, Employee, Event
from webapp.errors import Invalid
from webapp.i18n import Lazy, lazy
from webapp.infra.extensions import db
from webapp.infra.ids import parse_id
from webapp.infra.search import contains
from webapp.infra.timezones import timezone_names

# Stands for an admin's id in an address.
OPERATOR = "operator"
YEARS = range(2000, 3000)
TEXT_LENGTH = 100
MOST_PEOPLE = 50

# Kinds of actions, by what the names of their actions contain; the first kind that fits counts.
KINDS: dict[str, tuple[Lazy, tuple[str, ...]]] = {
    "exports": (lazy("Exports"), ("_exported",)),
    "chat": (
        lazy("Chat"),
        ("message_", "chat_", "announcement_", "employee_muted", "employee_unmuted"),
    ),
    "questions": (lazy("Questions"), ("question",)),
    "polls": (lazy("Polls"), ("poll_",)),
    "events": (lazy("Events"), ("event_",)),
    "attendance": (lazy("Attendance"), ("attendance", "minutes_")),
    "employees": (lazy("Employees"), ("employee",)),
    "admins": (lazy("Admins and sign-ins"), ("admin_", "signed_")),
}


@dataclass(frozen=True)
class Filters:
    """The filters in an address. `action` is an action or a kind of actions, `person` a name,
    address or number of an employee, `q` any text. `since` and `until` are days of `zone`, both
    included; `zone` is empty for the site's. `before` is the id below which the page begins."""

    action: str = ""
    admin: str = ""
    event: str = ""
    person: str = ""
    q: str = ""
    since: str = ""
    until: str = ""
    zone: str = ""
    before: str = ""

    def as_args(self, **changes: Any) -> dict[str, Any]:
        """Return the filters with `changes` as query arguments, without empty ones."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__} | changes
        return {name: value for name, value in values.items() if value}


def parse_filters(args: dict[str, str]) -> Filters:
    """Return the filters in query arguments. Raises `Invalid` for values that no form sends.

    A zone that is unknown here, which browsers may have, counts as none.
    """
    given = {name: args.get(name, "").strip() for name in Filters.__dataclass_fields__}
    if given["zone"] not in timezone_names():
        given["zone"] = ""
    filters = Filters(**given)
    if filters.action and filters.action not in (*ACTIONS, *KINDS):
        raise Invalid("There is no such action.")
    if filters.admin not in ("", OPERATOR):
        parse_id(filters.admin, "admin")
    if filters.before:
        parse_id(filters.before, "before")
    if max(len(filters.person), len(filters.q)) > TEXT_LENGTH:
        raise Invalid("Search for at most %(most)s characters.", most=TEXT_LENGTH)
    for day in (filters.since, filters.until):
        _parse_day(day)
    return filters


def actions_by_kind() -> dict[str, list[str]]:
    """Return the names of the actions of each kind."""
    found: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for action in ACTIONS:
        found[_kind_of(action)].append(action)
    return found


def conditions_of(filters: Filters, zone: ZoneInfo) -> list[ColumnElement[bool]]:
    """Return what entries that pass the filters meet; days are those of `zone`.

    Raises `Invalid` where too many people have the name.
    """
    conditions: list[ColumnElement[bool]] = []
    if filters.action:
        wanted = actions_by_kind().get(filters.action, [filters.action])
        conditions.append(AuditEntry.action.in_(wanted))
    if filters.event:
        conditions.append(Event.slug == filters.event)
    if filters.admin == OPERATOR:
        conditions.append(AuditEntry.admin_id.is_(None))
    elif filters.admin:
        conditions.append(AuditEntry.admin_id == parse_id(filters.admin, "admin"))
    if filters.before:
        conditions.append(AuditEntry.id < parse_id(filters.before, "before"))
    if filters.person:
        conditions.append(_concerns(filters.person))
    if filters.q:
        conditions.append(_mentions(filters.q))
    if since := _parse_day(filters.since):
        conditions.append(AuditEntry.at >= datetime.combine(since, time(), zone))
    if until := _parse_day(filters.until):
        conditions.append(AuditEntry.at < datetime.combine(until + timedelta(days=1), time(), zone))
    return conditions


def _kind_of(action: str) -> str:
    for kind, (_label, parts) in KINDS.items():
        if any(part in action for part in parts):
            return kind
    raise LookupError(f"{action} is of no kind")


def _concerns(q: str) -> ColumnElement[bool]:
    """Return whether an entry is about such a person, or what they wrote with their name."""
    names = (Employee.first_name, " ", Employee.last_name)
    known = contains(q, *names, "\n", Employee.email, "\n", Employee.employee_number)
    people = db.session.scalars(select(Employee).where(known).limit(MOST_PEOPLE + 1)).all()
    if len(people) > MOST_PEOPLE:
        raise Invalid("More than %(most)s people match. Give the number.", most=MOST_PEOPLE)
    ids = [employee.id for employee in people]
    wrote = (subjects_with(kind, author_of(kind).in_(ids)) for kind in TABLES)
    return or_(
        AuditEntry.subject.in_([employee.label for employee in people]),
        *(func.folded(AuditEntry.subject).in_(subjects) for subjects in wrote),
    )


def _mentions(q: str) -> ColumnElement[bool]:
    """Return whether an entry, or the message or question that it concerns, contains `q`."""
    as_json = json.dumps(q, ensure_ascii=False)[1:-1]
    quoting = (subjects_with(kind, contains(q, table.body)) for kind, table in TABLES.items())
    return or_(
        contains(q, AuditEntry.subject),
        contains(as_json, AuditEntry.details),
        *(func.folded(AuditEntry.subject).in_(subjects) for subjects in quoting),
    )


def _parse_day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid("Write a day like 2026-01-31.") from None
    if day and day.year not in YEARS:
        raise Invalid("Nothing is on record from that year.")
    return day
