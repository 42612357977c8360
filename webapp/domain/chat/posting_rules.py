"""Decide whether an author may post now: attendance, mutes, slow mode and the general rate.

Posts are counted in the transaction that adds to them, where all nodes and tabs see the count.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import BindParameter, Table, bindparam, exists, func, or_, select, union_all

from webapp.domain.chat.posts import Post
from webapp.domain.models import Employee, HeldMessage, Message, Mute, RosterEntry
from webapp.errors import Muted, NotCheckedIn, RowLocked, SlowDown, TownhallError
from webapp.infra.extensions import db

RATE_MESSAGES = 5
RATE_SECONDS = 10

# Built once, and from tables: building a statement costs more than executing it, and an ORM
# statement half as much again. Each batch of posts executes these.
entries, employees, held, messages, mutes = (
    cast(Table, model.__table__).c for model in (RosterEntry, Employee, HeldMessage, Message, Mute)
)
AUTHORS: BindParameter[list[int]] = bindparam("authors", expanding=True)
ATTENDING = (
    select(
        employees.id,
        func.trim(employees.first_name + " " + employees.last_name).label("name"),
        employees.department,
        employees.epoch,
    )
    .join_from(RosterEntry.__table__, Employee.__table__, entries.employee_id == employees.id)
    .where(entries.event_id == bindparam("event_id"), entries.employee_id.in_(AUTHORS))
    .where(entries.checked_in_at.is_not(None))
    .where(employees.active)
)
# An import holds the rows of the employees it changes. A batch that waited for one of them would
# make every other author in it wait as well, so it leaves locked authors out.
LOCKED_ATTENDING = ATTENDING.with_for_update(skip_locked=True)
MUTED = select(mutes.employee_id, mutes.event_id, mutes.until).where(
    mutes.employee_id.in_(AUTHORS), or_(mutes.until.is_(None), mutes.until > bindparam("now"))
)
_POSTED, _HELD = (
    select(kept.employee_id, kept.posted_at, kept.event_id).where(
        kept.employee_id.in_(AUTHORS), kept.posted_at > bindparam("after")
    )
    for kept in (messages, held)
)
# A held post that was approved is in `messages` too, with the time of its approval. It counts by
# the time at which it was written.
_WAS_HELD = exists().where(held.employee_id == messages.employee_id, held.nonce == messages.nonce)
TIMES = union_all(_POSTED.where(~_WAS_HELD), _HELD).order_by("posted_at")


@dataclass(frozen=True)
class Author:
    """An active employee who checked in, as the database has them now."""

    id: int
    name: str
    department: str
    session_version: int


class PostingRules:
    """The rules as they apply to the authors of one batch at `now`."""

    def __init__(self, posts: Sequence[Post], now: datetime) -> None:
        self._now = now
        self._authors: dict[tuple[int, int], Author] = {}
        self._locked: set[tuple[int, int]] = set()
        self._lock_authors(posts)
        authors = list({post.employee_id for post in posts})
        slowest = max(post.slow_mode_seconds for post in posts)
        self._mutes = _read_mutes(authors, now)
        self._times = _read_times(authors, now - timedelta(seconds=max(RATE_SECONDS, slowest)))

    def find_refusal(self, post: Post) -> TownhallError | None:
        """Return why `post` may not be stored now. None counts it as one more of its author's."""
        place = (post.event_id, post.employee_id)
        if place in self._locked:
            return RowLocked()
        author = self._authors.get(place)
        if not author or author.session_version != post.session_version:
            return NotCheckedIn()
        if place in self._mutes:
            until = self._mutes[place]
            return Muted(retry_after=_seconds(until - self._now) if until else None)
        times = self._times.setdefault(post.employee_id, [])
        if wait := max(self._slow_mode_wait(post, times), self._rate_wait(times)):
            return SlowDown(retry_after=wait)
        times.append((self._now, post.event_id))
        return None

    def author(self, post: Post) -> Author:
        """Return the author of a post that was not refused."""
        return self._authors[post.event_id, post.employee_id]

    def _lock_authors(self, posts: Iterable[Post]) -> None:
        """Let one transaction at a time add to an employee's posts.

        Without the lock two nodes would both count the posts before theirs, and let twice as many
        through.
        """
        wanted: dict[int, set[int]] = {}
        for post in posts:
            wanted.setdefault(post.event_id, set()).add(post.employee_id)
        for event_id, ids in wanted.items():
            found = _rows(LOCKED_ATTENDING, event_id=event_id, authors=list(ids))
            self._authors |= {(event_id, row.id): Author(*row) for row in found}
            if missing := ids - {row.id for row in found}:
                others = _rows(ATTENDING, event_id=event_id, authors=list(missing))
                self._locked |= {(event_id, row.id) for row in others}

    def _slow_mode_wait(self, post: Post, times: list[tuple[datetime, int]]) -> int:
        here = [moment for moment, event_id in times if event_id == post.event_id]
        if not here or not post.slow_mode_seconds:
            return 0
        return self._seconds_until(here[-1] + timedelta(seconds=post.slow_mode_seconds))

    def _rate_wait(self, times: list[tuple[datetime, int]]) -> int:
        if len(times) < RATE_MESSAGES:
            return 0
        return self._seconds_until(times[-RATE_MESSAGES][0] + timedelta(seconds=RATE_SECONDS))

    def _seconds_until(self, moment: datetime) -> int:
        return _seconds(moment - self._now) if moment > self._now else 0


def _seconds(span: timedelta) -> int:
    return max(1, math.ceil(span.total_seconds()))


def _read_mutes(authors: list[int], now: datetime) -> dict[tuple[int, int], datetime | None]:
    """Return the end of each mute that applies now, by event and employee id."""
    rows = _rows(MUTED, authors=authors, now=now)
    return {(event_id, employee_id): until for employee_id, event_id, until in rows}


def _read_times(authors: list[int], after: datetime) -> dict[int, list[tuple[datetime, int]]]:
    """Return when and in which event each author posted since `after`, held posts too, oldest
    first, by employee id."""
    times: dict[int, list[tuple[datetime, int]]] = {}
    for employee_id, posted_at, event_id in _rows(TIMES, authors=authors, after=after):
        times.setdefault(employee_id, []).append((posted_at, event_id))
    return times


def _rows(query: Any, **values: Any) -> list[Any]:
    return list(db.session.execute(query, values))
