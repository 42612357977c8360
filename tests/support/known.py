"""A person of whom every table knows something, and figures to compare before and after."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from tests.support.data import ADMIN, add_admin, add_employee, add_event
from tests.support.polls import add_poll, operator
from webapp.domain.admins.accounts import sign_in
from webapp.domain.attendance.checkin import Viewer, check_in_known
from webapp.domain.attendance.minutes import record_minute
from webapp.domain.audit import trail
from webapp.domain.chat import announcements, moderation, mutes, posts
from webapp.domain.chat.posting import post
from webapp.domain.employees import editing, uploads
from webapp.domain.employees.directory import FIELDS, get_employee
from webapp.domain.events.store import change_columns, get_event
from webapp.domain.models import Message
from webapp.domain.polls.answering import answer
from webapp.domain.polls.answers import Answer
from webapp.domain.polls.board import read_board
from webapp.domain.questions import drafts, voting
from webapp.domain.questions import moderation as desk
from webapp.domain.questions.asking import ask
from webapp.domain.roster import corrections
from webapp.domain.roster.roster import Filters, read_roster
from webapp.domain.roster.statistics import read_figures
from webapp.domain.running.states import change_state
from webapp.infra.clock import minute_of, utcnow
from webapp.infra.extensions import db
from webapp.infra.rate_limit import Client
from webapp.infra.table_copies import read_rows

NUMBER = "Q-1815"
EMAIL = "zoe.quux@example.com"
# Each is in some row of some table before the person is erased.
TRACES = (
    "Quux",
    "Quill",
    "Q-1815",
    "Q-1814",
    "zoe.quux",
    "zoe.quill",
    "my message",
    "my held text",
    "my named question",
    "my secret question",
    "my waiting question",
    "my corrected question",
    "was ill",
)


def add_known_person() -> int:
    """Add a person with something in every table, at an open event; return their id."""
    add_admin()
    begin = utcnow() - timedelta(minutes=30)
    add_event(starts_at=begin, ends_at=begin + timedelta(hours=1), anonymous_questions=True)
    add_event("later", "scheduled", starts_at=begin + timedelta(days=1))
    employee = add_employee(
        "Q-1814", email="zoe.quill@example.com", first_name="Zoë", last_name="Quill"
    )
    with trail.acting_as(sign_in(*ADMIN, Client("192.0.2.1")).id):
        _rename(employee.id)
        viewer, other = _check_in(employee.id), _check_in(add_employee("1002").id)
        _write(viewer, other)
        _moderate(viewer)
    return employee.id


def _rename(employee_id: int) -> None:
    employee = editing.get_employee(employee_id)
    values = {name: getattr(employee, name) for name in FIELDS}
    new = {"email": EMAIL, "employee_number": NUMBER, "last_name": "Quux"}
    editing.change_employee(employee_id, values | new)


def _check_in(employee_id: int) -> Viewer:
    event, employee = get_event("town-hall"), get_employee(employee_id)
    assert employee is not None
    viewer = check_in_known(event, employee)
    for minute in range(3):
        record_minute(event.id, [employee_id], minute_of(event.starts_at) + minute)
    return viewer


def _write(viewer: Viewer, other: Viewer) -> None:
    event = get_event("town-hall")
    post(posts.Draft(event.slug, viewer, "my message", "one"))
    post(posts.Draft(event.slug, other, "I agree with @Zoë Quux!", "two"))
    named = ask(drafts.Draft(event.slug, viewer, "my named question", "three")).id
    secret = ask(drafts.Draft(event.slug, viewer, "my secret question", "four", anonymous=True)).id
    assert named
    assert secret
    desk.edit(event, named, "my corrected question")
    desk.answer(event, secret, "Ask Zoë Quux")
    for voter in (viewer, other):
        voting.vote(voting.Vote(event.slug, voter, named, True))
    poll_id, options = add_poll()
    answer(Answer(event.slug, viewer, poll_id, [options[1]]))


def _moderate(viewer: Viewer) -> None:
    employee_id = viewer.employee.id
    change_columns(get_event("town-hall"), "chat_settings_changed", hold_messages=True)
    change_columns(get_event("town-hall"), "questions_settings_changed", hold_questions=True)
    event = get_event("town-hall")
    post(posts.Draft(event.slug, viewer, "my held text", "five"))
    ask(drafts.Draft(event.slug, viewer, "my waiting question", "six"))
    message_id = db.session.scalars(select(Message.id)).first()
    assert message_id
    moderation.remove_messages(event, [message_id])
    moderation.restore_messages(event, [message_id])
    mutes.mute(event, employee_id, None)
    announcements.pin(event, "Welcome, zoë quux")
    corrections.correct(event, employee_id, "attended", "was ill, says Zoë Quux")
    uploads.store("list.csv", f"{EMAIL},{NUMBER}".encode())
    trail.record_now("roster_exported", event_id=event.id, q=EMAIL)


def close_town_hall() -> None:
    """Close the event, after which its roster does not follow employees any more."""
    with operator():
        change_state(get_event("town-hall"), "closed")


def all_texts() -> Iterator[tuple[str, str]]:
    """Yield each text of each row of each table, with the name of the table."""
    db.session.rollback()
    with db.engine.connect() as connection:
        for table, row in read_rows(connection):
            for value in row.values():
                yield table.name, str(value)


def figures() -> dict[str, Any]:
    """Return every figure of the event that pages show."""
    event = get_event("town-hall")
    read = read_figures(event, utcnow())
    roster = read_roster(event, Filters(by="department"))
    statuses = {row.status for row in roster.rows}
    return {
        "charts": (read.watching.most, read.arrivals.most, read.participation, read.departments),
        "counts": roster.counts,
        "statuses": statuses,
        "minutes": sorted(row.watched_minutes for row in roster.rows),
        "polls": [(poll.options, poll.answers) for poll in read_board(event.id)],
    }
