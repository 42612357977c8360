"""Add rows for tests, with sensible values for everything a test does not care about."""

import secrets
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from webapp.domain.admins.accounts import create_admin
from webapp.domain.employees import rosters
from webapp.domain.models import Employee, Event, Question, QuestionAuthor, RosterEntry
from webapp.infra.clock import utcnow
from webapp.infra.extensions import db

# The fields of a message that viewers receive.
MESSAGE_FIELDS = {"id", "author_id", "author", "department", "body", "posted_at"}
ADMIN = ("admin@example.com", "correct horse battery")


def add_employee(number: str = "1001", **values: Any) -> Employee:
    """Add an active employee; the number makes the e-mail unique."""
    defaults = {
        "email": f"person{number.lower()}@example.com",
        "first_name": "Ada",
        "last_name": f"Lovelace {number}",
        "department": "Research",
        "location": "London",
    }
    employee = Employee(employee_number=number, **(defaults | values))
    db.session.add(employee)
    db.session.flush()
    rosters.follow([employee.id])
    rosters.arrange()
    db.session.commit()
    return employee


def add_event(slug: str = "town-hall", state: str = "open", **values: Any) -> Event:
    """Add an event of an hour that began ten minutes ago, with its roster when it is open."""
    begin = utcnow() - timedelta(minutes=10)
    defaults = {
        "title": "Town hall",
        "starts_at": begin,
        "ends_at": begin + timedelta(hours=1),
        "timezone": "Europe/Berlin",
        "stream_url": "/demo/live.m3u8",
    }
    event = Event(slug=slug, state=state, **(defaults | values))
    db.session.add(event)
    db.session.flush()
    if state == "open":
        rosters.fill(event.id)
    db.session.commit()
    return event


def add_question(event_id: int, employee_id: int, **values: Any) -> Question:
    """Add an open question that an employee has asked with their name."""
    defaults = {"author_id": employee_id, "body": "Why?", "asked_at": utcnow(), "state": "open"}
    row = defaults | values
    author = QuestionAuthor(
        id=row.get("id"),
        event_id=event_id,
        employee_id=employee_id,
        nonce=secrets.token_hex(8),
        asked_at=row["asked_at"],
    )
    db.session.add(author)
    db.session.flush()
    question = Question(event_id=event_id, **(row | {"id": author.id}))
    db.session.add(question)
    db.session.commit()
    return question


def add_admin(email: str = ADMIN[0], role: str = "owner", name: str = "Grace Hopper") -> None:
    """Add an admin, by default `ADMIN`, with the password of `ADMIN`."""
    create_admin(email, ADMIN[1], name, role)


def count_check_ins() -> int:
    """Return the number of check-ins to all events."""
    checked_in = RosterEntry.checked_in_at.is_not(None)
    query = select(func.count()).select_from(RosterEntry).where(checked_in)
    return db.session.scalar(query) or 0
