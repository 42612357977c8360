"""The authors of questions: the only module that reads their table.

Two ways lead from here. An employee learns of the own questions, whose ids are read by the
employee, and so does an owner who exports what is held on a person, with a reason and on record.
From a question to its author leads `read_author` alone: moderation tells the author of a decision,
and an owner may have the author revealed (`revealing`).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Select, Table, bindparam, func, insert, select, tuple_, update

from webapp.domain.employees.holding import Holding
from webapp.domain.models import Question, QuestionAuthor
from webapp.domain.questions.drafts import Content, Key, NewQuestion
from webapp.domain.writing.authors import AUTHORS
from webapp.infra.extensions import db

# Built once, and from tables: see `writing.authors`.
_TABLE = cast(Table, QuestionAuthor.__table__)
_AUTHORS, _QUESTIONS = _TABLE.c, cast(Table, Question.__table__).c
INSERT = insert(_TABLE)
KNOWN = (
    select(
        _AUTHORS.employee_id,
        _AUTHORS.nonce,
        _AUTHORS.id,
        _AUTHORS.event_id,
        _QUESTIONS.state,
        # As its author wrote it.
        func.coalesce(_QUESTIONS.original_body, _QUESTIONS.body).label("body"),
        _QUESTIONS.author_id,
    )
    .join_from(_TABLE, Question.__table__, _QUESTIONS.id == _AUTHORS.id, isouter=True)
    .where(tuple_(_AUTHORS.employee_id, _AUTHORS.nonce).in_(bindparam("keys", expanding=True)))
)
TIMES = (
    select(_AUTHORS.employee_id, _AUTHORS.asked_at)
    .where(_AUTHORS.employee_id.in_(AUTHORS), _AUTHORS.asked_at > bindparam("after"))
    .order_by(_AUTHORS.asked_at)
)

# Declared for the export and for erasing. The row stays with the pseudonym.
HOLDING = Holding(
    QuestionAuthor,
    lambda person: QuestionAuthor.employee_id == person.id,
    plain=frozenset({"nonce"}),
    mentions=frozenset({"reveal_reason"}),
)


@dataclass(frozen=True)
class Known:
    """A question that was asked before.

    The state is None within the transaction that adds the question.
    """

    id: int
    state: str | None
    content: Content


@dataclass(frozen=True)
class Asked:
    """What an author is told about an own question.

    `revealed_at` and `reveal_reason` are set once an owner has seen the author's name.
    """

    id: int
    body: str
    state: str
    anonymous: bool
    asked_at: datetime
    revealed_at: datetime | None
    reveal_reason: str | None


def add_authors(questions: Collection[NewQuestion], now: datetime) -> dict[Key, int]:
    """Record the authors of new questions; return the ids that the questions must have."""
    rows = [
        {
            "event_id": question.event_id,
            "employee_id": question.employee_id,
            "nonce": question.nonce,
            "asked_at": now,
        }
        for question in questions
    ]
    db.session.execute(INSERT, rows)
    known = find_known([question.key for question in questions])
    return {key: question.id for key, question in known.items()}


def find_known(keys: Sequence[Key]) -> dict[Key, Known]:
    """Return the questions that were asked under `keys`."""
    if not keys:
        return {}
    return {
        (row.employee_id, row.nonce): Known(
            row.id, row.state, (row.event_id, row.body, row.author_id is None)
        )
        for row in db.session.execute(KNOWN, {"keys": keys})
    }


def read_times(employee_ids: Sequence[int], after: datetime) -> dict[int, list[datetime]]:
    """Return when each employee asked since `after`, oldest first, by employee id."""
    times: dict[int, list[datetime]] = {}
    found = db.session.execute(TIMES, {"authors": employee_ids, "after": after})
    for employee_id, asked_at in found:
        times.setdefault(employee_id, []).append(asked_at)
    return times


def list_asked(event_id: int, employee_id: int) -> list[Asked]:
    """Return the questions that an employee has asked in an event, the latest first."""
    columns = (Question.id, Question.body, Question.state, Question.author_id, Question.asked_at)
    revealed = (QuestionAuthor.revealed_at, QuestionAuthor.reveal_reason)
    query = (
        select(*columns, *revealed)
        .join(QuestionAuthor, QuestionAuthor.id == Question.id)
        .where(QuestionAuthor.employee_id == employee_id, QuestionAuthor.event_id == event_id)
        .order_by(Question.id.desc())
    )
    return [
        Asked(
            row.id,
            row.body,
            row.state,
            row.author_id is None,
            row.asked_at,
            row.revealed_at,
            row.reveal_reason,
        )
        for row in db.session.execute(query)
    ]


def asked_by(employee_id: int) -> Select[int]:
    """Return the query for the ids of all questions of an employee, anonymous ones included."""
    return select(QuestionAuthor.id).where(QuestionAuthor.employee_id == employee_id)


def read_author(question_id: int) -> tuple[int, str]:
    """Return the employee id of a question's author, and the nonce of the question.

    Nothing of it may reach a page, a packet to others, an export or a log line, except through
    `revealing`. Raises `NoResultFound` for an unknown question.
    """
    query = select(QuestionAuthor.employee_id, QuestionAuthor.nonce)
    employee_id, nonce = db.session.execute(query.where(QuestionAuthor.id == question_id)).one()
    return employee_id, nonce


def record_reveal(question_id: int, values: Mapping[str, Any]) -> None:
    """Note in the current transaction that the author was revealed, for the author to read."""
    record_reveals([question_id], values)


def record_reveals(question_ids: Sequence[int], values: Mapping[str, Any]) -> None:
    """Note it for several questions of one author."""
    change = update(QuestionAuthor).where(QuestionAuthor.id.in_(question_ids))
    db.session.execute(change.values(**values))
