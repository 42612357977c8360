"""Erase a person: a pseudonym takes the place of the employee, and every figure stays.

docs/decisions/0014-erasing-a-person.md says what stays, and why.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, delete, select, update

from webapp.domain.attendance import checkin, minutes
from webapp.domain.audit import trail
from webapp.domain.chat import messages, mutes
from webapp.domain.employees import rosters
from webapp.domain.employees.directory import cache_key
from webapp.domain.employees.holding import Person
from webapp.domain.models import Employee, Event, Message, Question, RosterEntry
from webapp.domain.people.aliases import find_aliases
from webapp.domain.people.holdings import HOLDINGS, on_rosters, pseudonym_of
from webapp.domain.people.mentions import (
    erase_from_log,
    replace_in_texts,
    replacer,
    subjects_of,
)
from webapp.domain.polls import store as polls
from webapp.domain.questions import board, own
from webapp.domain.questions.asking import publish_questions
from webapp.domain.questions.authors import asked_by
from webapp.errors import Invalid, NotFound
from webapp.infra import cache
from webapp.infra.clock import utcnow
from webapp.infra.database import allow_long_statements, begin_to_write, retry_on_outage
from webapp.infra.extensions import db
from webapp.infra.publisher import close_sockets, publish
from webapp.infra.text import one_line


@dataclass(frozen=True)
class Erased:
    """What remains of a person: the pseudonym, and the ids of the events on whose rosters it is."""

    label: str
    event_ids: list[int]


def person_of(employee: Employee) -> Person:
    """Return the employee as `Holding` needs them."""
    names = ("id", "email", "employee_number", "first_name", "last_name")
    event_ids = tuple(db.session.scalars(select(Event.id).order_by(Event.id)))
    values = {name: getattr(employee, name) for name in names}
    return Person(**values, event_ids=event_ids)


def require_confirmed(employee: Employee, typed: str) -> None:
    """Raise `Invalid` unless `typed` is the name, or the number of an employee without one."""
    wanted = employee.name or employee.employee_number
    if one_line(typed).casefold() != one_line(wanted).casefold():
        raise Invalid(
            "Type “%(name)s” to confirm that this person is meant.", name=wanted, form_field="name"
        )


def erase(employee_id: int) -> Erased:
    """Replace a person by a pseudonym in every table; sending it twice changes nothing more.

    Sessions end and sockets close. The audit log says that a person was erased, without the name.
    Raises `NotFound`.
    """
    done = _erase(employee_id)
    _forget(employee_id, done.event_ids)
    close_sockets(employee_id)
    for event_id in done.event_ids:
        _arrange(event_id)
    _publish_messages(employee_id)
    _publish_questions(employee_id)
    return done


@retry_on_outage
def _erase(employee_id: int) -> Erased:
    begin_to_write()
    allow_long_statements()
    query = select(Employee).where(Employee.id == employee_id).with_for_update()
    employee = db.session.scalar(query)
    if employee is None:
        raise NotFound("There is no such employee.")
    if employee.erased_at is None:
        _replace(employee)
    entries = select(RosterEntry.event_id).where(on_rosters(RosterEntry)(person_of(employee)))
    done = Erased(employee.label, list(db.session.scalars(entries)))
    db.session.commit()
    return done


def _replace(employee: Employee) -> None:
    person, pseudonym = person_of(employee), pseudonym_of(employee.id)
    aliases, subjects = find_aliases(person), subjects_of(person.id)
    name = pseudonym["last_name"]
    replace = replacer(aliases, name)
    _erase_rows(person)
    replace_in_texts(aliases, replace)
    erase_from_log(aliases, subjects, name, replace)
    renamed = update(RosterEntry).where(on_rosters(RosterEntry)(person))
    db.session.execute(renamed.values(pseudonym | {"place": rosters.UNPLACED}))
    leaving = {"erased_at": utcnow(), "session_version": Employee.session_version + 1}
    change = update(Employee).where(Employee.id == person.id)
    db.session.execute(change.values(pseudonym | leaving))
    trail.record("employee_erased", subject=name)
    db.session.refresh(employee)


def _erase_rows(person: Person) -> None:
    theirs = update(Question).where(Question.id.in_(asked_by(person.id)))
    # A question that waits for approval has nothing left to approve.
    state = case((Question.state == "waiting", "rejected"), else_=Question.state)
    db.session.execute(theirs.values(revision=Question.revision + 1, state=state))
    # Removed and restored, as nodes see it: they then read the text anew.
    raised = update(Message).where(Message.employee_id == person.id)
    db.session.execute(raised.values(revision=Message.revision + 2))
    for holding in HOLDINGS:
        rows = holding.of(person)
        if holding.deleted:
            db.session.execute(delete(holding.model).where(rows))
        elif holding.erased:
            db.session.execute(update(holding.model).where(rows).values(**holding.erased))


def _forget(employee_id: int, event_ids: list[int]) -> None:
    """Drop all that is cached on the person, on the line after the commit."""
    here: Any = (checkin.cache_key, minutes.cache_key, own.own_key, polls.answer_key)
    of_event: Any = (mutes.cache_key, messages.latest_key, board.cache_key)
    cache.forget(
        cache_key(employee_id),
        *(key(event_id, employee_id) for event_id in event_ids for key in here),
        *(key(event_id) for event_id in event_ids for key in of_event),
    )


@retry_on_outage
def _arrange(event_id: int) -> None:
    """Put the pseudonym in its place: the old one tells where in the alphabet the name stood."""
    begin_to_write()
    allow_long_statements()
    rosters.arrange(event_id)
    db.session.commit()


def _publish_messages(employee_id: int) -> None:
    """Take the texts off the pages of open events; nodes find further messages by their sweep."""
    query = (
        select(Event.id, Event.slug, Message.id, Message.revision)
        .join(Message, Message.event_id == Event.id)
        .where(Event.state == "open", Message.employee_id == employee_id)
        .where(Message.removed_at.is_(None))
        .order_by(Message.id.desc())
        .limit(messages.PAGE)
    )
    for event_id, slug, message_id, revision in db.session.execute(query).all():
        publish(slug, "message_removed", {"id": message_id, "revision": revision - 1})
        for message in messages.read(event_id, [message_id]):
            publish(slug, "message_restored", {"message": message, "revision": revision})


def _publish_questions(employee_id: int) -> None:
    """Show the questions without their text on the pages of open events."""
    query = (
        select(Event.id, Event.slug, Question.id)
        .join(Question, Question.event_id == Event.id)
        .where(Event.state == "open", Question.id.in_(asked_by(employee_id)))
    )
    found: dict[tuple[int, str], list[int]] = {}
    for event_id, slug, question_id in db.session.execute(query):
        found.setdefault((event_id, slug), []).append(question_id)
    for (event_id, slug), ids in found.items():
        publish_questions(event_id, slug, ids)
