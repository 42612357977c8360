"""The numbers around a page of the roster."""

from collections import Counter, defaultdict
from dataclasses import dataclass

from webapp.domain.attendance.statuses import CAME
from webapp.domain.roster.filters import Filters
from webapp.domain.roster.query import RosterQuery
from webapp.infra.extensions import db


@dataclass(frozen=True)
class Counts:
    """Numbers of employees on a roster.

    `employees` counts everybody on it, `matching` the rows that the filters let through.
    `by_status` disregards the status filter, and `by_department` the department filter too; the
    latter is empty unless `Filters.by` asks for it. `departments` and `locations` are the choices
    of the filters, sorted. `latest` is the id of the event's latest correction, or 0.
    """

    employees: int
    matching: int
    by_status: Counter[str]
    by_department: dict[str, Counter[str]]
    departments: list[str]
    locations: list[str]
    latest: int

    @property
    def came(self) -> int:
        """Return how many of `by_status` came."""
        return count_came(self.by_status)

    @property
    def attended(self) -> int:
        """Return how many of `by_status` attended, as far as that is certain yet."""
        return self.by_status["attended"]


def count_came(statuses: Counter[str]) -> int:
    """Return how many employees came."""
    return sum(statuses[status] for status in CAME)


def read_counts(query: RosterQuery, filters: Filters) -> Counts:
    """Return the numbers for these filters, in one statement."""
    counts: dict[str, dict[str, Counter[str]]] = defaultdict(dict)
    for kind, name, status, people in db.session.execute(query.counts(filters)):
        counts[kind].setdefault(name, Counter())[status] = people
    by_status = counts["status"].get("", Counter())
    return Counts(
        employees=sum(sizes.total() for sizes in counts["department"].values()),
        matching=by_status[filters.status] if filters.status else by_status.total(),
        by_status=by_status,
        by_department=dict(sorted(counts["by_department"].items())),
        departments=sorted(counts["department"]),
        locations=sorted(counts["location"]),
        latest=counts["latest"][""][""],
    )
