"""Moderate an event's chat: remove and restore messages, and decide on held posts.

The chat's settings are columns of the event (`events.store.change_columns`).
"""

from sqlalchemy import Update, select, update

from webapp.domain.audit import trail
from webapp.domain.chat import messages as chat_messages
from webapp.domain.chat.marks import Mark, read_mark
from webapp.domain.chat.posting import publish_messages
from webapp.domain.events.store import EventInfo
from webapp.domain.models import HeldMessage, Message
from webapp.errors import NotFound
from webapp.infra.clock import utcnow
from webapp.infra.database import count_changed, retry_on_outage
from webapp.infra.extensions import db
from webapp.infra.publisher import publish, publish_to_employee

SLOW_MODES = (0, 5, 10, 30, 60)


def remove_message(event: EventInfo, message_id: int) -> None:
    """Take a message off every page; its row stays, with the admin and time. Raises `NotFound`."""
    mark = _remove(event.id, message_id)
    chat_messages.forget_latest(event.id)
    if mark.removed:
        payload = {"id": message_id, "revision": mark.revision}
        publish(event.slug, "message_removed", payload)


def restore_message(event: EventInfo, message_id: int) -> None:
    """Put a removed message back in its place on every page. Raises `NotFound`."""
    mark = _restore(event.id, message_id)
    chat_messages.forget_latest(event.id)
    # Empty if it was removed again meanwhile.
    for message in chat_messages.read(event.id, [message_id]):
        if not mark.removed:
            payload = {"message": message, "revision": mark.revision}
            publish(event.slug, "message_restored", payload)


def approve(event: EventInfo, held_id: int) -> None:
    """Make a held post the newest message. Raises `NotFound`.

    A second approval changes nothing; a post that was rejected meanwhile stays rejected.
    """
    message_id = _approve(event.id, held_id)
    if message_id is not None:
        approved = chat_messages.read(event.id, [message_id])
        publish_messages(event.id, event.slug, approved, publish)


def reject(event: EventInfo, held_id: int) -> None:
    """Reject a held post, unless it was approved meanwhile, and tell its author alone.

    Raises `NotFound`.
    """
    if rejected := _reject(event.id, held_id):
        employee_id, nonce = rejected
        publish_to_employee(employee_id, event.slug, "message_rejected", {"nonce": nonce})


@retry_on_outage
def _remove(event_id: int, message_id: int) -> Mark:
    # The first admin to remove it stays on record.
    change = update(Message).where(Message.removed_at.is_(None))
    removal = change.values(removed_at=utcnow(), removed_by=trail.acting_admin())
    return _change(event_id, message_id, removal, "message_removed")


@retry_on_outage
def _restore(event_id: int, message_id: int) -> Mark:
    change = update(Message).where(Message.removed_at.is_not(None))
    restoration = change.values(removed_at=None, removed_by=None)
    return _change(event_id, message_id, restoration, "message_restored")


def _change(event_id: int, message_id: int, change: Update, action: str) -> Mark:
    """Apply `change` to a message, if it still has an effect, and return how the message stands.

    Raises `NotFound`.
    """
    here = (Message.event_id == event_id, Message.id == message_id)
    if count_changed(change.where(*here).values(revision=Message.revision + 1)):
        trail.record(action, event_id=event_id, subject=f"message {message_id}")
    mark = read_mark(event_id, message_id)
    db.session.commit()
    if mark is None:
        raise NotFound("There is no such message.")
    return mark


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


@retry_on_outage
def _reject(event_id: int, held_id: int) -> tuple[int, str] | None:
    """Reject a held post; return its author's id and its nonce, or None when it was approved."""
    held = _lock_held(event_id, held_id)
    if held.decided_at is None:
        held.decided_at, held.decided_by = utcnow(), trail.acting_admin()
        trail.record("message_rejected", event_id=event_id, subject=f"held message {held_id}")
    rejected = None if held.message_id else (held.employee_id, held.nonce)
    db.session.commit()
    return rejected


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
