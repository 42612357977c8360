"""Merge two questions that ask the same: their votes are united, and each person counts once."""

from typing import cast

from sqlalchemy import Table, func, insert, literal, select

from webapp.domain.audit import trail
from webapp.domain.events.store import EventInfo
from webapp.domain.models import Question, QuestionVote
from webapp.domain.questions.asking import publish_questions
from webapp.domain.questions.board import SHOWN
from webapp.domain.questions.moderation import lock, refuse
from webapp.domain.questions.own import forget_own
from webapp.errors import Invalid
from webapp.infra.database import begin_to_write, retry_on_outage
from webapp.infra.extensions import db

_VOTES = cast(Table, QuestionVote.__table__)


def merge(event: EventInfo, question_id: int, into: int) -> None:
    """Hide a question and give its votes to the question `into`.

    Raises `NotFound`, `Decided` where viewers do not see one of them, and `Invalid` for itself.
    """
    voters = _merge(event.id, question_id, into)
    publish_questions(event.id, event.slug, [question_id, into])
    forget_own(event.id, voters)


@retry_on_outage
def _merge(event_id: int, question_id: int, into: int) -> list[int]:
    """Return the ids of the employees who had voted for the question."""
    if question_id == into:
        raise Invalid("Choose another question to merge this one with.")
    begin_to_write()
    # In the order of ids, as batches of votes lock them.
    locked = {id_: lock(event_id, id_) for id_ in sorted((question_id, into))}
    question, other = locked[question_id], locked[into]
    if question.merged_into != into:
        for one in (question, other):
            if one.merged_into or one.state not in SHOWN:
                raise refuse(one)
        _unite(question, other)
        subject = f"question {question_id}"
        trail.record("questions_merged", event_id=event_id, subject=subject, into=into)
    voters = select(QuestionVote.employee_id).where(QuestionVote.question_id == question_id)
    found = list(db.session.scalars(voters))
    db.session.commit()
    return found


def _unite(question: Question, other: Question) -> None:
    theirs = select(literal(other.id), _VOTES.c.employee_id)
    also = select(_VOTES.c.employee_id).where(_VOTES.c.question_id == other.id)
    rows = theirs.where(_VOTES.c.question_id == question.id, _VOTES.c.employee_id.not_in(also))
    db.session.execute(insert(_VOTES).from_select(["question_id", "employee_id"], rows))
    count = select(func.count()).where(_VOTES.c.question_id == other.id)
    other.votes = db.session.scalar(count) or 0
    other.votes_revision += 1
    other.revision += 1
    question.state, question.merged_into, question.place = "hidden", other.id, None
    question.decided_by = trail.acting_admin()
    question.revision += 1
