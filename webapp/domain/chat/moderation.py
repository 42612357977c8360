"""Moderate an event's chat: remove messages, mute employees, decide on held posts.

The chat's settings are columns of the event (`events.store.change_columns`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, Select, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from webapp.domain.audit import trail
from webapp.domain.chat import messages as chat_messages
from webapp.domain.chat.posting import publish_messages
from webapp.domain.events.store import EventInfo
from webapp.domain.models import Admin, Employee, HeldMessage, Message, Mute
from webapp.errors import NotFound
from webapp.infra.clock import utcnow
from webapp.infra.database import count_changed, retry_on_outage
from webapp.infra.extensions import db
from webapp.infra.publisher import publish

PAGE_ROWS = 100
SLOW_MODES = (0, 5, 10, 30, 60)

Rows = Sequence[Row[*tuple[Any, ...]]]


@dataclass(frozen=True)
class Board:
    """The moderation page's lists: messages, latest first; held posts, oldest first; mutes.

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


def remove_message(event: EventInfo, message_id: int) -> None:
    """Take a message off every page; its row stays, with the admin and time. Raises `NotFound`."""
    _remove(event.id, message_id)
    chat_messages.forget_latest(event.id)
    publish(event.slug, "message_removed", {"id": message_id})


def approve(event: EventInfo, held_id: int) -> None:
    """Make a held post the newest message. Raises `NotFound`.

    A second approval changes nothing; a post that was rejected meanwhile stays rejected.
    """
    message_id = _approve(event.id, held_id)
    if message_id is not None:
        approved = chat_messages.read(event.id, [message_id])
        publish_messages(event.id, event.slug, approved, publish)


@retry_on_outage
def reject(event: EventInfo, held_id: int) -> None:
    """Reject a held post, unless it was approved meanwhile. Raises `NotFound`."""
    held = _lock_held(event.id, held_id)
    if held.decided_at is None:
        held.decided_at, held.decided_by = utcnow(), trail.acting_admin()
        trail.record("message_rejected", event_id=event.id, subject=f"held message {held_id}")
    db.session.commit()


@retry_on_outage
def mute(event: EventInfo, employee_id: int, minutes: int | None) -> None:
    """Mute an employee for some minutes, or without an end where `minutes` is None.

    Replaces a mute that applies already. Raises `NotFound`.
    """
    employee = db.session.get(Employee, employee_id)
    if employee is None:
        raise NotFound("There is no such employee.")
    who, now = employee.label, utcnow()
    row = {
        "muted_at": now,
        "muted_by": trail.acting_admin(),
        "until": now + timedelta(minutes=minutes) if minutes else None,
    }
    here = (Mute.event_id == event.id, Mute.employee_id == employee_id)
    try:
        db.session.execute(insert(Mute).values(event_id=event.id, employee_id=employee_id, **row))
    except IntegrityError:
        db.session.rollback()
        db.session.execute(update(Mute).where(*here).values(**row))
    trail.record("employee_muted", event_id=event.id, subject=who, minutes=minutes)
    db.session.commit()


@retry_on_outage
def unmute(event: EventInfo, employee_id: int) -> None:
    """Let an employee post again, if they are muted."""
    here = (Mute.event_id == event.id, Mute.employee_id == employee_id)
    if count_changed(delete(Mute).where(*here)):
        who = db.session.get_one(Employee, employee_id).label
        trail.record("employee_unmuted", event_id=event.id, subject=who)
    db.session.commit()


@retry_on_outage
def _remove(event_id: int, message_id: int) -> None:
    here = (Message.event_id == event_id, Message.id == message_id)
    if db.session.scalar(select(Message.id).where(*here)) is None:
        raise NotFound("There is no such message.")
    # The first admin to remove it stays on record.
    change = update(Message).where(*here, Message.removed_at.is_(None))
    if count_changed(change.values(removed_at=utcnow(), removed_by=trail.acting_admin())):
        trail.record("message_removed", event_id=event_id, subject=f"message {message_id}")
    db.session.commit()


@retry_on_outage
def _approve(event_id: int, held_id: int) -> int | None:
    """Approve a held post; return the id of its message, or None when it was rejected."""
    held = _lock_held(event_id, held_id)
    if held.decided_at is None:
        held.message_id = _move(held)
        held.decided_at, held.decided_by = utcnow(), trail.acting_admin()
        trail.record("message_approved", event_id=event_id, subject=f"message {held.message_id}")
    message_id = held.message_id
    db.session.commit()
    return message_id


def _move(held: HeldMessage) -> int:
    """Copy the post into `messages`, as the newest one by id and by time.

    Viewers who catch up by id find it, and the chat stays in the order of its times. When it was
    written stays in its own row.
    """
    same = (Message.employee_id == held.employee_id, Message.nonce == held.nonce)
    # Sent once more just as approval was switched off, it may be there already.
    known = db.session.scalar(select(Message.id).where(*same))
    if known is not None:
        return known
    columns = ("event_id", "employee_id", "body", "nonce")
    message = Message(posted_at=utcnow(), **{name: getattr(held, name) for name in columns})
    db.session.add(message)
    db.session.flush()
    return message.id


def _lock_held(event_id: int, held_id: int) -> HeldMessage:
    query = select(HeldMessage).where(HeldMessage.event_id == event_id, HeldMessage.id == held_id)
    held = db.session.scalar(query.with_for_update())
    if held is None:
        raise NotFound("There is no such message.")
    return held


def _messages(event_id: int) -> Select[*tuple[Any, ...]]:
    columns = (Message.id, Message.employee_id, Message.body, Message.posted_at)
    names = (Employee.first_name, Employee.last_name, Employee.department)
    query = select(*columns, Message.removed_at, *names, Admin.name.label("removed_by"))
    joined = query.join(Employee, Employee.id == Message.employee_id)
    removers = joined.outerjoin(Admin, Admin.id == Message.removed_by)
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
