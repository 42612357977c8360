"""Decide whether an author may post now: attendance, mutes, slow mode and the general rate.

Posts are counted in the transaction that adds to them, where all nodes and tabs see the count.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Table, bindparam, exists, select, union_all

from webapp.domain.chat.posts import Post
from webapp.domain.models import HeldMessage, Message
from webapp.domain.writing.authors import AUTHORS, Author, Authors, seconds_of
from webapp.errors import SlowDown, TownhallError
from webapp.infra.extensions import db

RATE_MESSAGES = 5
RATE_SECONDS = 10

# Built once, and from tables: see `writing.authors`.
held, messages = (cast(Table, model.__table__).c for model in (HeldMessage, Message))
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


class PostingRules:
    """The rules as they apply to the authors of one batch at `now`."""

    def __init__(self, posts: Sequence[Post], now: datetime) -> None:
        self._now = now
        self._authors = Authors(posts, now)
        slowest = max(post.slow_mode_seconds for post in posts)
        after = now - timedelta(seconds=max(RATE_SECONDS, slowest))
        self._times = _read_times(self._authors.ids, after)

    def find_refusal(self, post: Post) -> TownhallError | None:
        """Return why `post` may not be stored now. None counts it as one more of its author's."""
        if refusal := self._authors.find_refusal(post):
            return refusal
        times = self._times.setdefault(post.employee_id, [])
        if wait := max(self._slow_mode_wait(post, times), self._rate_wait(times)):
            return SlowDown(retry_after=wait)
        times.append((self._now, post.event_id))
        return None

    def author(self, post: Post) -> Author:
        """Return the author of a post that was not refused."""
        return self._authors.get(post)

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
        return seconds_of(moment - self._now) if moment > self._now else 0


def _read_times(authors: list[int], after: datetime) -> dict[int, list[tuple[datetime, int]]]:
    """Return when and in which event each author posted since `after`, held posts too, oldest
    first, by employee id."""
    times: dict[int, list[tuple[datetime, int]]] = {}
    found = db.session.execute(TIMES, {"authors": authors, "after": after})
    for employee_id, posted_at, event_id in found:
        times.setdefault(employee_id, []).append((posted_at, event_id))
    return times
