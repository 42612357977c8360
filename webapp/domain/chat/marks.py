"""Read ids and counts of messages, by which a node finds those that it has not broadcast."""

from dataclasses import dataclass
from itertools import starmap

from sqlalchemy import func, select

from webapp.domain.models import Message
from webapp.infra.extensions import db

MARKS = select(Message.id, Message.removed_at.is_not(None), Message.revision)


@dataclass(frozen=True)
class Mark:
    """Whether a message is removed, after `revision` removals and restorations."""

    id: int
    removed: bool
    revision: int


def floor_of_latest(event_id: int, count: int) -> int:
    """Return the id above which the event has its latest `count` messages, removed ones too.

    Returns 0 where the event has no more than `count`.
    """
    ids = select(Message.id).where(Message.event_id == event_id).order_by(Message.id.desc())
    return db.session.scalar(ids.offset(count).limit(1)) or 0


def count_above(event_id: int, floor: int) -> tuple[int, int]:
    """Return the number of messages above the id `floor`, and the sum of their revisions."""
    query = select(func.count(), func.coalesce(func.sum(Message.revision), 0)).where(
        Message.event_id == event_id, Message.id > floor
    )
    total, revisions = db.session.execute(query).one()
    return total, int(revisions)


def read_marks(event_id: int, after: int) -> list[Mark]:
    """Return the marks of the messages with an id above `after`, ascending."""
    query = MARKS.where(Message.event_id == event_id, Message.id > after)
    return list(starmap(Mark, db.session.execute(query.order_by(Message.id))))
