"""How somebody attended: one status for each employee of an event, the first that holds.

Needed are so many minutes as the event's required share of its length, rounded up. The length is
the planned one; an event closed before its planned end is as long as it lasted.

excused     An admin said so. An admin may also set attended, partly or absent; then that holds.
watching    The event is open, and they were connected in this minute or the one before.
attended    They watched at least the minutes needed.
left_early  They watched less, and their last minute lies more than 5 minutes before the end.
partly      They watched less, but not because they left: they came late, or with gaps.
checked_in  They checked in, and watched not one minute.
absent      They did not check in.

While the event is open, who has left before its planned end counts as left early, and is watching
again when they are back. Of a future event everybody is absent. At the close the statuses are
frozen; nobody is watching any more.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, case

from webapp.domain.events.store import EventInfo
from webapp.domain.models import Attendance, Closing
from webapp.infra.clock import minute_of, utcnow

STATUSES = {
    "watching": "Watching now",
    "attended": "Attended",
    "partly": "Partly",
    "left_early": "Left early",
    "checked_in": "Checked in, never watched",
    "absent": "Absent",
    "excused": "Excused",
}
# What an admin may say of somebody, whatever was counted.
CORRECTED = ("excused", "attended", "partly", "absent")
LEFT_EARLY_MINUTES = 5


@dataclass(frozen=True)
class Rule:
    """By what the statuses of an event are decided. `live` while they still change."""

    starts_at: datetime
    ends_at: datetime
    required_share: int
    live: bool

    @property
    def length(self) -> int:
        """The event's length in minutes, begun ones included."""
        return max(1, math.ceil((self.ends_at - self.starts_at) / timedelta(minutes=1)))

    @property
    def needed(self) -> int:
        """Return the watched minutes that count as attended."""
        return max(1, math.ceil(self.length * self.required_share / 100))

    @property
    def early_before(self) -> int:
        """Return the minute before which the last watched minute counts as left early."""
        return minute_of(self.ends_at) - LEFT_EARLY_MINUTES - 1


def rule_of(event: EventInfo, closing: Closing | None) -> Rule:
    """The rule of an event: the one that its closing kept, else by what is planned now."""
    if closing is not None:
        return Rule(closing.starts_at, closing.ends_at, closing.required_share, live=False)
    return Rule(event.starts_at, event.ends_at, event.required_share, live=event.is_open)


def counted_status(rule: Rule) -> ColumnElement[str]:
    """The status by what was counted alone, from a row of `Attendance` that may be missing."""
    watched, last = Attendance.watched_minutes, Attendance.last_minute
    branches: list[tuple[ColumnElement[bool], str]] = [
        (watched >= rule.needed, "attended"),
        (and_(watched > 0, last < rule.early_before), "left_early"),
        (watched > 0, "partly"),
        (Attendance.employee_id.is_not(None), "checked_in"),
    ]
    if rule.live:
        branches.insert(0, (last >= minute_of(utcnow()) - 1, "watching"))
    return case(*branches, else_="absent")


def rank(status: SQLColumnExpression[Any]) -> ColumnElement[int]:
    """The place of a status in `STATUSES`, to sort by."""
    return case({name: place for place, name in enumerate(STATUSES)}, value=status)
