"""The figures of an event's pictures: who watched and who came, over time and by department."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import String, func, select, type_coerce

from webapp.domain.attendance.statuses import STATUSES, Rule, rule_of
from webapp.domain.events.store import EventInfo
from webapp.domain.models import Attendance, AudienceMinute, Closing, FrozenAttendance
from webapp.domain.roster.counts import Counts
from webapp.domain.roster.filters import Filters
from webapp.domain.roster.query import RosterQuery
from webapp.domain.roster.roster import find_frozen
from webapp.domain.roster.timeline import Minutes, Series, series_of, shown_minutes
from webapp.infra.clock import minute_of
from webapp.infra.extensions import db

# So many columns of a picture can be told apart.
WATCHING_COLUMNS, ARRIVAL_COLUMNS = 240, 60
CAME = STATUSES.keys() - {"absent", "excused"}


@dataclass(frozen=True)
class Department:
    """How many of a department came, of how many."""

    name: str
    employees: int
    came: int


@dataclass(frozen=True)
class Figures:
    """`watching` has the most at once in each step, `arrivals` the check-ins in each.

    `rule` says when the event began and ended, `departments` come with the highest share first.
    """

    rule: Rule
    watching: Series
    arrivals: Series
    departments: list[Department]


def read_figures(event: EventInfo, now: datetime) -> Figures:
    """The figures as they are `now`, or were at the close: four statements whatever the size."""
    frozen = find_frozen(event.id)
    closing = frozen.closing if frozen else None
    rule = rule_of(event, closing)
    watching = _watching(event.id)
    arrivals = _arrivals(event.id, FrozenAttendance if closing else Attendance)
    shown = shown_minutes(rule, watching, arrivals, minute_of(now) + 1)
    return Figures(
        rule,
        series_of(watching, shown, WATCHING_COLUMNS, max),
        series_of(arrivals, shown, ARRIVAL_COLUMNS, sum),
        _departments(event, closing),
    )


def _watching(event_id: int) -> Minutes:
    query = select(AudienceMinute.minute, AudienceMinute.viewers)
    here = query.where(AudienceMinute.event_id == event_id).order_by(AudienceMinute.minute)
    return {row.minute: row.viewers for row in db.session.execute(here)}


def _arrivals(event_id: int, table: type[Attendance | FrozenAttendance]) -> Minutes:
    # Both kinds of database write a moment as `2026-01-15 10:20:00…`: its minute, grouped there.
    minute = func.substr(type_coerce(table.checked_in_at, String), 1, 16)
    query = select(minute, func.count()).where(table.event_id == event_id)
    came = query.where(table.checked_in_at.is_not(None)).group_by(minute).order_by(minute)
    return {
        minute_of(datetime.fromisoformat(text).replace(tzinfo=UTC)): count
        for text, count in db.session.execute(came)
    }


def _departments(event: EventInfo, closing: Closing | None) -> list[Department]:
    groups = db.session.execute(RosterQuery(event, closing).counts(""))
    departments = [
        Department(name, statuses.total(), sum(statuses[status] for status in CAME))
        for name, statuses in Counts(groups, Filters()).by_department.items()
        if statuses.total()
    ]
    return sorted(departments, key=lambda d: (-d.came / d.employees, d.name))
