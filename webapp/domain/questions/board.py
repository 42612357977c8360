"""Read the questions of an event: as nodes and pages know them, and as they stand on the live page.

Questions are stored first and published afterwards. Viewers who miss a change get all standing
questions with their next `messages_since`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, case, func, select

from webapp.domain.employees.directory import FULL_NAME
from webapp.domain.models import Employee, Event, Question
from webapp.infra import cache
from webapp.infra.clock import html_isoformat
from webapp.infra.extensions import db

# More than anybody reads: an answer to `messages_since` stays near 30 KB.
BEST, NEWEST = 70, 30
PAGE_ROWS = 50
# The sweep compares the sums of as many ids at once, and reads those of a block that differs.
BLOCK = 256
# Bounds how old the counts of a page may be; its script gets the present ones right after.
CACHE_SECONDS = 5
# States that viewers see. Of hidden questions they learn that those are hidden.
SHOWN = ("open", "answering", "answered")
PUBLISHED = (*SHOWN, "hidden")
SORTS = ("votes", "newest")

Sums = tuple[int, int, int]  # number of questions, sums of `revision` and of `votes_revision`

ALL: Select[*tuple[Any, ...]] = (
    select(
        Question.id,
        Question.body,
        Question.asked_at,
        Question.state,
        Question.votes,
        Question.answer,
        Question.answered_at,
        Question.merged_into,
        Question.revision,
        Question.votes_revision,
        FULL_NAME.label("author"),
        Employee.department,
        Event.starts_at,
    )
    .join(Event, Event.id == Question.event_id)
    # Finds nobody for an anonymous question: `author_id` is null.
    .outerjoin(Employee, Employee.id == Question.author_id)
)


@dataclass(frozen=True)
class QuestionPage:
    """A page of the list of questions, and the number of its last page."""

    questions: list[dict[str, Any]]
    page: int
    last: int


def find_standing(event_id: int) -> list[dict[str, Any]]:
    """Return the questions that stand on the live page, from the cache."""
    return (
        cache.remember(cache_key(event_id), CACHE_SECONDS, lambda: _read_standing(event_id)) or []
    )


def choose_standing(questions: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the questions that stand on the live page: those with most votes and the newest ones.

    The one that is being answered comes first.
    """
    shown = [question for question in questions if question["state"] in SHOWN]
    if len(shown) > BEST + NEWEST:
        newest = sorted(shown, key=lambda question: -question["id"])[:NEWEST]
        best = sorted(shown, key=_by_votes)[:BEST]
        shown = list({question["id"]: question for question in [*best, *newest]}.values())
    return sorted(shown, key=_by_votes)


def for_viewers(question: dict[str, Any]) -> dict[str, Any]:
    """Return a question without the fields that only nodes need."""
    return {name: value for name, value in question.items() if not name.endswith("revision")}


def read_published(event_id: int) -> list[dict[str, Any]]:
    """Return every question of the event that viewers know, hidden ones without their text."""
    query = ALL.where(*_published(event_id))
    return [question_json(row) for row in db.session.execute(query)]


def read(ids: Iterable[int]) -> list[dict[str, Any]]:
    """Return the questions with these ids, as nodes receive them."""
    query = ALL.where(Question.id.in_(list(ids)), Question.state.in_(PUBLISHED))
    return [question_json(row) for row in db.session.execute(query.order_by(Question.id))]


def sum_revisions(event_id: int) -> dict[int, Sums]:
    """Return the sums of each block of `BLOCK` ids, by the number of the block."""
    sums = (func.count(), func.sum(Question.revision), func.sum(Question.votes_revision))
    query = select(_BLOCK, *sums).where(*_published(event_id)).group_by(_BLOCK)
    # MySQL adds up to decimals.
    return {
        block: (count, int(revisions), int(votes_revisions))
        for block, count, revisions, votes_revisions in db.session.execute(query)
    }


def read_revisions(event_id: int, blocks: Iterable[int]) -> dict[int, tuple[int, int, int]]:
    """Return `revision`, `votes_revision` and `votes` by question id, for these blocks of ids."""
    columns = (Question.id, Question.revision, Question.votes_revision, Question.votes)
    query = select(*columns).where(*_published(event_id), _BLOCK.in_(list(blocks)))
    return {id_: (*numbers,) for id_, *numbers in db.session.execute(query)}  # type: ignore[misc]


def list_page(event_id: int, sort: str, page: int) -> QuestionPage:
    """Return a page of the questions that viewers see; the one being answered comes first."""
    shown = (Question.event_id == event_id, Question.state.in_(SHOWN))
    count = db.session.scalar(select(func.count()).select_from(Question).where(*shown)) or 0
    votes = () if sort == "newest" else (_RANK, Question.votes.desc())
    query = ALL.where(*shown).order_by(*votes, Question.id.desc())
    rows = db.session.execute(query.offset((page - 1) * PAGE_ROWS).limit(PAGE_ROWS))
    last = max(1, -(-count // PAGE_ROWS))
    return QuestionPage([for_viewers(question_json(row)) for row in rows], page, last)


def question_json(row: Row[*tuple[Any, ...]]) -> dict[str, Any]:
    """Return a question as nodes know it; `for_viewers` takes the revisions out.

    `answered_at` is the time into the event, `00:23`. A hidden question keeps its id alone. The
    answer of a question that was opened again is kept for moderators.
    """
    hidden = row.state == "hidden"
    return {
        "id": row.id,
        "body": "" if hidden else row.body,
        "author": None if hidden else row.author,
        "department": None if hidden else row.department,
        "asked_at": html_isoformat(row.asked_at),
        "state": row.state,
        "votes": row.votes,
        "answer": row.answer if row.state == "answered" else None,
        "answered_at": time_into(row.starts_at, row.answered_at),
        "merged_into": row.merged_into,
        "revision": row.revision,
        "votes_revision": row.votes_revision,
    }


def time_into(starts_at: datetime, moment: datetime | None) -> str | None:
    """Return the time into an event as hours and minutes, `00:23`."""
    if moment is None:
        return None
    minutes = max(0, int((moment - starts_at).total_seconds())) // 60
    return f"{minutes // 60:02}:{minutes % 60:02}"


def forget_standing(event_id: int) -> None:
    """Drop the cached questions, on the line after the commit that changed them."""
    cache.forget(cache_key(event_id))


def cache_key(event_id: int) -> str:
    """Return the cache key of the questions on the live page."""
    return f"questions:v1:{event_id}"


# The one being answered, then those that wait for an answer, then answered ones.
RANKS = {"answering": 0, "open": 1, "answered": 2}
_RANK = case(RANKS, value=Question.state)


_BLOCK = Question.id // BLOCK


def _published(event_id: int) -> tuple[ColumnElement[bool], ...]:
    return Question.event_id == event_id, Question.state.in_(PUBLISHED)


def _by_votes(question: dict[str, Any]) -> tuple[int, int, int]:
    return RANKS[question["state"]], -question["votes"], -question["id"]


def _read_standing(event_id: int) -> list[dict[str, Any]]:
    shown = ALL.where(Question.event_id == event_id, Question.state.in_(SHOWN))
    best = shown.order_by(_RANK, Question.votes.desc(), Question.id.desc()).limit(BEST)
    newest = shown.order_by(Question.id.desc()).limit(NEWEST)
    rows = [row for query in (best, newest) for row in db.session.execute(query)]
    found = {row.id: for_viewers(question_json(row)) for row in rows}
    return choose_standing(found.values())
