"""The chat: what may be posted, storing a batch of posts in one transaction, reading back.

A message is stored first and told afterwards; the database numbers it. Whoever misses the
telling catches up by id.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, func, insert, select, tuple_
from sqlalchemy.exc import IntegrityError

from webapp.core import cache
from webapp.core.attendance import Viewer
from webapp.core.clock import isoformat, utcnow
from webapp.core.database import repeated
from webapp.core.errors import ChatClosed, EventNotOpen, Invalid, SlowDown, TownhallError
from webapp.core.events import EventInfo
from webapp.core.extensions import db
from webapp.core.models import BODY_LENGTH, NONCE_LENGTH, Employee, Message
from webapp.core.text import printable

LATEST = 50
PAGE = 200
RATE_MESSAGES = 5
RATE_SECONDS = 10
# Only bounds how stale a page may start; its script catches up by id right after.
LATEST_CACHE_SECONDS = 5

NONCE = re.compile(rf"[!-~]{{1,{NONCE_LENGTH}}}")
# Message ids as an id column holds them: anything larger is nobody's.
MAX_ID = 2**63 - 1


@dataclass(frozen=True)
class Post:
    """A message that is still to be stored; the text and nonce have been checked."""

    event_id: int
    viewer: Viewer
    body: str
    nonce: str

    @property
    def key(self) -> tuple[int, str]:
        """What makes it the same post when it is sent again."""
        return self.viewer.employee.id, self.nonce


Outcome = int | TownhallError


def check_post(event: EventInfo, viewer: Viewer, body: object, nonce: object) -> Post:
    """The post that a form or packet asks for.

    Raises `EventNotOpen`, `ChatClosed`, or `Invalid` for a text that is empty or longer than
    500 characters, or a nonce that is not 1 to 64 visible ASCII characters.
    """
    if not event.is_open:
        raise EventNotOpen
    if not event.chat_open:
        raise ChatClosed
    if not isinstance(nonce, str) or not NONCE.fullmatch(nonce):
        raise Invalid(f"A nonce has 1 to {NONCE_LENGTH} visible ASCII characters.")
    return Post(event.id, viewer, _clean(body), nonce)


@repeated
def post(event: EventInfo, viewer: Viewer, body: object, nonce: object) -> int:
    """Store one message and return its id. Raises what `check_post` raises, and `SlowDown`."""
    outcome = store([check_post(event, viewer, body, nonce)])[0]
    if isinstance(outcome, TownhallError):
        raise outcome
    return outcome


def store(posts: Sequence[Post]) -> list[Outcome]:
    """Store the posts in one transaction; for each its id, or the error that refuses it.

    A post that was stored before, under the same nonce of the same employee, gets the id it
    has. Raises what the database raises; then nothing of the batch may be acknowledged.
    """
    try:
        outcomes = _store(posts)
    except IntegrityError:
        # Another node stored one of the nonces meanwhile; now it can be seen.
        db.session.rollback()
        outcomes = _store(posts)
    cache.forget(*{_latest_key(post.event_id) for post in posts})
    return outcomes


def latest(event: EventInfo) -> list[dict[str, Any]]:
    """The latest messages as the page shows them, oldest first; from the cache."""
    found = cache.remember(
        _latest_key(event.id), LATEST_CACHE_SECONDS, lambda: _read_latest(event.id)
    )
    return found or []


def since(event_id: int, after: int) -> tuple[list[dict[str, Any]], bool]:
    """Messages with an id above `after`, oldest first, at most 200, and whether more follow."""
    rows = db.session.execute(
        _visible(event_id).where(Message.id > after).order_by(Message.id).limit(PAGE + 1)
    ).all()
    return [_as_json(row) for row in rows[:PAGE]], len(rows) > PAGE


def read_ids(event_id: int, after: int) -> list[int]:
    """The ids above `after`, ascending; the index alone answers it."""
    query = select(Message.id).where(
        Message.event_id == event_id, Message.id > after, Message.removed_at.is_(None)
    )
    return list(db.session.scalars(query.order_by(Message.id)))


def last_id(event_id: int) -> int:
    """The highest message id of the event, 0 while it has none."""
    return db.session.scalar(select(func.max(Message.id)).where(Message.event_id == event_id)) or 0


def read(event_id: int, ids: Iterable[int]) -> list[dict[str, Any]]:
    """The messages with these ids, ascending; removed ones are left out."""
    query = _visible(event_id).where(Message.id.in_(ids)).order_by(Message.id)
    return [_as_json(row) for row in db.session.execute(query)]


def parse_after(value: object) -> int:
    """The id after which somebody asks for messages: a number or its digits. Raises `Invalid`."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,19}", value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_ID:
        raise Invalid("`after` is the id of a message, or 0.")
    return value


def _clean(body: object) -> str:
    if not isinstance(body, str):
        raise Invalid("A message is a text.")
    text = printable(body).strip()
    if not text:
        raise Invalid("Write something first.")
    if len(text) > BODY_LENGTH:
        raise Invalid(f"A message has at most {BODY_LENGTH} characters.")
    return text


def _store(posts: Sequence[Post]) -> list[Outcome]:
    now = utcnow()
    known: dict[tuple[int, str], Outcome] = dict(_stored_ids(posts))
    recent = _recent_times(posts, now)
    fresh: dict[tuple[int, str], Post] = {}
    for post in posts:
        if post.key in known or post.key in fresh:
            continue
        times = recent.setdefault(post.viewer.employee.id, [])
        if len(times) >= RATE_MESSAGES:
            known[post.key] = SlowDown(retry_after=_wait(times, now))
            continue
        times.append(now)
        fresh[post.key] = post
    if fresh:
        db.session.execute(insert(Message).values([_row(post, now) for post in fresh.values()]))
    db.session.commit()
    known.update(_stored_ids(list(fresh.values())))
    return [known[post.key] for post in posts]


def _row(post: Post, now: datetime) -> dict[str, Any]:
    return {
        "event_id": post.event_id,
        "employee_id": post.viewer.employee.id,
        "body": post.body,
        "nonce": post.nonce,
        "posted_at": now,
    }


def _stored_ids(posts: Sequence[Post]) -> dict[tuple[int, str], int]:
    if not posts:
        return {}
    keys = [post.key for post in posts]
    query = select(Message.employee_id, Message.nonce, Message.id)
    rows = db.session.execute(query.where(tuple_(Message.employee_id, Message.nonce).in_(keys)))
    return {(employee_id, nonce): identifier for employee_id, nonce, identifier in rows}


def _recent_times(posts: Sequence[Post], now: datetime) -> dict[int, list[datetime]]:
    """When each author posted within the rate's window, oldest first.

    Counted where all nodes and tabs see it, in the transaction that would add to it.
    """
    authors = {post.viewer.employee.id for post in posts}
    window = now - timedelta(seconds=RATE_SECONDS)
    query = select(Message.employee_id, Message.posted_at).where(
        Message.employee_id.in_(authors), Message.posted_at > window
    )
    times: dict[int, list[datetime]] = {}
    for employee_id, posted_at in db.session.execute(query.order_by(Message.posted_at)):
        times.setdefault(employee_id, []).append(posted_at)
    return times


def _wait(times: list[datetime], now: datetime) -> int:
    """Whole seconds until the oldest of the last few posts leaves the window."""
    free_at = times[-RATE_MESSAGES] + timedelta(seconds=RATE_SECONDS)
    return max(1, -int((now - free_at).total_seconds() // 1))


def _visible(event_id: int) -> Select[*tuple[Any, ...]]:
    columns = (Message.id, Message.body, Message.posted_at)
    names = (Employee.first_name, Employee.last_name, Employee.department)
    query = select(*columns, *names).join(Employee, Employee.id == Message.employee_id)
    return query.where(Message.event_id == event_id, Message.removed_at.is_(None))


def _read_latest(event_id: int) -> list[dict[str, Any]]:
    query = _visible(event_id).order_by(Message.id.desc()).limit(LATEST)
    return [_as_json(row) for row in reversed(db.session.execute(query).all())]


def _as_json(row: Row[*tuple[Any, ...]]) -> dict[str, Any]:
    return {
        "id": row.id,
        "author": f"{row.first_name} {row.last_name}",
        "department": row.department,
        "body": row.body,
        "posted_at": isoformat(row.posted_at),
    }


def _latest_key(event_id: int) -> str:
    return f"messages:v1:{event_id}"
