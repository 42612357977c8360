"""The roster of an event: a row for every employee, whether they came or not.

Open, closed and future events are read in the same way (`query.py`). Corrections by admins lie on
top of the computed statuses.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from webapp.domain.attendance.statuses import STATUSES, Rule, rule_of
from webapp.domain.events.store import EventInfo
from webapp.domain.models import Admin, Closing
from webapp.domain.roster.counts import Counts, read_counts
from webapp.domain.roster.filters import Filters, Sort, parse_filters
from webapp.domain.roster.query import RosterQuery
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
    closed = find_closing(event.id)
    closing = closed.closing if closed else None
    query = RosterQuery(event, closing)
    return Roster(
        rows=[_row(row) for row in db.session.execute(query.page(filters, PAGE_ROWS))],
        counts=read_counts(query, filters),
        rule=rule_of(event, closing),
        closed=closed,
    )


def stream_rows(event: EventInfo, filters: Filters) -> Iterator[RosterRow]:
    """Yield every row that matches, in the order of `filters.sort`.

    One statement reads them all, so they show one moment. It holds a connection of its own until
    the last row; at most `STREAMED_ROWS` rows are in memory at a time.
    """
    closed = find_closing(event.id)
    statement = RosterQuery(event, closed.closing if closed else None).all_rows(filters)
    streaming = {"yield_per": STREAMED_ROWS}
    with (
        db.engine.connect() as connection,
        connection.execute(statement, execution_options=streaming) as rows,
    ):
        yield from map(_row, rows)


def find_row(event: EventInfo, employee_id: int) -> RosterRow | None:
    """Return the row of one employee, or None when they are not on the roster."""
    closed = find_closing(event.id)
    query = RosterQuery(event, closed.closing if closed else None)
    row = db.session.execute(query.row(employee_id)).one_or_none()
    return _row(row) if row else None


def find_closing(event_id: int) -> ClosedBy | None:
    """Return the closing of the event, or None while it is not closed."""
    query = select(Closing, Admin.name).outerjoin(Admin, Admin.id == Closing.closed_by)
    row = db.session.execute(query.where(Closing.event_id == event_id)).one_or_none()
    return ClosedBy(*row) if row else None


def _row(row: Row[Any]) -> RosterRow:
    return RosterRow(**row._mapping)
