"""The roster of an event: every employee, whether they came or not.

While the event is open it is read from the employees and their attendance; once it is closed, from
what was frozen then. What admins corrected lies on top of either.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from webapp.domain.attendance.statuses import STATUSES, Rule, rule_of
from webapp.domain.events.store import EventInfo
from webapp.domain.models import Admin, Closing
from webapp.domain.roster.counts import Counts
from webapp.domain.roster.filters import Filters, parse_filters
from webapp.domain.roster.page_window import window_of
from webapp.domain.roster.query import RosterQuery
from webapp.infra.clock import moment_of
from webapp.infra.extensions import db

__all__ = ["STATUSES", "Filters", "Roster", "RosterRow", "parse_filters", "read_roster"]

PAGE_ROWS = 50
STREAMED_ROWS = 1000


@dataclass(frozen=True)
class RosterRow:
    """One employee's attendance of an event.

    `status` and `counted`, which is the status without a correction, are keys of `STATUSES`;
    minutes are whole ones since the Unix epoch; moments are aware UTC. `note`, `corrected_by` (the
    admin's name) and `corrected_at` are None unless a correction holds.
    """

    employee_id: int
    employee_number: str
    first_name: str
    last_name: str
    email: str
    department: str
    location: str
    status: str
    counted: str
    checked_in_at: datetime | None
    watched_minutes: int
    first_minute: int | None
    last_minute: int | None
    note: str | None
    corrected_by: str | None
    corrected_at: datetime | None

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"

    @property
    def left_at(self) -> datetime | None:
        """The end of their last minute."""
        return moment_of(self.last_minute + 1) if self.last_minute is not None else None

    @property
    def corrected(self) -> bool:
        """Whether an admin set the status."""
        return self.corrected_at is not None


@dataclass(frozen=True)
class Frozen:
    """That an event's figures are frozen: since when, and by whom (None: by a program)."""

    closing: Closing
    closed_by: str | None


@dataclass(frozen=True)
class Roster:
    """One page of the roster, and what stands around it."""

    rows: list[RosterRow]
    counts: Counts
    rule: Rule
    frozen: Frozen | None

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.counts.matching // PAGE_ROWS))


def read_roster(event: EventInfo, filters: Filters) -> Roster:
    """One page of the event's roster, in three statements whatever its size."""
    frozen = find_frozen(event.id)
    closing = frozen.closing if frozen else None
    query = RosterQuery(event, closing)
    counts = Counts(db.session.execute(query.counts(filters.q)), filters)
    window = window_of(counts, filters, PAGE_ROWS)
    return Roster(
        rows=[_row(row) for row in db.session.execute(query.rows(filters, window))],
        counts=counts,
        rule=rule_of(event, closing),
        frozen=frozen,
    )


def stream_rows(event: EventInfo, filters: Filters) -> Iterator[RosterRow]:
    """Every row that matches, in the order of `filters.sort`, as it is asked for.

    They come from one statement, so all of them are of one moment, and through a connection of
    their own that is held until the last; a few hundred rows are in memory at a time.
    """
    frozen = find_frozen(event.id)
    statement = RosterQuery(event, frozen.closing if frozen else None).rows(filters)
    streaming = {"yield_per": STREAMED_ROWS}
    with (
        db.engine.connect() as connection,
        connection.execute(statement, execution_options=streaming) as rows,
    ):
        yield from map(_row, rows)


def find_row(event: EventInfo, employee_id: int) -> RosterRow | None:
    """The row of one employee, or None when they are not on the roster."""
    frozen = find_frozen(event.id)
    query = RosterQuery(event, frozen.closing if frozen else None)
    row = db.session.execute(query.row(employee_id)).one_or_none()
    return _row(row) if row else None


def find_frozen(event_id: int) -> Frozen | None:
    """Who closed the event and when; None while its figures are not frozen."""
    query = select(Closing, Admin.name).outerjoin(Admin, Admin.id == Closing.closed_by)
    row = db.session.execute(query.where(Closing.event_id == event_id)).one_or_none()
    return Frozen(*row) if row else None


def _row(row: Row[Any]) -> RosterRow:
    values = dict(row._mapping)
    values["status"] = values.pop("shown")
    if values.pop("corrected") is None:
        # It was taken back, or there never was one.
        values |= {"note": None, "corrected_by": None, "corrected_at": None}
    return RosterRow(**values)
