"""Who may post just now: mutes, slow mode, and the rate that holds for everybody.

Counted where all nodes and tabs see it, in the transaction that would add to it.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol, cast

from sqlalchemy import BindParameter, Table, and_, bindparam, or_, select, union_all

from webapp.domain.models import Attendance, Employee, HeldMessage, Message, Mute
from webapp.errors import Muted, NotCheckedIn, SlowDown, TownhallError
from webapp.infra.extensions import db

RATE_MESSAGES = 5
RATE_SECONDS = 10

# Built once, and of tables: to build a statement costs more than to ask it, and one of the ORM's
# half as much again. Each batch of posts asks these.
attendances, employees, held, messages, mutes = (
    cast(Table, model.__table__).c for model in (Attendance, Employee, HeldMessage, Message, Mute)
)
AUTHORS: BindParameter[list[int]] = bindparam("authors", expanding=True)
ATTENDING = (
    select(attendances.employee_id)
    .where(attendances.event_id == bindparam("event_id"), attendances.employee_id.in_(AUTHORS))
    .order_by(attendances.employee_id)
    .with_for_update()
)
_MUTED_NOW = and_(
    mutes.employee_id == employees.id, or_(mutes.until.is_(None), mutes.until > bindparam("now"))
)
PEOPLE = (
    select(
        employees.id,
        (employees.first_name + " " + employees.last_name).label("name"),
        employees.department,
        employees.epoch.label("session_version"),
        mutes.event_id,
        mutes.until,
    )
    .outerjoin_from(Employee.__table__, Mute.__table__, _MUTED_NOW)
    .where(employees.id.in_(AUTHORS), employees.active)
)
_POSTED, _HELD = (
    select(kept.employee_id, kept.posted_at, kept.event_id).where(
        kept.employee_id.in_(AUTHORS), kept.posted_at > bindparam("after")
    )
    for kept in (messages, held)
)
# A held post that was approved stands in `messages`, with the same moment.
TIMES = union_all(_POSTED, _HELD.where(held.message_id.is_(None))).order_by("posted_at")


class Wish(Protocol):
    """What a post says of itself; `slow_mode_seconds` is 0 for who is exempt."""

    @property
    def event_id(self) -> int: ...
    @property
    def employee_id(self) -> int: ...
    @property
    def session_version(self) -> int: ...
    @property
    def slow_mode_seconds(self) -> int: ...


@dataclass
class Author:
    """An active employee as the database has them now; `mutes` has the end of each by event."""

    name: str
    department: str
    session_version: int
    mutes: dict[int, datetime | None] = field(default_factory=dict)


class PostingRules:
    """The rules as they stand for the authors of one batch at `now`."""

    def __init__(self, wishes: Iterable[Wish], now: datetime) -> None:
        wishes = list(wishes)
        authors = {wish.employee_id for wish in wishes}
        slowest = max(wish.slow_mode_seconds for wish in wishes)
        self._now = now
        self._attending = _line_up(wishes)
        self._authors = _read_authors(authors, now)
        self._times = _read_times(authors, now - timedelta(seconds=max(RATE_SECONDS, slowest)))

    def refusal(self, wish: Wish) -> TownhallError | None:
        """Why that post may not be stored now; None notes it as one more of its author's."""
        author = self._authors.get(wish.employee_id)
        attending = (wish.event_id, wish.employee_id) in self._attending
        if not author or author.session_version != wish.session_version or not attending:
            return NotCheckedIn()
        if wish.event_id in author.mutes:
            until = author.mutes[wish.event_id]
            return Muted(retry_after=_seconds(until - self._now) if until else None)
        times = self._times.setdefault(wish.employee_id, [])
        wait = max(self._slow_mode_wait(wish, times), self._rate_wait(times))
        if wait:
            return SlowDown(retry_after=wait)
        times.append((self._now, wish.event_id))
        return None

    def author(self, wish: Wish) -> Author:
        """Whose wish it is; of one that was not refused."""
        return self._authors[wish.employee_id]

    def _slow_mode_wait(self, wish: Wish, times: list[tuple[datetime, int]]) -> int:
        here = [moment for moment, event_id in times if event_id == wish.event_id]
        if not here or not wish.slow_mode_seconds:
            return 0
        return self._seconds_until(here[-1] + timedelta(seconds=wish.slow_mode_seconds))

    def _rate_wait(self, times: list[tuple[datetime, int]]) -> int:
        if len(times) < RATE_MESSAGES:
            return 0
        return self._seconds_until(times[-RATE_MESSAGES][0] + timedelta(seconds=RATE_SECONDS))

    def _seconds_until(self, moment: datetime) -> int:
        return _seconds(moment - self._now) if moment > self._now else 0


def _seconds(span: timedelta) -> int:
    return max(1, math.ceil(span.total_seconds()))


def _line_up(wishes: Iterable[Wish]) -> set[tuple[int, int]]:
    """Let one transaction at a time add to an employee's posts: two nodes would both count what
    was there before, and let twice as many through. Event and employee of who checked in."""
    authors: dict[int, set[int]] = {}
    for wish in wishes:
        authors.setdefault(wish.event_id, set()).add(wish.employee_id)
    attending = set()
    # In one order everywhere, so that no two wait for each other.
    for event_id in sorted(authors):
        found = _rows(ATTENDING, event_id=event_id, authors=list(authors[event_id]))
        attending |= {(event_id, employee_id) for (employee_id,) in found}
    return attending


def _read_authors(authors: set[int], now: datetime) -> dict[int, Author]:
    """Those who are active, by id."""
    found: dict[int, Author] = {}
    for row in _rows(PEOPLE, authors=list(authors), now=now):
        author = found.setdefault(row.id, Author(row.name, row.department, row.session_version))
        if row.event_id is not None:
            author.mutes[row.event_id] = row.until
    return found


def _read_times(authors: set[int], after: datetime) -> dict[int, list[tuple[datetime, int]]]:
    """When and where each author posted since then, oldest first; what is held counts as well."""
    times: dict[int, list[tuple[datetime, int]]] = {}
    for employee_id, posted_at, event_id in _rows(TIMES, authors=list(authors), after=after):
        times.setdefault(employee_id, []).append((posted_at, event_id))
    return times


def _rows(query: Any, **values: Any) -> list[Any]:
    return list(db.session.execute(query, values))
