"""Decide on posts that wait for approval, one or several at once, and take decisions back."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select, update

from webapp.domain.audit import trail
from webapp.domain.chat import messages as chat_messages
from webapp.domain.chat.moderation import remove_messages
from webapp.domain.chat.posting import publish_messages
from webapp.domain.chat.selections import Done, Earlier, check_found, check_selection, read_names
from webapp.domain.employees.directory import FULL_NAME
from webapp.domain.events.store import EventInfo
from webapp.domain.models import Employee, HeldMessage, Message
from webapp.infra.clock import utcnow
from webapp.infra.database import begin_to_write, retry_on_outage
from webapp.infra.extensions import db
from webapp.infra.publisher import publish, publish_to_employee


def approve(event: EventInfo, ids: Iterable[int]) -> Done:
    """Make held posts the newest messages, in the order in which they were written.

    A post on which somebody has decided stays as it is. Raises `Invalid`, or `NotFound` where one
    is not in the event; then nothing is changed.
    """
    done, message_ids = _approve(event.id, check_selection(ids), utcnow())
    approved = chat_messages.read(event.id, message_ids)
    publish_messages(event.id, event.slug, approved, publish)
    return done


def reject(event: EventInfo, ids: Iterable[int]) -> Done:
    """Reject held posts, and tell each author alone. Raises as `approve`."""
    done, rejected = _reject(event.id, check_selection(ids), utcnow())
    for employee_id, nonce in rejected:
        publish_to_employee(employee_id, event.slug, "message_rejected", {"nonce": nonce})
    return done


def take_back(event: EventInfo, at: datetime) -> int:
    """Take back what the acting admin decided at that moment; return the number of posts.

    Rejected posts wait again. Approved ones are on the pages already: those messages are removed.
    """
    message_ids = _find_approved(event.id, at)
    if message_ids:
        return len(remove_messages(event, message_ids).changed)
    return _hold_again(event.id, at)


@retry_on_outage
def _approve(event_id: int, ids: list[int], now: datetime) -> tuple[Done, list[int]]:
    """Return the result, and the ids of the messages that the posts became, now or before."""
    begin_to_write()
    posts = _lock(event_id, ids)
    fresh = [held for held in posts if held.decided_at is None]
    names = _read_authors(fresh)
    for held in fresh:
        held.message_id = _move(held, now)
        held.decided_at, held.decided_by = now, trail.acting_admin()
        subject, author = f"message {held.message_id}", names[held.employee_id]
        details = {"text": held.body, "author": author}
        trail.record("message_approved", event_id=event_id, subject=subject, **details)
    messages = [held.message_id for held in posts if held.message_id]
    done = _result(posts, fresh, now)
    db.session.commit()
    return done, messages


@retry_on_outage
def _reject(event_id: int, ids: list[int], now: datetime) -> tuple[Done, list[tuple[int, str]]]:
    """Return the result, and the author's id and the nonce of each post that is rejected."""
    begin_to_write()
    posts = _lock(event_id, ids)
    fresh = [held for held in posts if held.decided_at is None]
    names = _read_authors(fresh)
    for held in fresh:
        held.decided_at, held.decided_by = now, trail.acting_admin()
        details = {"text": held.body, "author": names[held.employee_id]}
        subject = f"held message {held.id}"
        trail.record("message_rejected", event_id=event_id, subject=subject, **details)
    rejected = [(held.employee_id, held.nonce) for held in posts if not held.message_id]
    done = _result(posts, fresh, now)
    db.session.commit()
    return done, rejected


@retry_on_outage
def _hold_again(event_id: int, at: datetime) -> int:
    begin_to_write()
    mine = (HeldMessage.decided_at == at, HeldMessage.decided_by == trail.acting_admin())
    query = select(HeldMessage.id).where(HeldMessage.event_id == event_id, *mine)
    ids = db.session.scalars(query.where(HeldMessage.message_id.is_(None)).with_for_update()).all()
    waiting = update(HeldMessage).where(HeldMessage.id.in_(ids))
    db.session.execute(waiting.values(decided_at=None, decided_by=None))
    for held_id in ids:
        subject = f"held message {held_id}"
        trail.record("message_held_again", event_id=event_id, subject=subject)
    db.session.commit()
    return len(ids)


def _find_approved(event_id: int, at: datetime) -> list[int]:
    mine = (HeldMessage.decided_at == at, HeldMessage.decided_by == trail.acting_admin())
    query = select(HeldMessage.message_id).where(HeldMessage.event_id == event_id, *mine)
    return [message_id for message_id in db.session.scalars(query) if message_id]


def _move(held: HeldMessage, now: datetime) -> int:
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
    message = Message(posted_at=now, **{name: getattr(held, name) for name in columns})
    db.session.add(message)
    db.session.flush()
    return message.id


def _lock(event_id: int, ids: list[int]) -> Sequence[HeldMessage]:
    """Return the held posts, locked until the transaction ends. Raises `NotFound`."""
    query = select(HeldMessage).where(HeldMessage.event_id == event_id, HeldMessage.id.in_(ids))
    locked = query.order_by(HeldMessage.id).with_for_update()
    posts = db.session.scalars(locked, execution_options={"populate_existing": True}).all()
    check_found(len(posts), len(ids))
    return posts


def _read_authors(posts: Sequence[HeldMessage]) -> dict[int, str]:
    ids = {held.employee_id for held in posts}
    query = select(Employee.id, FULL_NAME.label("name")).where(Employee.id.in_(ids))
    return {row.id: row.name for row in db.session.execute(query)}


def _result(posts: Sequence[HeldMessage], fresh: Sequence[HeldMessage], now: datetime) -> Done:
    # A decision of this moment is from a commit whose answer was lost.
    mine = (now, trail.acting_admin())
    others = [held for held in posts if (held.decided_at, held.decided_by) != mine]
    names = read_names([held.decided_by for held in others])
    earlier = [
        Earlier(
            "approved" if held.message_id else "rejected",
            names.get(held.decided_by, ""),
            held.decided_at,
        )
        for held in others
    ]
    known = {held.id for held in others}
    return Done(now, [held.id for held in posts if held.id not in known], earlier)
