"""Read what the moderation page of questions shows: every question of an event.

An anonymous question has no author here: the query asks the table of questions, which names none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, func, select

from webapp.domain.models import Question
from webapp.domain.questions.board import ALL, SHOWN
from webapp.errors import NotFound
from webapp.infra.extensions import db

# More than a person can moderate; the export has all.
PAGE_ROWS = 1000

Rows = Sequence[Row[*tuple[Any, ...]]]

EVERY: Select[*tuple[Any, ...]] = ALL.add_columns(
    Question.author_id.is_(None).label("anonymous"), Question.original_body, Question.place
)


@dataclass(frozen=True)
class Overview:
    """The lists of the moderation page.

    `waiting` are to be approved, oldest first; `queue` in its order; `open` by votes, without those
    in the queue; `answered` the latest first; `hidden` are the rejected and the merged ones too.
    """

    waiting: Rows
    answering: Rows
    queue: Rows
    open: Rows
    answered: Rows
    hidden: Rows


def read_overview(event_id: int) -> Overview:
    """Return the lists. Takes one statement."""
    query = EVERY.where(Question.event_id == event_id)
    ordered = query.order_by(Question.votes.desc(), Question.id.desc()).limit(PAGE_ROWS)
    rows = db.session.execute(ordered).all()

    def of(*states: str) -> list[Row[*tuple[Any, ...]]]:
        return [row for row in rows if row.state in states]

    return Overview(
        waiting=sorted(of("waiting"), key=lambda row: row.id),
        answering=of("answering"),
        queue=sorted((row for row in of("open") if row.place), key=lambda row: row.place),
        open=[row for row in of("open") if not row.place],
        answered=sorted(of("answered"), key=lambda row: row.answered_at, reverse=True),
        hidden=of("hidden", "rejected"),
    )


def count_asked(event_id: int, employee_id: int) -> int:
    """Return how many questions an employee has asked with their name."""
    theirs = (Question.event_id == event_id, Question.author_id == employee_id)
    return db.session.scalar(select(func.count()).select_from(Question).where(*theirs)) or 0


def read_question(event_id: int, question_id: int) -> tuple[Row[*tuple[Any, ...]], Rows]:
    """Return a question, and the other visible ones with which it may be merged.

    Raises `NotFound`.
    """
    here = EVERY.where(Question.event_id == event_id)
    question = db.session.execute(here.where(Question.id == question_id)).one_or_none()
    if question is None:
        raise NotFound("There is no such question.")
    shown = here.where(Question.state.in_(SHOWN), Question.id != question_id)
    others = shown.order_by(Question.votes.desc(), Question.id.desc()).limit(PAGE_ROWS)
    return question, db.session.execute(others).all()
