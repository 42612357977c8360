"""One person as admins see them: events with attendance, corrections and mutes."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from webapp.domain.events.store import EventInfo, read_events
from webapp.domain.models import (
    Admin,
    Correction,
    Employee,
    Event,
    Message,
    Mute,
    Question,
    RosterEntry,
)
from webapp.domain.roster.roster import RosterRow, find_rows
from webapp.infra.extensions import db

MOST_EVENTS = 50


@dataclass(frozen=True)
class Attended:
    """A person's row on the roster of one event, with the number of texts under their name."""

    event: EventInfo
    row: RosterRow
    messages: int
    questions: int


@dataclass(frozen=True)
class Profile:
    """What the page of a person shows; `events` is the number of rosters that they are on.

    `attended` has the latest of these. Rows of `corrections` and `mutes` name their event (`slug`,
    `title`) and the admin (`by`).
    """

    employee: Employee
    events: int
    attended: list[Attended]
    corrections: Sequence[Any]
    mutes: Sequence[Any]


def read_profile(employee: Employee) -> Profile:
    """Return the profile, in a few statements whatever the number of events.

    Anonymous questions are not counted.
    """
    ids = _event_ids(employee.id)
    events = read_events(ids[:MOST_EVENTS])
    rows = find_rows(events, employee.id)
    messages = _count(Message.event_id, Message.employee_id == employee.id)
    questions = _count(Question.event_id, Question.author_id == employee.id)
    attended = [
        Attended(event, rows[event.id], messages[event.id], questions[event.id])
        for event in events
        if event.id in rows
    ]
    return Profile(
        employee, len(ids), attended, _read_corrections(employee.id), _read_mutes(employee.id)
    )


def _event_ids(employee_id: int) -> list[int]:
    """Return the events on whose rosters the employee is, the latest first."""
    # Each roster is asked by its key: for the employee alone, the database would read them all.
    query = (
        select(Event.id)
        .join(RosterEntry, RosterEntry.event_id == Event.id)
        .where(RosterEntry.employee_id == employee_id)
        .order_by(Event.starts_at.desc(), Event.id)
    )
    return list(db.session.scalars(query))


def _count(event_id: Any, *where: Any) -> Counter[int]:
    query = select(event_id, func.count()).where(*where).group_by(event_id)
    return Counter(dict(map(tuple, db.session.execute(query))))


def _read_corrections(employee_id: int) -> Sequence[Any]:
    columns = (Correction.status, Correction.status_before, Correction.note)
    query = (
        select(Event.slug, Event.title, *columns, Correction.corrected_at, Admin.name.label("by"))
        .join(Correction, Correction.event_id == Event.id)
        .join(Admin, Admin.id == Correction.corrected_by)
        .where(Correction.employee_id == employee_id)
        .order_by(Correction.id.desc())
    )
    return db.session.execute(query).all()


def _read_mutes(employee_id: int) -> Sequence[Any]:
    query = (
        select(Event.slug, Event.title, Mute.muted_at, Mute.until, Admin.name.label("by"))
        .join(Mute, Mute.event_id == Event.id)
        .join(Admin, Admin.id == Mute.muted_by)
        .where(Mute.employee_id == employee_id)
        .order_by(Mute.muted_at.desc())
    )
    return db.session.execute(query).all()
