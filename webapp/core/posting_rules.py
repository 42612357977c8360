"""Who may post just now: mutes, slow mode, and the rate that holds for everybody.

Counted where all nodes and tabs see it, in the transaction that would add to it.
"""

import math
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import BindParameter, bindparam, or_, select, union_all

from webapp.core.errors import Muted, SlowDown, TownhallError
from webapp.core.extensions import db
from webapp.core.models import Attendance, HeldMessage, Message, Mute

RATE_MESSAGES = 5
RATE_SECONDS = 10

# Built once: to build a statement costs more than to ask it, and each batch of posts asks these.
AUTHORS: BindParameter[list[int]] = bindparam("authors", expanding=True)
MUTES = select(Mute.event_id, Mute.employee_id, Mute.until).where(
    Mute.employee_id.in_(AUTHORS), or_(Mute.until.is_(None), Mute.until > bindparam("now"))
)
_POSTED, _HELD = (
    select(table.employee_id, table.posted_at, table.event_id).where(
        table.employee_id.in_(AUTHORS), table.posted_at > bindparam("after")
    )
    for table in (Message, HeldMessage)
)
# A held post that was approved stands in `messages`, with the same moment.
TIMES = union_all(_POSTED, _HELD.where(HeldMessage.message_id.is_(None))).order_by("posted_at")


class Wish(Protocol):
    """What a post says of itself; `slow_mode_seconds` is 0 for who is exempt."""

    @property
    def event_id(self) -> int: ...
    @property
    def employee_id(self) -> int: ...
    @property
    def slow_mode_seconds(self) -> int: ...


class PostingRules:
    """The rules as they stand for the authors of one batch at `now`."""

    def __init__(self, wishes: Iterable[Wish], now: datetime) -> None:
        wishes = list(wishes)
        authors = {wish.employee_id for wish in wishes}
        slowest = max(wish.slow_mode_seconds for wish in wishes)
        self._now = now
        _line_up(wishes)
        self._mutes = _read_mutes(authors, now)
        self._times = _read_times(authors, now - timedelta(seconds=max(RATE_SECONDS, slowest)))

    def refusal(self, wish: Wish) -> TownhallError | None:
        """Why that post may not be stored now; None notes it as one more of its author's."""
        muted = (wish.event_id, wish.employee_id)
        if muted in self._mutes:
            until = self._mutes[muted]
            return Muted(retry_after=_seconds(until - self._now) if until else None)
        times = self._times.setdefault(wish.employee_id, [])
        wait = max(self._slow_mode_wait(wish, times), self._rate_wait(times))
        if wait:
            return SlowDown(retry_after=wait)
        times.append((self._now, wish.event_id))
        return None

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


def _line_up(wishes: Iterable[Wish]) -> None:
    """Let one transaction at a time add to an employee's posts: two nodes would both count what
    was there before, and let twice as many through."""
    authors: dict[int, set[int]] = {}
    for wish in wishes:
        authors.setdefault(wish.event_id, set()).add(wish.employee_id)
    # In one order everywhere, so that no two wait for each other.
    for event_id in sorted(authors):
        rows = select(Attendance.employee_id).where(
            Attendance.event_id == event_id, Attendance.employee_id.in_(authors[event_id])
        )
        db.session.execute(rows.order_by(Attendance.employee_id).with_for_update())


def _read_mutes(authors: set[int], now: datetime) -> dict[tuple[int, int], datetime | None]:
    """The end of each mute that holds, by event and employee."""
    found = _rows(MUTES, authors=list(authors), now=now)
    return {(event_id, employee_id): until for event_id, employee_id, until in found}


def _read_times(authors: set[int], after: datetime) -> dict[int, list[tuple[datetime, int]]]:
    """When and where each author posted since then, oldest first; what is held counts as well."""
    times: dict[int, list[tuple[datetime, int]]] = {}
    for employee_id, posted_at, event_id in _rows(TIMES, authors=list(authors), after=after):
        times.setdefault(employee_id, []).append((posted_at, event_id))
    return times


def _rows(query: Any, **values: Any) -> list[Any]:
    return list(db.session.execute(query, values))
