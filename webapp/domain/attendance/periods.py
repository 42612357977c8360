"""An employee's watched minutes, merged into periods without a gap."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select

from webapp.domain.models import WatchedMinute
from webapp.infra.extensions import db


@dataclass(frozen=True)
class Period:
    """From the beginning of minute `start` to that of `end` (whole minutes since the epoch)."""

    start: int
    end: int

    @property
    def minutes(self) -> int:
        """Return the length in minutes."""
        return self.end - self.start


def read_periods(event_id: int, employee_ids: Iterable[int]) -> dict[int, list[Period]]:
    """The periods of each of some employees in their order, in one statement.

    Employees without minutes are left out: they did not watch, or only their totals are kept.
    """
    who, minute = WatchedMinute.employee_id, WatchedMinute.minute
    # In minutes that follow each other, minute and rank grow alike: their distance is one number.
    distance = (minute - func.row_number().over(partition_by=who, order_by=minute)).label("run")
    runs = (
        select(who, minute, distance)
        .where(WatchedMinute.event_id == event_id, who.in_(employee_ids))
        .subquery()
    )
    start, end = func.min(runs.c.minute), func.max(runs.c.minute) + 1
    query = select(runs.c.employee_id, start, end).group_by(runs.c.employee_id, runs.c.run)
    periods: dict[int, list[Period]] = defaultdict(list)
    for employee_id, *period in db.session.execute(query.order_by(runs.c.employee_id, start)):
        periods[employee_id].append(Period(*period))
    return periods
