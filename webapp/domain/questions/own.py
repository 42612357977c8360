"""The ids of the questions that one viewer has voted for, and of those that they asked."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from webapp.domain.models import Question, QuestionVote
from webapp.domain.questions.authors import list_asked
from webapp.infra import cache
from webapp.infra.extensions import db

CACHE_SECONDS = 3600


def find_own(event_id: int, employee_id: int) -> dict[str, Any]:
    """Return `{voted, asked}`: ids of questions, from the cache."""
    key = own_key(event_id, employee_id)
    found: dict[str, Any] | None = cache.get(key)
    return found or cache.keep(key, CACHE_SECONDS, lambda: _read(event_id, employee_id))


def forget_own(event_id: int, employee_ids: Iterable[int]) -> None:
    """Drop what is cached for these employees, on the line after the commit that changed it."""
    if keys := [own_key(event_id, employee_id) for employee_id in employee_ids]:
        cache.forget(*keys)


def own_key(event_id: int, employee_id: int) -> str:
    """Return the cache key of what stands for an employee."""
    return f"own_questions:v1:{event_id}:{employee_id}"


def _read(event_id: int, employee_id: int) -> dict[str, list[int]]:
    votes = select(QuestionVote.question_id).join(Question)
    mine = votes.where(QuestionVote.employee_id == employee_id, Question.event_id == event_id)
    return {
        "voted": list(db.session.scalars(mine.order_by(QuestionVote.question_id))),
        "asked": [question.id for question in list_asked(event_id, employee_id)],
    }
