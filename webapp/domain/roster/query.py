"""The SQL of a roster: one shape of row, whether its figures are live or frozen."""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, select, union_all
from sqlalchemy.orm import outerjoin

from webapp.domain.attendance.statuses import counted_status, rank, rule_of
from webapp.domain.employees.search import found
from webapp.domain.events.store import EventInfo
from webapp.domain.models import Admin, Attendance, Closing, Correction, Employee, FrozenAttendance
from webapp.domain.roster.counts import SECTIONED
from webapp.domain.roster.filters import Filters
from webapp.domain.roster.page_window import Cut, Window
from webapp.domain.roster.segments import Part, frozen_parts, latest_correction, live_parts

IDENTITY = ("employee_number", "first_name", "last_name", "email", "department", "location")
FIGURES = ("checked_in_at", "first_minute", "last_minute")
# Who is equal in what is sorted by; the number, which is unique, ends it.
TIES = ("last_name", "first_name", "employee_number")
SORTED_BY_WHO = ("name", "number", "department", "location")

Statement = Select[*tuple[Any, ...]]


class RosterQuery:
    """Statements on the roster of one event. `closing` says that its figures are frozen."""

    def __init__(self, event: EventInfo, closing: Closing | None) -> None:
        self._parts = frozen_parts(event.id) if closing else live_parts(event)
        self._details = _frozen_details(event) if closing else _live_details(event)

    def rows(self, filters: Filters, window: Window | None = None) -> Statement:
        """The rows that match, or those of the window, in their order.

        First whose they are, then what is in them.
        """
        page = self._page(filters, window).subquery()
        rows = self._details.join(page, page.c.employee_id == self._parts.employee_id)
        return rows.order_by(*_order(page.c, filters.sort))

    def row(self, employee_id: int) -> Statement:
        """The row of one employee, if they are on the roster."""
        parts = self._parts
        known = select(parts.employee_id).where(parts.employee_id == employee_id, parts.on_roster)
        return self._details.where(parts.employee_id == known.scalar_subquery())

    def counts(self, q: str) -> Any:
        """By department, location, the status that they are moved from, theirs, and whether they
        are apart: how many there are, and how many `q` finds.

        Last come the ranks of the department and the location, in the database's order. To it
        “Sales” and “sales” may be the same; then their rank is.
        """
        parts = [(self._parts.all, False), *((part, True) for part in self._parts.apart)]
        groups = union_all(*(_groups(part, apart, q) for part, apart in parts)).subquery()
        ranks = (func.dense_rank().over(order_by=groups.c[facet]) for facet in SECTIONED)
        return select(groups, *ranks)

    def _page(self, filters: Filters, window: Window | None) -> Statement:
        if filters.status == "" and filters.sort.removeprefix("-") in SORTED_BY_WHO:
            everyone, where = self._parts.all, [self._parts.on_roster]
            if window and window.among:
                where.append(_sort_key(everyone, filters.sort).in_(window.among))
            here = window.cut() if window else None
            return self._keys(everyone, filters, here, *where)
        first = rest = page = None
        if window:
            # The rest differ in nothing but their names, and an index has these in order: it
            # passes over those who cannot be in the window, and nobody has to sort them.
            first = Cut(0, window.last)
            rest = Cut(window.skipped, window.last - window.skipped)
            page = Cut(window.offset - window.skipped, window.limit)
        cuts = [*((part, first) for part in self._parts.apart), (self._parts.rest, rest)]
        parts = (self._keys(part, filters, cut, *part.where).subquery() for part, cut in cuts)
        whole = union_all(*map(select, parts)).subquery()
        return _cut(select(whole), whole.c, filters.sort, page)

    def _keys(self, part: Part, filters: Filters, cut: Cut | None, *where: Any) -> Statement:
        """Who of a part matches, and what they are sorted by."""
        columns = {
            "place": _place(part, filters.sort),
            "sort_key": _sort_key(part, filters.sort),
            **{name: getattr(part.who, name) for name in TIES},
            "employee_id": self._parts.employee_id,
        }
        labels = {name: column.label(name) for name, column in columns.items()}
        query = select(*labels.values()).select_from(part.source)
        query = query.where(*where, *_conditions(part, filters))
        if filters.sort.removeprefix("-") != "number":
            query = _read_by(part.by_name, query, part)
        return _cut(query, labels, filters.sort, cut)


def _cut(query: Statement, columns: Any, sort: str, cut: Cut | None) -> Statement:
    if cut is None:
        return query
    order = _order(columns, sort, backwards=cut.backwards)
    return query.order_by(*order).limit(cut.limit).offset(cut.offset)


def _order(columns: Any, sort: str, *, backwards: bool = False) -> list[ColumnElement[Any]]:
    # An index serves only who asks for each column once, and for all in one direction: descending
    # by name is so by the whole name.
    by = sort.removeprefix("-")
    ties = {"name": TIES[1:], "number": ()}.get(by, TIES)
    down = {"sort_key", *(ties if by == "name" else ())} if sort != by else set()
    names = ("place", "sort_key", *ties)
    return [columns[n].desc() if (n in down) != backwards else columns[n] for n in names]


def _place(part: Part, sort: str) -> ColumnElement[int]:
    """Who has no such moment stands last, either way."""
    if sort.removeprefix("-") in ("checked_in", "until"):
        return case((_sort_key(part, sort).is_(None), 1), else_=0)
    return literal(0)


def _sort_key(part: Part, sort: str) -> Any:
    keys = {
        "name": part.who.last_name,
        "number": part.who.employee_number,
        "department": part.who.department,
        "location": part.who.location,
        "status": rank(part.shown),
        "checked_in": part.checked_in_at,
        "until": part.last_minute,
        "minutes": part.watched,
    }
    return keys[sort.removeprefix("-")]


def _conditions(part: Part, filters: Filters) -> list[ColumnElement[bool]]:
    conditions = [found(part.who, filters.q)] if filters.q else []
    if filters.department:
        conditions.append(part.who.department == filters.department)
    if filters.location:
        conditions.append(part.who.location == filters.location)
    if filters.status:
        conditions.append(part.shown == filters.status)
    return conditions


def _groups(part: Part, apart: bool, q: str) -> Statement:
    places = (part.who.department, part.who.location)
    groups = (*places, part.moved_from.label("moved_from"), part.shown.label("shown"))
    matching = func.count(case((found(part.who, q), 1))) if q else func.count()
    query = select(*groups, literal(apart), func.count(), matching).select_from(part.source)
    index = part.by_place if q else part.counted
    return _read_by(index, query.where(*part.where).group_by(*groups), part)


def _read_by(index: str, query: Statement, part: Part) -> Statement:
    return query.with_hint(part.who, f"FORCE INDEX ({index})", "mysql") if index else query


def _live_details(event: EventInfo) -> Statement:
    here = and_(Attendance.employee_id == Employee.id, Attendance.event_id == event.id)
    source = outerjoin(Employee, Attendance, here)
    counted = counted_status(rule_of(event, None))
    return _detailed(event, source, Employee, Attendance, Employee.id, counted)


def _frozen_details(event: EventInfo) -> Statement:
    row = FrozenAttendance
    query = _detailed(event, row, row, row, row.employee_id, row.status)
    return query.where(row.event_id == event.id)


def _detailed(
    event: EventInfo, source: Any, who: Any, figures: Any, employee_id: Any, counted: Any
) -> Statement:
    """`shown` is the status, `counted` the one without the correction."""
    corrected = outerjoin(source, Correction, latest_correction(event.id, employee_id))
    named = outerjoin(corrected, Admin, Admin.id == Correction.corrected_by)
    return select(
        employee_id.label("employee_id"),
        *(getattr(who, name) for name in IDENTITY),
        func.coalesce(Correction.status, counted).label("shown"),
        counted.label("counted"),
        func.coalesce(figures.watched_minutes, 0).label("watched_minutes"),
        *(getattr(figures, name) for name in FIGURES),
        Correction.status.label("corrected"),
        Correction.note,
        Correction.corrected_at,
        Admin.name.label("corrected_by"),
    ).select_from(named)
