"""Compare the rosters of two events: who came to both, to one of them, or to neither.

An employee who is on one roster alone did not come to the other event. The department is that of
the first roster where the employee is on it.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CompoundSelect, func, select, union_all

from webapp.domain.attendance.statuses import STATUSES
from webapp.domain.events.store import EventInfo, list_events
from webapp.domain.roster.roster import query_of
from webapp.errors import Invalid
from webapp.infra.csv_writer import csv_pieces
from webapp.infra.extensions import db

KINDS = ("both", "first", "second", "neither")
IDENTITY = ("employee_number", "first_name", "last_name", "department", "location")
COLUMNS = (*IDENTITY, "first_status", "second_status", "came_to")
ROWS_AT_ONCE = 1000


@dataclass(frozen=True)
class Comparison:
    """Numbers of employees by department and kind, one of `KINDS`; `totals` is over all."""

    departments: dict[str, Counter[str]]
    totals: Counter[str]


def list_comparable(event: EventInfo) -> list[EventInfo]:
    """Return the other events that have been opened, the latest first."""
    return [e for e in list_events() if e.state != "scheduled" and e.id != event.id]


def compare(first: EventInfo, second: EventInfo) -> Comparison:
    """Return the numbers, in three statements whatever the size of the rosters. Raise `Invalid`."""
    _check(first, second)
    both = _employees(first, second).subquery()
    columns = (both.c.department, both.c.first_came, both.c.second_came)
    query = select(*columns, func.count().label("people")).group_by(*columns)
    departments: dict[str, Counter[str]] = {}
    for row in db.session.execute(query):
        counts = departments.setdefault(row.department, Counter())
        counts[_kind(row)] += row.people
    return Comparison(dict(sorted(departments.items())), sum(departments.values(), Counter()))


def as_csv(first: EventInfo, second: EventInfo) -> Iterator[str]:
    """Yield a CSV file with a row for each employee of either roster. Raise `Invalid` at once."""
    _check(first, second)
    return csv_pieces(COLUMNS, _read_cells(first, second))


def _read_cells(first: EventInfo, second: EventInfo) -> Iterator[tuple[str, ...]]:
    both = _employees(first, second).subquery()
    names = (both.c.last_name, both.c.first_name, both.c.employee_number)
    query = select(both).order_by(*names).execution_options(yield_per=ROWS_AT_ONCE)
    yield from map(_cells, db.session.execute(query))


def _check(first: EventInfo, second: EventInfo) -> None:
    if first.id == second.id:
        raise Invalid("Choose another event to compare with.")
    if "scheduled" in (first.state, second.state):
        raise Invalid("Only events that have been opened can be compared.")


def _employees(first: EventInfo, second: EventInfo) -> CompoundSelect[Any]:
    """Return the query for the employees of either roster, each once."""
    ours, theirs = query_of(first).presence().subquery(), query_of(second).presence().subquery()
    same = ours.c.employee_id == theirs.c.employee_id
    left = select(
        *(ours.c[name] for name in IDENTITY),
        ours.c.status.label("first_status"),
        theirs.c.status.label("second_status"),
        ours.c.came.label("first_came"),
        func.coalesce(theirs.c.came, 0).label("second_came"),
    ).select_from(ours.outerjoin(theirs, same))
    right = select(
        *(theirs.c[name] for name in IDENTITY),
        ours.c.status,
        theirs.c.status,
        func.coalesce(ours.c.came, 0),
        theirs.c.came,
    ).select_from(theirs.outerjoin(ours, same))
    return union_all(left, right.where(ours.c.employee_id.is_(None)))


def _kind(row: Any) -> str:
    return KINDS[2 * (not row.first_came) + (not row.second_came)]


def _cells(row: Any) -> tuple[str, ...]:
    statuses = (
        STATUSES[status].source if status else ""
        for status in (row.first_status, row.second_status)
    )
    return (*(getattr(row, name) for name in IDENTITY), *statuses, _kind(row))
