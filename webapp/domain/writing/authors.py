"""The authors of one batch: whether they may write now, locked while their texts are stored."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, cast

from sqlalchemy import BindParameter, Table, bindparam, func, or_, select

from webapp.domain.models import Employee, Mute, RosterEntry
from webapp.errors import Muted, NotCheckedIn, RowLocked, TownhallError
from webapp.infra.extensions import db

# Built once, and from tables: building a statement costs more than executing it, and an ORM
# statement half as much again. Each batch executes these.
entries, employees, mutes = (
    cast(Table, model.__table__).c for model in (RosterEntry, Employee, Mute)
)
AUTHORS: BindParameter[list[int]] = bindparam("authors", expanding=True)
ATTENDING = (
    select(
        employees.id,
        func.trim(employees.first_name + " " + employees.last_name).label("name"),
        employees.department,
        employees.epoch,
    )
    .join_from(RosterEntry.__table__, Employee.__table__, entries.employee_id == employees.id)
    .where(entries.event_id == bindparam("event_id"), entries.employee_id.in_(AUTHORS))
    .where(entries.checked_in_at.is_not(None))
    .where(employees.active)
)
VERSIONS = ATTENDING.with_only_columns(employees.id, employees.epoch, maintain_column_froms=True)
# An import holds the rows of the employees it changes. A batch that waited for one of them would
# make every other author in it wait as well, so it leaves locked authors out.
LOCKED_ATTENDING = ATTENDING.with_for_update(skip_locked=True)
MUTED = select(mutes.employee_id, mutes.event_id, mutes.until).where(
    mutes.employee_id.in_(AUTHORS), or_(mutes.until.is_(None), mutes.until > bindparam("now"))
)


class Text(Protocol):
    """A checked text of an author."""

    @property
    def event_id(self) -> int:
        """Return the event's id."""
        ...

    @property
    def employee_id(self) -> int:
        """Return the author's id."""
        ...

    @property
    def session_version(self) -> int:
        """Return the session version in the author's cookie."""
        ...


@dataclass(frozen=True)
class Author:
    """An active employee who checked in, as the database has them now."""

    id: int
    name: str
    department: str
    session_version: int


class Authors:
    """The authors of some texts at `now`, locked until the transaction ends.

    One transaction at a time adds to an employee's texts. Without the lock two nodes would both
    count the texts before theirs, and let twice as many through.
    """

    def __init__(self, texts: Sequence[Text], now: datetime) -> None:
        self._now = now
        self._found: dict[tuple[int, int], Author] = {}
        self._locked: set[tuple[int, int]] = set()
        self._lock(texts)
        self.ids = list({text.employee_id for text in texts})
        self._mutes = _read_mutes(self.ids, now)

    def find_refusal(self, text: Text) -> TownhallError | None:
        """Return why the author of `text` may not write now, or None."""
        place = (text.event_id, text.employee_id)
        if place in self._locked:
            return RowLocked()
        author = self._found.get(place)
        if not author or author.session_version != text.session_version:
            return NotCheckedIn()
        if place in self._mutes:
            until = self._mutes[place]
            return Muted(retry_after=seconds_of(until - self._now) if until else None)
        return None

    def get(self, text: Text) -> Author:
        """Return the author of a text that was not refused."""
        return self._found[text.event_id, text.employee_id]

    def _lock(self, texts: Iterable[Text]) -> None:
        wanted: dict[int, set[int]] = {}
        for text in texts:
            wanted.setdefault(text.event_id, set()).add(text.employee_id)
        for event_id, ids in wanted.items():
            found = _rows(LOCKED_ATTENDING, event_id=event_id, authors=list(ids))
            self._found |= {(event_id, row.id): Author(*row) for row in found}
            if missing := ids - {row.id for row in found}:
                others = _rows(ATTENDING, event_id=event_id, authors=list(missing))
                self._locked |= {(event_id, row.id) for row in others}


def read_versions(event_id: int, employee_ids: Iterable[int]) -> dict[int, int]:
    """Return the session version of each of these employees who is active and checked in."""
    rows = _rows(VERSIONS, event_id=event_id, authors=list(employee_ids))
    return {row.id: row.epoch for row in rows}


def seconds_of(span: timedelta) -> int:
    """Return whole seconds to wait, at least one."""
    return max(1, math.ceil(span.total_seconds()))


def _read_mutes(authors: list[int], now: datetime) -> dict[tuple[int, int], datetime | None]:
    """Return the end of each mute that applies now, by event and employee id."""
    rows = _rows(MUTED, authors=authors, now=now)
    return {(event_id, employee_id): until for employee_id, event_id, until in rows}


def _rows(query: Any, **values: Any) -> list[Any]:
    return list(db.session.execute(query, values))
