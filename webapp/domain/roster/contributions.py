"""Count contributions of employees to an event, for its charts and, if it allows that, exports."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ScalarSelect, func, select

from webapp.domain.events.store import EventInfo
from webapp.domain.models import Message, Poll, Question, QuestionVote, ReactionMinute
from webapp.infra.extensions import db

# Questions that a moderator has not let through are nobody's contribution yet.
PUBLISHED = ("open", "answering", "answered", "hidden")

# Messages and questions by employee id.
Contributions = dict[int, tuple[int, int]]


@dataclass(frozen=True)
class Participation:
    """The numbers of one event: messages, questions and votes for them, polls and answers to them,
    and reactions."""

    messages: int
    questions: int
    votes: int
    polls: int
    answers: int
    reactions: int


def read_participation(event_id: int) -> Participation:
    """Return the numbers of an event, in one statement."""
    messages = (Message.event_id == event_id, Message.removed_at.is_(None))
    questions = (Question.event_id == event_id, Question.state.in_(PUBLISHED))
    votes = select(func.count()).select_from(QuestionVote)
    polls = (Poll.event_id == event_id, Poll.state != "draft")
    numbers: dict[str, ScalarSelect[Any]] = {
        "messages": _count(Message, *messages),
        "questions": _count(Question, *questions),
        "votes": votes.join(Question, Question.id == QuestionVote.question_id)
        # Those of a merged question were given to the one it was merged into.
        .where(*questions, Question.merged_into.is_(None))
        .scalar_subquery(),
        "polls": _count(Poll, *polls),
        "answers": select(func.sum(Poll.answers)).where(*polls).scalar_subquery(),
        "reactions": select(func.sum(ReactionMinute.amount))
        .where(ReactionMinute.event_id == event_id)
        .scalar_subquery(),
    }
    row = db.session.execute(select(*numbers.values())).one()
    return Participation(*(int(number or 0) for number in row))


def read_contributions(event: EventInfo) -> Contributions | None:
    """Return each employee's messages and questions; None unless the event exports them.

    Employees who wrote nothing are left out, and so are anonymous questions.
    """
    if not event.export_contributions:
        return None
    messages = _by_author(Message.employee_id, Message.event_id == event.id)
    asked = (Question.event_id == event.id, Question.state.in_(PUBLISHED))
    questions = _by_author(Question.author_id, *asked, Question.author_id.is_not(None))
    return {
        employee_id: (messages[employee_id], questions[employee_id])
        for employee_id in messages.keys() | questions.keys()
    }


def _count(table: Any, *where: Any) -> ScalarSelect[Any]:
    return select(func.count()).select_from(table).where(*where).scalar_subquery()


def _by_author(author: Any, *where: Any) -> Counter[int]:
    query = select(author, func.count()).where(*where).group_by(author)
    return Counter(dict(map(tuple, db.session.execute(query))))
