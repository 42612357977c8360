"""Write the rows of a benchmark straight into the database of a stack."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import func, insert, select, update

from webapp.base import create_base
from webapp.domain.attendance.checkin import Viewer, find_viewer
from webapp.domain.employees import rosters
from webapp.domain.employees.directory import get_employee
from webapp.domain.events.store import get_event
from webapp.domain.models import (
    Employee,
    Event,
    Poll,
    PollAnswer,
    PollOption,
    Question,
    QuestionAuthor,
    QuestionVote,
    ReactionMinute,
    RosterEntry,
)
from webapp.infra.clock import utcnow
from webapp.infra.extensions import db
from webapp.infra.settings import load_settings

Person = tuple[str, str]  # e-mail, employee number


@contextmanager
def opened(settings: Mapping[str, str]) -> Iterator[Flask]:
    """Yield an application with a context on the database of `settings`."""
    app = create_base("bench", load_settings(settings))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def add_employees(count: int) -> list[Person]:
    """Add employees; return the e-mail and number that each of them types."""
    people = [(f"person{n}@example.com", f"E{n:06}") for n in range(1, count + 1)]
    rows = [
        {
            "email": email,
            "employee_number": number,
            "first_name": "Person",
            "last_name": number,
            "department": f"Department {n % 40}",
            "location": f"Location {n % 12}",
        }
        for n, (email, number) in enumerate(people)
    ]
    db.session.execute(insert(Employee), rows)
    db.session.commit()
    return people


def add_event(slug: str) -> None:
    """Add an open event that began ten minutes ago."""
    begin = utcnow() - timedelta(minutes=10)
    values = {"slug": slug, "title": "Town hall", "state": "open", "timezone": "Europe/Berlin"}
    moments = {"starts_at": begin, "ends_at": begin + timedelta(hours=2)}
    db.session.execute(insert(Event), values | moments | {"stream_url": "/demo/live.m3u8"})
    rosters.fill(get_event(slug).id)
    db.session.commit()


def check_in_all(slug: str, count: int) -> list[Viewer]:
    """Check the first `count` employees in to that event, and warm the cache."""
    event = get_event(slug)
    ids = db.session.scalars(select(Employee.id).order_by(Employee.id).limit(count)).all()
    theirs = (RosterEntry.event_id == event.id, RosterEntry.employee_id.in_(ids))
    db.session.execute(update(RosterEntry).where(*theirs).values(checked_in_at=utcnow()))
    db.session.commit()
    employees = filter(None, map(get_employee, ids))
    return list(filter(None, (find_viewer(event, employee) for employee in employees)))


def add_question(slug: str) -> int:
    """Add an open question of the first employee; return its id."""
    event, asked_at = get_event(slug), utcnow()
    employee_id = db.session.scalars(select(func.min(Employee.id))).one()
    author = QuestionAuthor(
        event_id=event.id, employee_id=employee_id, nonce=f"{slug}-question", asked_at=asked_at
    )
    db.session.add(author)
    db.session.flush()
    values = {"event_id": event.id, "asked_at": asked_at, "author_id": employee_id}
    db.session.add(Question(id=author.id, body="What comes next?", state="open", **values))
    question_id = author.id
    db.session.commit()
    return question_id


def add_poll(slug: str) -> tuple[int, list[int]]:
    """Add an open poll with live results; return its id and those of its options."""
    event = get_event(slug)
    values = {"state": "open", "open_in": event.id, "revision": 1, "opened_at": utcnow()}
    poll = Poll(event_id=event.id, question="What shall we do first?", **values)
    db.session.add(poll)
    db.session.flush()
    texts = enumerate(("Hire", "Travel less", "Tidy up", "Something else"))
    options = [PollOption(poll_id=poll.id, position=place, text=text) for place, text in texts]
    db.session.add_all(options)
    db.session.flush()
    ids = poll.id, [option.id for option in options]
    db.session.commit()
    return ids


def count_clicks(question_id: int, poll_id: int) -> dict[str, int]:
    """Return the stored reactions, and votes and answers by the counters and by their rows."""
    counts: dict[str, Any] = {
        "reactions": select(func.sum(ReactionMinute.amount)),
        "votes": select(Question.votes).where(Question.id == question_id),
        "votes_by_rows": select(func.count()).select_from(QuestionVote),
        "answers": select(func.sum(PollOption.votes)).where(PollOption.poll_id == poll_id),
        "answers_by_rows": select(func.count()).select_from(PollAnswer),
    }
    return {name: int(db.session.scalar(query) or 0) for name, query in counts.items()}


def count_attendance(slug: str) -> int:
    """Return the number of employees who have checked in to that event."""
    query = select(func.count()).select_from(RosterEntry).join(Event).where(Event.slug == slug)
    query = query.where(RosterEntry.checked_in_at.is_not(None))
    return db.session.scalar(query) or 0
