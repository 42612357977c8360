"""Remove messages from an event's chat, and restore them.

The chat's settings are columns of the event (`events.store.change_columns`).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update

from webapp.domain.audit import trail
from webapp.domain.chat import messages as chat_messages
from webapp.domain.chat.messages import AUTHOR
from webapp.domain.chat.selections import Done, Earlier, check_found, check_selection, read_names
from webapp.domain.events.store import EventInfo
from webapp.domain.models import Admin, Employee, Message
from webapp.infra.clock import utcnow
from webapp.infra.database import begin_to_write, retry_on_outage
from webapp.infra.extensions import db
from webapp.infra.publisher import publish

SLOW_MODES = (0, 5, 10, 30, 60)

Rows = Sequence[Row[*tuple[Any, ...]]]


def remove_messages(event: EventInfo, ids: Iterable[int]) -> Done:
    """Take messages off every page; their rows stay, with the admin and time.

    The first admin to remove one stays on record. Raises `Invalid`, or `NotFound` where one is not
    in the event; then nothing is changed.
    """
    done, revisions = _remove(event.id, check_selection(ids), utcnow())
    chat_messages.forget_latest(event.id)
    for message_id, revision in revisions.items():
        publish(event.slug, "message_removed", {"id": message_id, "revision": revision})
    return done


def restore_messages(event: EventInfo, ids: Iterable[int]) -> Done:
    """Put removed messages back in their places on every page. Raises as `remove_messages`."""
    done, revisions = _restore(event.id, check_selection(ids), utcnow())
    chat_messages.forget_latest(event.id)
    # Without those that were removed again meanwhile.
    for message in chat_messages.read(event.id, revisions):
        payload = {"message": message, "revision": revisions[message["id"]]}
        publish(event.slug, "message_restored", payload)
    return done


def find_removed(event: EventInfo, at: datetime) -> list[int]:
    """Return the ids of the messages that the acting admin removed at that moment."""
    removed = (Message.removed_at == at, Message.removed_by == trail.acting_admin())
    return list(
        db.session.scalars(select(Message.id).where(Message.event_id == event.id, *removed))
    )


@retry_on_outage
def _remove(event_id: int, ids: list[int], now: datetime) -> tuple[Done, dict[int, int]]:
    """Return the result, and the revision of each message by id."""
    begin_to_write()
    rows, removal = _lock(event_id, ids), (now, trail.acting_admin())
    fresh = [row for row in rows if row.removed_at is None]
    _change(event_id, fresh, "message_removed", removed_at=now, removed_by=removal[1])
    # A removal of this moment is from a commit whose answer was lost.
    others = [row for row in rows if row.removed_at and (row.removed_at, row.removed_by) != removal]
    names = read_names([row.removed_by for row in others])
    earlier = [Earlier("removed", names.get(r.removed_by, ""), r.removed_at) for r in others]
    db.session.commit()
    known = {row.id for row in others}
    return Done(now, [i for i in ids if i not in known], earlier), _revisions(rows, fresh)


@retry_on_outage
def _restore(event_id: int, ids: list[int], now: datetime) -> tuple[Done, dict[int, int]]:
    """Return the result, and the revision of each message by id."""
    begin_to_write()
    rows = _lock(event_id, ids)
    fresh = [row for row in rows if row.removed_at is not None]
    restored = {"removed_at": None, "removed_by": None, "restored_by": trail.acting_admin()}
    _change(event_id, fresh, "message_restored", **restored)
    others = [row for row in rows if row.removed_at is None]
    names = read_names([row.restored_by for row in others])
    earlier = [Earlier("restored", names.get(row.restored_by, "")) for row in others]
    db.session.commit()
    return Done(now, [row.id for row in fresh], earlier), _revisions(rows, fresh)


def _lock(event_id: int, ids: list[int]) -> Rows:
    """Return the messages, locked until the transaction ends. Raises `NotFound`."""
    columns = (Message.removed_at, Message.removed_by, Message.restored_by, Message.revision)
    query = select(Message.id, *columns).where(Message.event_id == event_id, Message.id.in_(ids))
    rows = db.session.execute(query.order_by(Message.id).with_for_update()).all()
    check_found(len(rows), len(ids))
    return rows


def _change(event_id: int, rows: Rows, action: str, **values: Any) -> None:
    """Change messages, and put each on record with its author and text."""
    ids = [row.id for row in rows]
    change = update(Message).where(Message.id.in_(ids))
    db.session.execute(change.values(**values, revision=Message.revision + 1))
    for message_id, body, author in _read_texts(ids):
        subject = f"message {message_id}"
        trail.record(action, event_id=event_id, subject=subject, text=body, author=author)


def _read_texts(ids: list[int]) -> Rows:
    query = select(Message.id, Message.body, AUTHOR).where(Message.id.in_(ids))
    authors = query.outerjoin(Employee, Employee.id == Message.employee_id)
    return db.session.execute(authors.outerjoin(Admin, Admin.id == Message.admin_id)).all()


def _revisions(rows: Rows, fresh: Rows) -> dict[int, int]:
    changed = {row.id for row in fresh}
    return {row.id: row.revision + (row.id in changed) for row in rows}
