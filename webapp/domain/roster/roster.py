"""The roster of an event: a row for every employee, whether they came or not.

Open, closed and future events are read in the same way (`query.py`). Corrections by admins lie on
top of the computed statuses.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, literal, select, union_all

from webapp.domain.attendance.statuses import STATUSES, Rule, rule_of
from webapp.domain.events.store import EventInfo
from webapp.domain.models import Admin, Closing
from webapp.domain.roster.counts import Counts, read_counts
from webapp.domain.roster.filters import Filters, Sort, parse_filters
from webapp.domain.roster.query import RosterQuery, Statement
from webapp.infra.clock import moment_of
from webapp.infra.extensions import db

__all__ = ["STATUSES", "Filters", "Roster", "RosterRow", "Sort", "parse_filters", "read_roster"]

PAGE_ROWS = 50
STREAMED_ROWS = 1000


@dataclass(frozen=True)
class RosterRow:
    """One employee's attendance of an event.

    `status` and `computed_status`, which disregards corrections, are keys of `STATUSES`. Minutes
    are whole minutes since the Unix epoch, moments aware UTC. `note`, `corrected_by` (the admin's
    name) and `corrected_at` are None unless a correction is in force.
    """

    employee_id: int
    employee_number: str
    first_name: str
    last_name: str
    email: str
    department: str
    location: str
    status: str
    computed_status: str
    checked_in_at: datetime | None
    watched_minutes: int
    first_minute: int | None
    last_minute: int | None
    note: str | None
    corrected_by: str | None
    corrected_at: datetime | None

    @property
    def name(self) -> str:
        """Return the first and the last name."""
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def left_at(self) -> datetime | None:
        """Return the end of the last watched minute, or None without any."""
        return moment_of(self.last_minute + 1) if self.last_minute is not None else None

    @property
    def corrected(self) -> bool:
        """Return whether a correction is in force."""
        return self.corrected_at is not None


@dataclass(frozen=True)
class ClosedBy:
    """The closing of an event, and the name of the admin; None when a program closed it."""

    closing: Closing
    admin: str | None


@dataclass(frozen=True)
class Roster:
    """One page of the roster with the numbers around it; `closed` is None before the close."""

    rows: list[RosterRow]
    counts: Counts
    rule: Rule
    closed: ClosedBy | None

    @property
    def pages(self) -> int:
        """Return the number of pages, at least one."""
        return max(1, -(-self.counts.matching // PAGE_ROWS))


def read_roster(event: EventInfo, filters: Filters) -> Roster:
    """Return one page of the event's roster, in three statements whatever its size."""
    return _read(event, filters, lambda query: query.page(filters, PAGE_ROWS))


def read_whole(event: EventInfo, filters: Filters) -> Roster:
    """Return every row that matches, with the numbers around them."""
    return _read(event, filters, lambda query: query.all_rows(filters))


def _read(
    event: EventInfo, filters: Filters, statement: Callable[[RosterQuery], Statement]
) -> Roster:
    closed = find_closing(event.id)
    closing = closed.closing if closed else None
    query = RosterQuery(event, closing)
    return Roster(
        rows=[_row(row) for row in db.session.execute(statement(query))],
        counts=read_counts(query, filters),
        rule=rule_of(event, closing),
        closed=closed,
    )


def stream_rows(event: EventInfo, filters: Filters) -> Iterator[RosterRow]:
    """Yield every row that matches, in the order of `filters.sort`.

    One statement reads them all, so they show one moment. It holds a connection of its own until
    the last row; at most `STREAMED_ROWS` rows are in memory at a time.
    """
    statement = query_of(event).all_rows(filters)
    streaming = {"yield_per": STREAMED_ROWS}
    with (
        db.engine.connect() as connection,
        connection.execute(statement, execution_options=streaming) as rows,
    ):
        yield from map(_row, rows)


def find_row(event: EventInfo, employee_id: int) -> RosterRow | None:
    """Return the row of one employee, or None when they are not on the roster."""
    row = db.session.execute(query_of(event).row(employee_id)).one_or_none()
    return _row(row) if row else None


def read_rows(event: EventInfo, employee_ids: Iterable[int]) -> list[RosterRow]:
    """Return the rows of these employees, without those who are not on the roster."""
    query = query_of(event)
    wanted = sorted(set(employee_ids))
    return [
        _row(row)
        for begin in range(0, len(wanted), STREAMED_ROWS)
        for row in db.session.execute(query.some(wanted[begin : begin + STREAMED_ROWS]))
    ]


def read_matching(event: EventInfo, filters: Filters) -> list[RosterRow]:
    """Return every row that matches, in the current transaction."""
    return [_row(row) for row in db.session.execute(query_of(event).all_rows(filters))]


def find_rows(events: Sequence[EventInfo], employee_id: int) -> dict[int, RosterRow]:
    """Return an employee's rows on the rosters of these events by event id, in two statements."""
    ids = [event.id for event in events]
    closings = select(Closing).where(Closing.event_id.in_(ids))
    known = {closing.event_id: closing for closing in db.session.scalars(closings)}
    queries = [
        RosterQuery(event, known.get(event.id))
        .row(employee_id)
        .add_columns(literal(event.id).label("event_id"))
        for event in events
    ]
    if not queries:
        return {}
    rows = [dict(row) for row in db.session.execute(union_all(*queries)).mappings()]
    return {row.pop("event_id"): RosterRow(**row) for row in rows}


def find_closing(event_id: int) -> ClosedBy | None:
    """Return the closing of the event, or None while it is not closed."""
    query = select(Closing, Admin.name).outerjoin(Admin, Admin.id == Closing.closed_by)
    row = db.session.execute(query.where(Closing.event_id == event_id)).one_or_none()
    return ClosedBy(*row) if row else None


def query_of(event: EventInfo) -> RosterQuery:
    """Return the statements on the roster of an event."""
    closed = find_closing(event.id)
    return RosterQuery(event, closed.closing if closed else None)


def _row(row: Row[Any]) -> RosterRow:
    return RosterRow(**row._mapping)
