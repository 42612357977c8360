"""Read what the moderation page shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, or_, select
from sqlalchemy.orm import aliased

from webapp.domain.events.store import EventInfo
from webapp.domain.models import Admin, Employee, HeldMessage, Message, Mute
from webapp.infra.clock import utcnow
from webapp.infra.extensions import db

PAGE_ROWS = 100

# The admin of a message of the host, beside the one that removed it.
HOST = aliased(Admin)

Rows = Sequence[Row[*tuple[Any, ...]]]


@dataclass(frozen=True)
class Board:
    """The lists of the moderation page: messages, latest first; held posts, oldest first; mutes.

    `older` is the id before which there are more messages, or None.
    """

    messages: Rows
    held: Rows
    muted: Rows
    older: int | None


def read_board(event: EventInfo, before: int | None) -> Board:
    """Return the board with the messages below the id `before`. Takes three statements."""
    query = _messages(event.id).order_by(Message.id.desc()).limit(PAGE_ROWS + 1)
    if before is not None:
        query = query.where(Message.id < before)
    messages = db.session.execute(query).all()
    shown = messages[:PAGE_ROWS]
    older = shown[-1].id if len(messages) > PAGE_ROWS else None
    return Board(shown, _read_held(event.id), _read_muted(event.id), older)


def _messages(event_id: int) -> Select[*tuple[Any, ...]]:
    columns = (Message.id, Message.employee_id, Message.body, Message.posted_at)
    names = (Employee.first_name, Employee.last_name, Employee.department)
    admins = (HOST.name.label("host"), Admin.name.label("removed_by"))
    query = select(*columns, Message.removed_at, *names, *admins)
    authors = query.outerjoin(Employee, Employee.id == Message.employee_id)
    hosts = authors.outerjoin(HOST, HOST.id == Message.admin_id)
    removers = hosts.outerjoin(Admin, Admin.id == Message.removed_by)
    return removers.where(Message.event_id == event_id)


def _read_held(event_id: int) -> Rows:
    columns = (HeldMessage.id, HeldMessage.employee_id, HeldMessage.body, HeldMessage.posted_at)
    names = (Employee.first_name, Employee.last_name, Employee.department)
    query = select(*columns, *names).join(Employee, Employee.id == HeldMessage.employee_id)
    waiting = (HeldMessage.event_id == event_id, HeldMessage.decided_at.is_(None))
    return db.session.execute(query.where(*waiting).order_by(HeldMessage.id).limit(PAGE_ROWS)).all()


def _read_muted(event_id: int) -> Rows:
    names = (Employee.first_name, Employee.last_name, Employee.department)
    query = select(Mute.employee_id, Mute.until, *names)
    holds = or_(Mute.until.is_(None), Mute.until > utcnow())
    muted = query.join(Employee, Employee.id == Mute.employee_id)
    return db.session.execute(
        muted.where(Mute.event_id == event_id, holds).order_by(Employee.last_name, Employee.id)
    ).all()
