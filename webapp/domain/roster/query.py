"""The SQL of a roster. Every event that has opened has its rows in `roster_entries`."""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, select, union_all
from sqlalchemy.orm import aliased, join, outerjoin

from webapp.domain.attendance.statuses import CAME, computed_status, rank, rule_of
from webapp.domain.employees.rosters import IDENTITY, NAMES
from webapp.domain.employees.search import found
from webapp.domain.events.store import EventInfo
from webapp.domain.models import Admin, Closing, Correction, Employee, RosterEntry
from webapp.domain.roster.filters import Filters, Sort

FIGURES = ("checked_in_at", "watched_minutes", "first_minute", "last_minute")

Statement = Select[*tuple[Any, ...]]


class RosterQuery:
    """Statements on the roster of one event; `closing` is None while it is not closed."""

    def __init__(self, event: EventInfo, closing: Closing | None) -> None:
        planned = event.state == "scheduled"
        entry: Any = _planned_entries(event.id) if planned else RosterEntry
        self._entry = entry
        self._event_id = event.id
        self._here = entry.event_id == event.id
        by_place = [entry.place, entry.employee_id]  # newcomers share a place during an import
        self._by_name = [getattr(entry, name) for name in NAMES] if planned else by_place
        self._computed = computed_status(rule_of(event, closing), entry)
        self._status = func.coalesce(entry.corrected_status, self._computed)

    def page(self, filters: Filters, rows: int) -> Statement:
        """Return the query for the page of `filters.page`, which has `rows` rows."""
        # Sort ids alone, and read names and notes for the rows of the page only.
        ids = (
            select(self._entry.employee_id)
            .where(*self._conditions(filters))
            .order_by(*self._order(filters.sort))
            .limit(rows)
            .offset((filters.page - 1) * rows)
            .subquery()
        )
        # MySQL would rather read the whole roster in order and look each id up in the page.
        page = join(ids, self._entry, ids.c.employee_id == self._entry.employee_id)
        details = self._details(page).prefix_with("STRAIGHT_JOIN", dialect="mysql")
        return details.where(self._here).order_by(*self._order(filters.sort))

    def all_rows(self, filters: Filters) -> Statement:
        """Return the query for every row that matches, in order."""
        details = self._details(self._entry).where(*self._conditions(filters))
        return details.order_by(*self._order(filters.sort))

    def row(self, employee_id: int) -> Statement:
        """Return the query for the row of one employee, if they are on the roster."""
        details = self._details(self._entry)
        return details.where(self._here, self._entry.employee_id == employee_id)

    def some(self, employee_ids: list[int]) -> Statement:
        """Return the query for the rows of these employees, in no order."""
        details = self._details(self._entry)
        return details.where(self._here, self._entry.employee_id.in_(employee_ids))

    def presence(self) -> Statement:
        """Return the query for who each employee is, their status, and `came`: 1 or 0."""
        came = case((self._status.in_(CAME), 1), else_=0).label("came")
        columns = (self._entry.employee_id, *self._columns(*IDENTITY).values())
        return select(*columns, self._status.label("status"), came).where(self._here)

    def counts(self, filters: Filters) -> Any:
        """Return the query for `kind`, `name`, `status` and `people`: numbers of employees.

        Kinds `department` and `location` give the size of each on the whole roster. Kind `status`
        counts the rows that the filters but that of the status let through. Kind `by_department`
        counts them by department and status whichever department is chosen, and is left out unless
        `filters.by` asks for it. Kind `latest` has the id of the event's latest correction, or 0.
        """
        department, location = self._entry.department, self._entry.location
        parts = [
            self._count("department", department, "", [self._here]),
            self._count("location", location, "", [self._here]),
            self._count("status", "", self._status, self._conditions(filters, "status")),
            self._latest(),
        ]
        if filters.by:
            conditions = self._conditions(filters, "status", "department")
            parts.append(self._count("by_department", department, self._status, conditions))
        return union_all(*parts)

    def _count(self, kind: str, name: Any, status: Any, conditions: list[Any]) -> Statement:
        groups = [column for column in (name, status) if not isinstance(column, str)]
        columns = {"kind": kind, "name": name, "status": status}
        labels = (_sql(column).label(label) for label, column in columns.items())
        query = select(*labels, func.count().label("people")).where(*conditions)
        return query.group_by(*groups)

    def _latest(self) -> Statement:
        latest = func.coalesce(func.max(Correction.id), 0)
        columns = (literal("latest"), literal(""), literal(""), latest)
        return select(*columns).where(Correction.event_id == self._event_id)

    def _details(self, source: Any) -> Statement:
        entry = self._entry
        corrected = outerjoin(source, Correction, Correction.id == entry.correction_id)
        named = outerjoin(corrected, Admin, Admin.id == Correction.corrected_by)
        return select(
            entry.employee_id,
            *self._columns(*IDENTITY, *FIGURES).values(),
            self._status.label("status"),
            self._computed.label("computed_status"),
            Correction.note,
            Correction.corrected_at,
            Admin.name.label("corrected_by"),
        ).select_from(named)

    def _conditions(self, filters: Filters, *without: str) -> list[ColumnElement[bool]]:
        """Return what a row must fulfil; the filters named in `without` do not apply."""
        conditions = {
            "q": found(self._entry, filters.q),
            "department": self._entry.department == filters.department,
            "location": self._entry.location == filters.location,
            "status": self._status == filters.status,
        }
        wanted = [
            condition
            for name, condition in conditions.items()
            if getattr(filters, name) and name not in without
        ]
        return [self._here, *wanted]

    def _order(self, sort: Sort) -> list[ColumnElement[Any]]:
        """Return the sort expressions; entries that are equal in the sort key follow by name."""
        if sort.key == "name":
            return [name.desc() if sort.descending else name for name in self._by_name]
        key = self._sort_key(sort.key)
        order = [key.desc() if sort.descending else key, *self._by_name]
        if sort.key in ("checked_in", "until"):
            # Entries without such a moment stand last in either direction.
            order.insert(0, case((key.is_(None), 1), else_=0))
        return order

    def _sort_key(self, key: str) -> Any:
        entry = self._entry
        keys = {
            "number": entry.employee_number,
            "department": entry.department,
            "location": entry.location,
            "status": rank(self._status),
            "checked_in": entry.checked_in_at,
            "until": entry.last_minute,
            "minutes": entry.watched_minutes,
        }
        return keys[key]

    def _columns(self, *names: str) -> dict[str, Any]:
        return {name: getattr(self._entry, name) for name in names}


def _sql(value: Any) -> Any:
    return literal(value) if isinstance(value, str) else value


def _planned_entries(event_id: int) -> Any:
    """Return an alias of `RosterEntry` for an event that has not opened yet.

    Its rows are the active employees. An employee who was corrected already has an entry.
    """
    kept = and_(RosterEntry.event_id == event_id, RosterEntry.employee_id == Employee.id)
    columns = {column.key: column for column in RosterEntry.__table__.columns} | {
        "event_id": literal(event_id),
        "employee_id": Employee.id,
        "watched_minutes": func.coalesce(RosterEntry.watched_minutes, 0),
        **{name: getattr(Employee, name) for name in IDENTITY},
    }
    rows = (
        select(*(column.label(name) for name, column in columns.items()))
        .select_from(outerjoin(Employee, RosterEntry, kept))
        .where(Employee.active | RosterEntry.event_id.is_not(None))
    )
    return aliased(RosterEntry, rows.subquery(), adapt_on_names=True)
