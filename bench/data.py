"""Write the rows of a benchmark straight into the database of a stack."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

from flask import Flask
from sqlalchemy import func, insert, select, update

from webapp.base import create_base
from webapp.domain.attendance.checkin import Viewer, find_viewer
from webapp.domain.employees import rosters
from webapp.domain.employees.directory import get_employee
from webapp.domain.events.store import get_event
from webapp.domain.models import Employee, Event, RosterEntry
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


def count_attendance(slug: str) -> int:
    """Return the number of employees who have checked in to that event."""
    query = select(func.count()).select_from(RosterEntry).join(Event).where(Event.slug == slug)
    query = query.where(RosterEntry.checked_in_at.is_not(None))
    return db.session.scalar(query) or 0
