"""Read the chat: the latest messages, and those before and after an id.

Messages are stored first and published afterwards. Viewers who miss one catch up by id.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, select

from webapp.domain.employees.directory import FULL_NAME
from webapp.domain.events.store import EventInfo
from webapp.domain.models import Admin, Employee, Message
from webapp.errors import Invalid
from webapp.infra import cache
from webapp.infra.clock import html_isoformat
from webapp.infra.extensions import db

LATEST = 50
PAGE = 200
# Bounds how old a page may start: its script catches up by id right after.
LATEST_CACHE_SECONDS = 5

# A message that has no employee is the host's.
AUTHOR = func.coalesce(FULL_NAME, Admin.name)
VISIBLE: Select[*tuple[Any, ...]] = (
    select(
        Message.id,
        Message.body,
        Message.posted_at,
        Message.employee_id.label("author_id"),
        AUTHOR.label("author"),
        func.coalesce(Employee.department, "").label("department"),
    )
    .outerjoin(Employee, Employee.id == Message.employee_id)
    .outerjoin(Admin, Admin.id == Message.admin_id)
    .where(Message.removed_at.is_(None))
)
VISIBLE_OF = VISIBLE.where(
    Message.event_id == bindparam("event_id"), Message.id.in_(bindparam("ids", expanding=True))
).order_by(Message.id)


@dataclass(frozen=True)
class Page:
    """Messages after or before an id, oldest first; `more` says whether others follow."""

    messages: list[dict[str, Any]]
    more: bool
    backwards: bool
    from_first: bool = False

    @property
    def earlier(self) -> bool:
        """Return whether to offer a link to earlier messages."""
        return bool(self.messages) and (self.more if self.backwards else not self.from_first)

    @property
    def later(self) -> bool:
        """Return whether to offer a link to later messages."""
        return bool(self.messages) and (self.backwards or self.more)


def read_page(event_id: int, *, after: int | None, before: int | None) -> Page:
    """Return the messages after an id, or those before one; from the first where neither is given.

    Raises `Invalid` for both.
    """
    if before is None:
        return Page(*since(event_id, after or 0), backwards=False, from_first=not after)
    if after is not None:
        raise Invalid("Ask for the messages `after` an id or `before` one, not both.")
    return Page(*_read_before(event_id, before), backwards=True)


def latest(event: EventInfo) -> list[dict[str, Any]]:
    """Return the latest messages as the page shows them, oldest first, from the cache."""
    found = cache.remember(
        latest_key(event.id), LATEST_CACHE_SECONDS, lambda: _read_latest(event.id)
    )
    return found or []


def count_messages(event_ids: Iterable[int]) -> dict[int, int]:
    """Return the number of messages by event id, removed ones too. Reads the index alone."""
    posted = func.count().label("posted")
    here = Message.event_id.in_(list(event_ids))
    query = select(Message.event_id, posted).where(here).group_by(Message.event_id)
    return {row.event_id: row.posted for row in db.session.execute(query)}


def forget_latest(*event_ids: int) -> None:
    """Drop the cached latest messages. Called after the commit that changed them."""
    cache.forget(*(latest_key(event_id) for event_id in event_ids))


def since(event_id: int, after: int) -> tuple[list[dict[str, Any]], bool]:
    """Return up to 200 messages with an id above `after`, oldest first, and whether more follow."""
    rows = db.session.execute(
        _visible(event_id).where(Message.id > after).order_by(Message.id).limit(PAGE + 1)
    ).all()
    return [_as_json(row) for row in rows[:PAGE]], len(rows) > PAGE


def read(event_id: int, ids: Iterable[int]) -> list[dict[str, Any]]:
    """Return the messages with these ids, ascending, without removed ones."""
    found = db.session.execute(VISIBLE_OF, {"event_id": event_id, "ids": list(ids)})
    return [_as_json(row) for row in found]


def message_json(
    message_id: int,
    author_id: int | None,
    author: str,
    department: str,
    body: str,
    posted_at: datetime,
) -> dict[str, Any]:
    """Return a message as every viewer receives it: on pages, in JSON and in broadcasts.

    By `author_id` a page tells its viewer's own messages. It is the employee's id, which opens
    nothing: cookies are signed. The host's messages have none, and `host: true`.
    """
    message = {
        "id": message_id,
        "author_id": author_id,
        "author": author,
        "department": department,
        "body": body,
        "posted_at": html_isoformat(posted_at),
    }
    return message if author_id is not None else message | {"host": True}


def latest_key(event_id: int) -> str:
    """Return the cache key of an event's latest messages."""
    return f"messages:v3:{event_id}"


def _visible(event_id: int) -> Select[*tuple[Any, ...]]:
    return VISIBLE.where(Message.event_id == event_id)


def _read_before(event_id: int, before_id: int) -> tuple[list[dict[str, Any]], bool]:
    """Return the last 50 messages with an id below `before_id`, oldest first, and whether there
    are earlier ones."""
    query = _visible(event_id).where(Message.id < before_id).order_by(Message.id.desc())
    rows = db.session.execute(query.limit(LATEST + 1)).all()
    return [_as_json(row) for row in reversed(rows[:LATEST])], len(rows) > LATEST


def _read_latest(event_id: int) -> list[dict[str, Any]]:
    query = _visible(event_id).order_by(Message.id.desc()).limit(LATEST)
    return [_as_json(row) for row in reversed(db.session.execute(query).all())]


def _as_json(row: Row[*tuple[Any, ...]]) -> dict[str, Any]:
    author = (row.author_id, row.author, row.department)
    return message_json(row.id, *author, row.body, row.posted_at)
