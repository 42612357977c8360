"""Read ids and counts of messages, by which a node finds those that it has not broadcast."""

from sqlalchemy import func, select

from webapp.domain.models import Message
from webapp.infra.extensions import db


def floor_of_latest(event_id: int, count: int) -> int:
    """Return the id above which the event has its latest `count` messages, removed ones too.

    Returns 0 where the event has no more than `count`.
    """
    ids = select(Message.id).where(Message.event_id == event_id).order_by(Message.id.desc())
    return db.session.scalar(ids.offset(count).limit(1)) or 0


def count_above(event_id: int, floor: int) -> tuple[int, int]:
    """Return the number of messages above the id `floor`, and how many of them were removed."""
    query = select(func.count(), func.count(Message.removed_at)).where(
        Message.event_id == event_id, Message.id > floor
    )
    total, removed = db.session.execute(query).one()
    return total, removed


def read_marks(event_id: int, after: int) -> tuple[list[int], list[int]]:
    """Return the ids above `after`, ascending: those of visible and those of removed messages."""
    query = select(Message.id, Message.removed_at.is_not(None)).where(
        Message.event_id == event_id, Message.id > after
    )
    marks = db.session.execute(query.order_by(Message.id)).all()
    return [i for i, removed in marks if not removed], [i for i, removed in marks if removed]
