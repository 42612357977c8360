"""An employee's watched minutes, merged into periods without a gap."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select

from webapp.domain.models import WatchedMinute
from webapp.infra.extensions import db


@dataclass(frozen=True)
class Period:
    """The time from minute `start` to before minute `end`, in whole minutes since the Unix epoch.

    Minutes 100, 101 and 102 are the period from 100 to 103.
    """

    start: int
    end: int

    @property
    def minutes(self) -> int:
        """Return the length in minutes."""
        return self.end - self.start


def read_periods(event_id: int, employee_ids: Iterable[int]) -> dict[int, list[Period]]:
    """Return the periods of each of these employees by id, in order of time, in one statement.

    Employees without minutes are left out: they never watched, or only their totals are kept.
    """
    employee, minute = WatchedMinute.employee_id, WatchedMinute.minute
    # In consecutive minutes the minute and its row number grow alike: their difference is constant.
    rank = func.row_number().over(partition_by=employee, order_by=minute)
    runs = (
        select(employee, minute, (minute - rank).label("run"))
        .where(WatchedMinute.event_id == event_id, employee.in_(employee_ids))
        .subquery()
    )
    start, end = func.min(runs.c.minute), func.max(runs.c.minute) + 1
    query = select(runs.c.employee_id, start, end).group_by(runs.c.employee_id, runs.c.run)
    periods: dict[int, list[Period]] = defaultdict(list)
    for employee_id, *period in db.session.execute(query.order_by(runs.c.employee_id, start)):
        periods[employee_id].append(Period(*period))
    return periods
