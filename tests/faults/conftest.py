"""Provide a full system with three nodes to break, and an audience that writes meanwhile.

Seven live pages, two of them tabs of one person, write all the time. At the end a ledger shows
whether every acknowledged message is on every page exactly once and in order, and whether all
other messages were refused or sent later.
"""

import os
import signal
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import select

from stack import Stack
from stack.chaos.audience import Audience
from stack.chaos.ledger import Row, Verdict
from stack.chaos.poll_ledger import StoredPoll
from stack.chaos.question_ledger import StoredQuestions
from tests.support.meeting import Meeting, held_meeting
from tests.support.polls import add_poll
from webapp.domain.models import (
    Employee,
    Event,
    Message,
    Poll,
    PollAnswer,
    PollOption,
    Question,
    QuestionVote,
)
from webapp.infra.extensions import db
from webapp.infra.settings import load_settings


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Start a system for these tests alone."""
    with Stack(nodes=3, demo=False) as stack:
        yield stack


@pytest.fixture(autouse=True)
def mended(stack: Stack) -> Iterator[None]:
    """Restart whatever a test broke."""
    yield
    for server in stack.servers:
        if server.running:
            os.kill(server.pid, signal.SIGCONT)
        else:
            server.start()
    for server in stack.servers:
        server.wait_until_ready()


@pytest.fixture
def meeting(stack: Stack) -> Iterator[Meeting]:
    """Leave the stream out: it would keep a browser busy."""
    with held_meeting(load_settings(stack.settings), stack.url, stream_url="") as meeting:
        yield meeting


@pytest.fixture
def audience(stack: Stack, meeting: Meeting) -> Iterator[Audience]:
    with meeting.app.app_context():
        add_poll(slug=meeting.slug)
    with Audience(stack.url, meeting.slug, [meeting.employee() for _ in range(6)]) as audience:
        audience.wait_for_messages(3)
        yield audience


@pytest.fixture
def settled(meeting: Meeting, audience: Audience) -> Callable[[], Verdict]:
    """Return a check that nothing is lost, duplicate, miscounted, out of order or unanswered."""

    return lambda: settle(meeting, audience)


def settle(meeting: Meeting, audience: Audience) -> Verdict:
    """Check that nothing is lost, duplicate, miscounted, out of order or unanswered."""
    verdict = audience.settle(
        lambda: stored(meeting),
        lambda: stored_questions(meeting),
        lambda: stored_poll(meeting),
    )
    assert verdict.faultless, verdict
    return verdict


def stored(meeting: Meeting) -> list[Row]:
    """Return the messages of the meeting in the database, in order of id."""
    query = select(Message.id, Message.body).join(Event, Event.id == Message.event_id)
    with meeting.app.app_context():
        rows = db.session.execute(query.where(Event.slug == meeting.slug).order_by(Message.id))
        return [(id_, body) for id_, body in rows]


def stored_questions(meeting: Meeting) -> StoredQuestions:
    """Return the questions of the meeting in the database, and their votes by employee number."""
    asked = select(Question.id, Question.body, Question.votes).join(Event)
    votes = (
        select(Employee.employee_number, QuestionVote.question_id)
        .join(Employee, Employee.id == QuestionVote.employee_id)
        .join(Question, Question.id == QuestionVote.question_id)
        .join(Event, Event.id == Question.event_id)
    )
    with meeting.app.app_context():
        rows = db.session.execute(asked.where(Event.slug == meeting.slug)).all()
        found = db.session.execute(votes.where(Event.slug == meeting.slug)).all()
    return StoredQuestions(
        {id_: (body, count) for id_, body, count in rows},
        frozenset((number, id_) for number, id_ in found),
    )


def stored_poll(meeting: Meeting) -> StoredPoll:
    """Return the votes and answers of the meeting's poll, the choices by employee number."""
    here = select(Poll.id).join(Event).where(Event.slug == meeting.slug).scalar_subquery()
    options = select(PollOption.id, PollOption.votes).where(PollOption.poll_id == here)
    answers = select(Employee.employee_number, PollAnswer.choices).join(
        Employee, Employee.id == PollAnswer.employee_id
    )
    with meeting.app.app_context():
        counted = db.session.execute(options.order_by(PollOption.position))
        votes = {option: count for option, count in counted}  # noqa: C416 - mypy takes a row for no pair
        rows = db.session.execute(answers.where(PollAnswer.poll_id == here)).all()
    choices = {
        number: frozenset(option for place, option in enumerate(votes) if (bits or 0) >> place & 1)
        for number, bits in rows
    }
    return StoredPoll(votes, choices, list(choices.values()))
