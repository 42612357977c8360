"""Read what the moderator's desk shows of the chat."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, or_, select
from sqlalchemy.orm import aliased

from webapp.domain.employees.directory import FULL_NAME
from webapp.domain.events.store import EventInfo
from webapp.domain.models import Admin, Employee, Event, HeldMessage, Message, Mute
from webapp.errors import Invalid, NotFound
from webapp.infra.clock import utcnow
from webapp.infra.extensions import db
from webapp.infra.search import contains

PAGE_ROWS = 100
SEARCH_LENGTH = 100

# The admin of a message of the host, beside the one that removed it.
HOST = aliased(Admin)

Rows = Sequence[Row[*tuple[Any, ...]]]


@dataclass(frozen=True)
class Wanted:
    """Which messages to show: below the id `before`, with the text `q` in body or author's name,
    and of one employee."""

    before: int | None = None
    q: str = ""
    employee_id: int | None = None


@dataclass(frozen=True)
class Board:
    """The lists of the desk: messages, latest first; held posts, oldest first; mutes.

    `older` is the id before which there are more messages, or None. `waiting` is the number of held
    posts, of which the first 100 are shown.
    """

    messages: Rows
    held: Rows
    muted: Rows
    older: int | None
    waiting: int


@dataclass(frozen=True)
class Profile:
    """An employee as moderators see them beside their messages. `mutes` has the last mute of each
    event, the latest first; `muted` is the one that applies in this event, or None."""

    id: int
    name: str
    department: str
    messages: int
    removed: int
    mutes: Rows
    muted: Row[*tuple[Any, ...]] | None


def read_board(event: EventInfo, wanted: Wanted) -> Board:
    """Return the lists of the desk, in three statements. Raises `Invalid` for too long a search."""
    messages, older = read_messages(event, wanted)
    held = _read_held(event.id)
    waiting = len(held) if len(held) < PAGE_ROWS else _count_held(event.id)
    return Board(messages, held, _read_muted(event.id), older, waiting)


def read_messages(event: EventInfo, wanted: Wanted) -> tuple[Rows, int | None]:
    """Return a page of messages, latest first, and the id before which there are more, or None."""
    if len(wanted.q) > SEARCH_LENGTH:
        raise Invalid("Search for at most %(most)s characters.", most=SEARCH_LENGTH)
    query = _messages().where(Message.event_id == event.id, *_conditions(wanted))
    rows = db.session.execute(query.order_by(Message.id.desc()).limit(PAGE_ROWS + 1)).all()
    shown = rows[:PAGE_ROWS]
    return shown, shown[-1].id if len(rows) > PAGE_ROWS else None


def read_profile(event: EventInfo, employee_id: int) -> Profile:
    """Return an employee with their counts in this event and their mutes. Raises `NotFound`."""
    query = select(FULL_NAME.label("name"), Employee.department).where(Employee.id == employee_id)
    employee = db.session.execute(query).one_or_none()
    if employee is None:
        raise NotFound("There is no such employee.")
    theirs = (Message.event_id == event.id, Message.employee_id == employee_id)
    counts = select(func.count(), func.count(Message.removed_at)).where(*theirs)
    messages, removed = db.session.execute(counts).one()
    mutes = _read_mutes(employee_id)
    here = [row for row in mutes if row.event_id == event.id and _applies(row.until)]
    muted = here[0] if here else None
    return Profile(employee_id, employee.name, employee.department, messages, removed, mutes, muted)


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.before is not None:
        conditions.append(Message.id < wanted.before)
    if wanted.employee_id is not None:
        conditions.append(Message.employee_id == wanted.employee_id)
    if wanted.q:
        # One of the names is null: a message is an employee's or the host's.
        names = (Employee.first_name, " ", Employee.last_name)
        found = [contains(wanted.q, *parts) for parts in ((Message.body,), names, (HOST.name,))]
        conditions.append(or_(*found))
    return conditions


def _messages() -> Select[*tuple[Any, ...]]:
    columns = (Message.id, Message.employee_id, Message.body, Message.posted_at)
    names = (func.coalesce(FULL_NAME, HOST.name).label("author"), Employee.department)
    admins = (Message.admin_id, Admin.name.label("removed_by"))
    query = select(*columns, Message.removed_at, *names, *admins)
    authors = query.outerjoin(Employee, Employee.id == Message.employee_id)
    hosts = authors.outerjoin(HOST, HOST.id == Message.admin_id)
    return hosts.outerjoin(Admin, Admin.id == Message.removed_by)


def _waiting(event_id: int) -> tuple[ColumnElement[bool], ...]:
    return HeldMessage.event_id == event_id, HeldMessage.decided_at.is_(None)


def _read_held(event_id: int) -> Rows:
    columns = (HeldMessage.id, HeldMessage.employee_id, HeldMessage.body, HeldMessage.posted_at)
    query = select(*columns, FULL_NAME.label("author"), Employee.department)
    held = query.join(Employee, Employee.id == HeldMessage.employee_id).where(*_waiting(event_id))
    return db.session.execute(held.order_by(HeldMessage.id).limit(PAGE_ROWS)).all()


def _count_held(event_id: int) -> int:
    query = select(func.count()).select_from(HeldMessage).where(*_waiting(event_id))
    return db.session.scalar(query) or 0


def _read_muted(event_id: int) -> Rows:
    columns = (Mute.employee_id, Mute.until, Mute.reason, FULL_NAME.label("author"))
    muted = select(*columns).join(Employee, Employee.id == Mute.employee_id)
    holds = or_(Mute.until.is_(None), Mute.until > utcnow())
    here = muted.where(Mute.event_id == event_id, holds)
    return db.session.execute(here.order_by(Employee.last_name, Employee.id)).all()


def _read_mutes(employee_id: int) -> Rows:
    columns = (Mute.event_id, Mute.muted_at, Mute.until, Mute.reason, Admin.name.label("by"))
    events = (Event.slug, Event.title, Event.timezone)
    query = select(*columns, *events).join(Event, Event.id == Mute.event_id)
    named = query.outerjoin(Admin, Admin.id == Mute.muted_by).where(Mute.employee_id == employee_id)
    return db.session.execute(named.order_by(Mute.muted_at.desc())).all()


def _applies(until: datetime | None) -> bool:
    return until is None or until > utcnow()
