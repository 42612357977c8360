"""The figures of an event's charts: viewers and check-ins over time, and shares by department."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import String, func, select, type_coerce

from webapp.domain.attendance.statuses import Rule, rule_of
from webapp.domain.events.store import EventInfo
from webapp.domain.models import AudienceMinute, ReactionMinute, RosterEntry
from webapp.domain.roster.contributions import Participation, read_participation
from webapp.domain.roster.counts import count_came, read_counts
from webapp.domain.roster.filters import Filters
from webapp.domain.roster.query import RosterQuery
from webapp.domain.roster.roster import find_closing
from webapp.domain.roster.timeline import Minutes, Series, series_of, shown_minutes
from webapp.infra.clock import minute_of
from webapp.infra.extensions import db

# The number of columns of a chart that can be told apart.
WATCHING_COLUMNS, ARRIVAL_COLUMNS = 240, 60


@dataclass(frozen=True)
class Department:
    """The numbers of a department's employees, of those who came, and of those who attended.

    They are those of the roster.
    """

    name: str
    employees: int
    came: int
    attended: int


@dataclass(frozen=True)
class Figures:
    """The figures of one event.

    `watching` has the most viewers at once in each step, `arrivals` the check-ins and `reactions`
    the reactions in each. `rule` says when the event began and ended. Departments with the highest
    share come first.
    """

    rule: Rule
    watching: Series
    arrivals: Series
    reactions: Series
    participation: Participation
    departments: list[Department]


def read_figures(event: EventInfo, now: datetime) -> Figures:
    """Return the figures as they are `now`, in six statements whatever the size."""
    closed = find_closing(event.id)
    closing = closed.closing if closed else None
    rule = rule_of(event, closing)
    watching = _watching(event.id)
    arrivals = _arrivals(event.id)
    shown = shown_minutes(rule, watching, arrivals, minute_of(now) + 1)
    return Figures(
        rule,
        series_of(watching, shown, WATCHING_COLUMNS, max),
        series_of(arrivals, shown, ARRIVAL_COLUMNS, sum),
        series_of(_reactions(event.id), shown, ARRIVAL_COLUMNS, sum),
        read_participation(event.id),
        _departments(RosterQuery(event, closing)),
    )


def _watching(event_id: int) -> Minutes:
    query = select(AudienceMinute.minute, AudienceMinute.viewers)
    here = query.where(AudienceMinute.event_id == event_id).order_by(AudienceMinute.minute)
    return {row.minute: row.viewers for row in db.session.execute(here)}


def _reactions(event_id: int) -> Minutes:
    amount = func.sum(ReactionMinute.amount)
    query = select(ReactionMinute.minute, amount).where(ReactionMinute.event_id == event_id)
    by_minute = query.group_by(ReactionMinute.minute).order_by(ReactionMinute.minute)
    return {minute: int(total) for minute, total in db.session.execute(by_minute)}


def _arrivals(event_id: int) -> Minutes:
    # Both kinds of database write a moment as `2026-01-15 10:20:00…`; its first 16 characters name
    # the minute, so that the database can group by it.
    minute = func.substr(type_coerce(RosterEntry.checked_in_at, String), 1, 16)
    query = select(minute, func.count()).where(RosterEntry.event_id == event_id)
    checked_in = query.where(RosterEntry.checked_in_at.is_not(None))
    return {
        minute_of(datetime.fromisoformat(text).replace(tzinfo=UTC)): count
        for text, count in db.session.execute(checked_in.group_by(minute).order_by(minute))
    }


def _departments(query: RosterQuery) -> list[Department]:
    counts = read_counts(query, Filters(by="department"))
    departments = [
        Department(name, statuses.total(), count_came(statuses), statuses["attended"])
        for name, statuses in counts.by_department.items()
    ]
    return sorted(departments, key=lambda d: (-d.came / d.employees, d.name))
