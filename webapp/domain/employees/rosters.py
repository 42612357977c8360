"""Keep the rosters of events in step with the employee list.

A roster has a row for each employee of an event (`RosterEntry`). The rows are made when the event
opens. Whatever changes employees calls `follow` in the same transaction, which brings the rosters
of all events that are not closed up to date, and then `arrange`. A closed roster never changes.

An event that opens again keeps the rows it has, under the names of that time, gets rows for the
employees who have joined since, and follows later changes as before.
"""

from collections.abc import Iterable, Sequence
from typing import Any, cast

from sqlalchemy import (
    Table,
    and_,
    bindparam,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.orm import join

from webapp.domain.models import Correction, Employee, Event, RosterEntry
from webapp.infra.extensions import db

NAMES = ("last_name", "first_name", "employee_number")
IDENTITY = (*NAMES, "email", "department", "location")
EMPLOYEES_PER_STATEMENT = 1000
# Places are numbered in steps, so that a newcomer gets one without moving 50,000 other entries,
# which locks them for half a second. For more newcomers than this, numbering anew is quicker.
STEP = 1024
UNPLACED = 0
MAX_SINGLE_PLACES = 1000


def fill(event_id: int) -> None:
    """Add each active employee who is not on the roster of the event yet."""
    known = select(RosterEntry.event_id).where(RosterEntry.event_id == event_id).limit(1)
    is_empty = db.session.scalar(known) is None
    rank = func.row_number().over(order_by=[getattr(Employee, name) for name in NAMES])
    _add([event_id], rank * STEP if is_empty else literal(UNPLACED))
    arrange(event_id)


def follow(employee_ids: Iterable[int]) -> None:
    """Bring the rosters that are not closed up to date for these employees.

    Call it after the employees were added or changed, in the same transaction. An employee who is
    no longer active leaves the roster, unless they checked in or were corrected. Newcomers and
    employees whose name changes have no place until `arrange` is called.
    """
    open_ids, planned_ids = _hold_events()
    event_ids = [*open_ids, *planned_ids]
    ids = sorted(set(employee_ids)) if event_ids else []
    for begin in range(0, len(ids), EMPLOYEES_PER_STATEMENT):
        some = ids[begin : begin + EMPLOYEES_PER_STATEMENT]
        _remove_inactive(event_ids, some)
        _rename(event_ids, some)
        _add(open_ids, literal(UNPLACED), Employee.id.in_(some))


def arrange(*event_ids: int) -> None:
    """Give each entry without a place one by its names: in all open events, or in these.

    Call it after `follow`. An import calls it once, after its last portion; until then newcomers
    stand first.
    """
    if not event_ids:
        event_ids = tuple(db.session.scalars(select(Event.id).where(Event.state == "open")))
    query = select(RosterEntry.event_id, func.count()).where(
        RosterEntry.event_id.in_(event_ids), RosterEntry.place == UNPLACED
    )
    for event_id, people in db.session.execute(query.group_by(RosterEntry.event_id)).all():
        places = _free_places(event_id) if people <= MAX_SINGLE_PLACES else None
        if places is None:
            _number(event_id)
        elif places:  # Whoever opened the event may have placed them since they were counted.
            _put(event_id, places)


def add_planned(event_id: int, employee_ids: Sequence[int]) -> None:
    """Add active employees to the roster of an event that has not opened yet."""
    _add([event_id], literal(UNPLACED), Employee.id.in_(employee_ids))


def _hold_events() -> tuple[list[int], list[int]]:
    """Return the ids of open and of scheduled events; none of them changes its state meanwhile.

    An event that is being opened is waited for. One that opens later sees the new employee list.
    """
    query = select(Event.id, Event.state).order_by(Event.id).with_for_update(read=True)
    # Through the index of the states, MySQL would miss an event that moves from one range of it to
    # another while this waits.
    events = db.session.execute(query.with_hint(Event, "FORCE INDEX (PRIMARY)", "mysql")).all()
    open_ids, planned_ids = (
        [event.id for event in events if event.state == state] for state in ("open", "scheduled")
    )
    return open_ids, planned_ids


def _remove_inactive(event_ids: Sequence[int], employee_ids: Sequence[int]) -> None:
    query = select(Employee.id).where(Employee.id.in_(employee_ids), ~Employee.active)
    # Read first: given the query, MySQL would read the whole roster.
    inactive = db.session.scalars(query).all()
    # Also a correction that was taken back keeps its entry: the history stays readable.
    corrected = select(Correction.id).where(
        Correction.event_id == RosterEntry.event_id,
        Correction.employee_id == RosterEntry.employee_id,
    )
    db.session.execute(
        delete(RosterEntry).where(
            RosterEntry.event_id.in_(event_ids),
            RosterEntry.employee_id.in_(inactive),
            RosterEntry.checked_in_at.is_(None),
            ~corrected.exists(),
        ),
        execution_options={"synchronize_session": False},
    )


def _rename(event_ids: Sequence[int], employee_ids: Sequence[int]) -> None:
    theirs = and_(
        RosterEntry.event_id.in_(event_ids),
        # A range of the primary key; for the list alone, MySQL would read the whole roster.
        RosterEntry.employee_id.between(employee_ids[0], employee_ids[-1]),
        RosterEntry.employee_id.in_(employee_ids),
        RosterEntry.employee_id == Employee.id,
    )
    moved = or_(*(getattr(RosterEntry, name) != getattr(Employee, name) for name in NAMES))
    identity = {name: getattr(Employee, name) for name in IDENTITY}
    for change in (
        update(RosterEntry).where(theirs, moved).values(place=UNPLACED),
        update(RosterEntry).where(theirs).values(**identity),
    ):
        db.session.execute(change, execution_options={"synchronize_session": False})


def _add(event_ids: Sequence[int], place: Any, *where: Any) -> None:
    on_roster = select(RosterEntry.event_id).where(
        RosterEntry.event_id == Event.id, RosterEntry.employee_id == Employee.id
    )
    rows = (
        select(Event.id, Employee.id, *(getattr(Employee, name) for name in IDENTITY))
        .add_columns(place, literal(0))
        .select_from(join(Event, Employee, true()))
        .where(Event.id.in_(event_ids), Employee.active, ~on_roster.exists(), *where)
    )
    rows = rows.order_by(Event.id, Employee.id)
    names = ["event_id", "employee_id", *IDENTITY, "place", "watched_minutes"]
    db.session.execute(insert(RosterEntry).from_select(names, rows))


def _put(event_id: int, places: list[dict[str, int]]) -> None:
    here = (RosterEntry.event_id == event_id, RosterEntry.employee_id == bindparam("employee"))
    change = update(cast(Table, RosterEntry.__table__)).where(*here).values(place=bindparam("to"))
    db.session.execute(change, places)


def _free_places(event_id: int) -> list[dict[str, int]] | None:
    """Return a place for each entry without one, or None where there is no room."""
    names = [getattr(RosterEntry, name) for name in NAMES]
    query = select(RosterEntry.employee_id, RosterEntry.place)
    entries = db.session.execute(query.where(RosterEntry.event_id == event_id).order_by(*names))
    found: list[dict[str, int]] = []
    before, waiting = UNPLACED, list[int]()
    for employee_id, place in [*entries, (0, None)]:
        if place == UNPLACED:
            waiting.append(employee_id)
            continue
        after = before + STEP * (len(waiting) + 1) if place is None else place
        gap = (after - before) // (len(waiting) + 1)
        if waiting and not gap:
            return None
        found += [
            {"employee": one, "to": before + gap * rank} for rank, one in enumerate(waiting, 1)
        ]
        before, waiting = after, []
    return found


def _number(event_id: int) -> None:
    """Number the places of a roster anew, in one statement."""
    names = [getattr(RosterEntry, name) for name in NAMES]
    rank = func.row_number().over(order_by=names).label("rank")
    query = select(RosterEntry.employee_id, rank).where(RosterEntry.event_id == event_id)
    ranked = query.subquery()
    place = ranked.c.rank * STEP
    db.session.execute(
        update(RosterEntry)
        .where(RosterEntry.event_id == event_id)
        .where(RosterEntry.employee_id == ranked.c.employee_id, RosterEntry.place != place)
        .values(place=place),
        execution_options={"synchronize_session": False},
    )
