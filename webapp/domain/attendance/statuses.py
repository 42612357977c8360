"""Attendance statuses: each roster entry has one, the first in this list that applies.

The required minutes are the event's required share of its length, rounded up. The length is the
planned one; an event closed before its planned end is as long as it lasted.

excused     An admin set it. Admins may also set attended, partly or absent.
watching    The event is open, and the employee was connected in this minute or the one before.
attended    The employee watched at least the required minutes.
left_early  Watched less, and the last minute lies more than 5 minutes before the end.
partly      Watched less, but stayed to the end: came late, or with gaps.
checked_in  Checked in and never watched.
absent      Did not check in.

While the event is open, an employee who has left before the planned end counts as left early, and
as watching again on return. Before an event opens everybody is absent. Once it is closed, statuses
follow the times and the share that its closing recorded, and nobody is watching any more.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, case

from webapp.domain.events.store import EventInfo
from webapp.domain.models import Closing
from webapp.i18n import lazy
from webapp.infra.clock import minute_of, utcnow

STATUSES = {
    "watching": lazy("Watching now"),
    "attended": lazy("Attended"),
    "partly": lazy("Partly"),
    "left_early": lazy("Left early"),
    "checked_in": lazy("Checked in, never watched"),
    "absent": lazy("Absent"),
    "excused": lazy("Excused"),
}
# An employee with one of these came: they checked in, or a correction says that they were there.
CAME = frozenset(STATUSES) - {"absent", "excused"}
# The statuses that an admin may set in place of the computed one.
CORRECTED = ("excused", "attended", "partly", "absent")
LEFT_EARLY_MINUTES = 5


@dataclass(frozen=True)
class Rule:
    """The times and the share (in %) that decide an event's statuses; `live` while it is open."""

    starts_at: datetime
    ends_at: datetime
    required_share: int
    live: bool

    @property
    def length(self) -> int:
        """Return the event's length in minutes, rounded up; at least 1."""
        return max(1, math.ceil((self.ends_at - self.starts_at) / timedelta(minutes=1)))

    @property
    def needed(self) -> int:
        """Return the number of minutes an employee must watch to have attended; at least 1."""
        return max(1, math.ceil(self.length * self.required_share / 100))

    @property
    def early_before(self) -> int:
        """Return the minute since the Unix epoch before which a last minute counts as early."""
        return minute_of(self.ends_at) - LEFT_EARLY_MINUTES - 1


def rule_of(event: EventInfo, closing: Closing | None) -> Rule:
    """Return the rule recorded by the closing, or the one that the event's plan gives now."""
    if closing is not None:
        return Rule(closing.starts_at, closing.ends_at, closing.required_share, live=False)
    return Rule(event.starts_at, event.ends_at, event.required_share, live=event.is_open)


def computed_status(rule: Rule, entry: Any) -> ColumnElement[str]:
    """Return the SQL for the status that check-in and minutes give, without a correction.

    `entry` is `RosterEntry` or an alias of it.
    """
    watched, last = entry.watched_minutes, entry.last_minute
    branches: list[tuple[ColumnElement[bool], str]] = [
        (watched >= rule.needed, "attended"),
        (and_(watched > 0, last < rule.early_before), "left_early"),
        (watched > 0, "partly"),
        (entry.checked_in_at.is_not(None), "checked_in"),
    ]
    if rule.live:
        branches.insert(0, (last >= minute_of(utcnow()) - 1, "watching"))
    return case(*branches, else_="absent")


def rank(status: SQLColumnExpression[Any]) -> ColumnElement[int]:
    """Return the SQL for a status's position in `STATUSES`, to sort by."""
    return case({name: place for place, name in enumerate(STATUSES)}, value=status)
