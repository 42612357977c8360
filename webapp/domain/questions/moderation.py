"""Moderate questions: approve, answer, hide, correct and order them.

Each change locks the question, so that votes and other moderators wait for it. A change that was
made already (the button pressed twice, a commit whose answer was lost) changes nothing. A moderator
who acts on a question that another one has changed meanwhile learns of that (`Decided`).
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import select

from webapp.domain.audit import trail
from webapp.domain.events.store import EventInfo
from webapp.domain.models import ANSWER_LENGTH, Admin, Question
from webapp.domain.questions.asking import publish_questions
from webapp.domain.questions.authors import read_author
from webapp.domain.questions.board import SHOWN
from webapp.domain.questions.voting import VOTABLE
from webapp.domain.writing.texts import clean_body
from webapp.errors import Invalid, NotFound
from webapp.i18n import lazy
from webapp.infra.clock import utcnow
from webapp.infra.database import begin_to_write, retry_on_outage
from webapp.infra.extensions import db
from webapp.infra.publisher import publish_to_employee
from webapp.infra.text import clean_text

# Refusals, by the present state, for a moderator whose page shows an older one.
DECISIONS = {
    "open": lazy("%(name)s has put this question on the live pages already."),
    "answering": lazy("%(name)s has called this question to be answered already."),
    "answered": lazy("%(name)s has marked this question as answered already."),
    "hidden": lazy("%(name)s has hidden this question already."),
    "rejected": lazy("%(name)s has rejected this question already."),
    "merged": lazy("%(name)s has merged this question with another one already."),
}


class Decided(Invalid):
    """Another moderator has decided on the question."""

    status = 409
    text = lazy("Somebody else has decided on this question. Look at it again.")


def approve(event: EventInfo, question_id: int) -> None:
    """Show a question that waits for approval. Raises `NotFound`, or `Decided` for others."""
    _change(event, question_id, ("waiting",), "question_approved", state="open")
    _tell_author(event, question_id)


def reject(event: EventInfo, question_id: int) -> None:
    """Reject a question that waits for approval, and tell its author alone.

    Raises `NotFound`, or `Decided` for one that was approved meanwhile.
    """
    _change(event, question_id, ("waiting",), "question_rejected", state="rejected")
    _tell_author(event, question_id)


def start_answering(event: EventInfo, question_id: int) -> None:
    """Say on every stage that this question is being answered now; the one before is answered.

    Raises `NotFound`, or `Decided` for a question that viewers do not see.
    """
    publish_questions(event.id, event.slug, _start_answering(event.id, question_id))


def answer(event: EventInfo, question_id: int, text: object) -> None:
    """Mark a question as answered: with a text, or live at this moment where `text` is empty.

    A corrected answer keeps the time of the first one. Raises `NotFound`, `Decided` for a question
    that viewers do not see, and `Invalid` for a longer text.
    """
    written = clean_text(text) if isinstance(text, str) else ""
    if len(written) > ANSWER_LENGTH:
        raise Invalid("Use at most %(most)s characters.", most=ANSWER_LENGTH)
    values = {"state": "answered", "answer": written or None, "place": None}
    _change(event, question_id, SHOWN, "question_answered", **values)


def reopen(event: EventInfo, question_id: int) -> None:
    """Take back that a question is being answered, was answered, hidden or rejected.

    Raises `NotFound`, or `Decided` for one that was merged with another.
    """
    states = ("answering", "answered", "hidden", "rejected")
    _change(event, question_id, states, "question_reopened", state="open")
    _tell_author(event, question_id)


def hide(event: EventInfo, question_id: int) -> None:
    """Take a question off every page; it can be shown again. Raises `NotFound`, `Decided`."""
    _change(event, question_id, SHOWN, "question_hidden", state="hidden", place=None)


def edit(event: EventInfo, question_id: int, body: object) -> None:
    """Correct the text of a question; the first text stays on record. Raises as `clean_body`."""
    _edit(event.id, question_id, clean_body(body))
    publish_questions(event.id, event.slug, [question_id])


@retry_on_outage
def move(event: EventInfo, question_id: int, where: str) -> None:
    """Put an open question at the end of the queue, one place up, or out of it.

    `where` is `last`, `up` or `out`. Raises `NotFound` and `Invalid`.
    """
    begin_to_write()
    queued = (Question.event_id == event.id, Question.place.is_not(None))
    query = select(Question).where(*queued).order_by(Question.place)
    queue = list(db.session.scalars(query.with_for_update()))
    question = lock(event.id, question_id)
    if question.state != "open":
        raise Invalid("Only an open question can be put into the queue.")
    rest = [other for other in queue if other.id != question_id]
    at = queue.index(question) if question in queue else len(rest)
    match where:
        case "last":
            rest.append(question)
        case "up":
            rest.insert(max(0, at - 1), question)
        case "out":
            question.place = None
        case _:
            raise Invalid("A question can go up, to the end of the queue, or out of it.")
    for place, other in enumerate(rest, start=1):
        other.place = place
    db.session.commit()


def lock(event_id: int, question_id: int) -> Question:
    """Return the question, locked until the transaction ends. Raises `NotFound`."""
    here = (Question.event_id == event_id, Question.id == question_id)
    query = select(Question).where(*here).with_for_update()
    question = db.session.scalar(query, execution_options={"populate_existing": True})
    if question is None:
        raise NotFound("There is no such question.")
    return question


def refuse(question: Question) -> Decided:
    """Return the error that says who decided on the locked question, and end the transaction."""
    decision = "merged" if question.merged_into else question.state
    query = select(Admin.name).where(Admin.id == question.decided_by)
    name = db.session.scalar(query) if question.decided_by else None
    db.session.rollback()
    if not name or decision not in DECISIONS:
        return Decided()
    return Decided(DECISIONS[decision].source, name=name)


def _change(
    event: EventInfo, question_id: int, states: Collection[str], action: str, **values: Any
) -> None:
    _update(event.id, question_id, states, action, values)
    publish_questions(event.id, event.slug, [question_id])


@retry_on_outage
def _update(
    event_id: int, question_id: int, states: Collection[str], action: str, values: dict[str, Any]
) -> None:
    begin_to_write()
    question = lock(event_id, question_id)
    is_done = all(getattr(question, name) == value for name, value in values.items())
    is_mine = is_done and question.decided_by == trail.acting_admin()
    if not is_mine and (question.state not in states or question.merged_into):
        raise refuse(question)
    if is_done:
        db.session.rollback()
        return
    _set_state(question, **values)
    trail.record(action, event_id=event_id, subject=f"question {question_id}")
    db.session.commit()


@retry_on_outage
def _start_answering(event_id: int, question_id: int) -> list[int]:
    """Return the ids of the questions that changed."""
    begin_to_write()
    here = (Question.event_id == event_id, Question.state == "answering")
    before = list(db.session.scalars(select(Question).where(*here).with_for_update()))
    question = lock(event_id, question_id)
    if question.state not in SHOWN:
        raise refuse(question)
    for other in before:
        if other.id != question_id:
            _set_state(other, "answered")
    if question.state != "answering":
        _set_state(question, "answering", place=None)
        trail.record("question_answering", event_id=event_id, subject=f"question {question_id}")
    db.session.commit()
    return [question_id, *(other.id for other in before)]


def _set_state(question: Question, state: str, **values: Any) -> None:
    """Change a question; one that was not answered before was answered now."""
    if state in VOTABLE:
        question.answered_at = None
    elif state == "answered" and question.state != "answered":
        question.answered_at = utcnow()
    for name, value in (values | {"state": state}).items():
        setattr(question, name, value)
    question.decided_by = trail.acting_admin()
    question.revision += 1


@retry_on_outage
def _edit(event_id: int, question_id: int, body: str) -> None:
    begin_to_write()
    question = lock(event_id, question_id)
    if question.body != body:
        change = [question.body, body]
        question.original_body = question.original_body or question.body
        question.body = body
        question.revision += 1
        subject = f"question {question_id}"
        trail.record("question_edited", event_id=event_id, subject=subject, text=change)
    db.session.commit()


def _tell_author(event: EventInfo, question_id: int) -> None:
    """Have the author's own pages ask how the question stands."""
    employee_id, nonce = read_author(question_id)
    publish_to_employee(employee_id, event.slug, "question_decided", {"nonce": nonce})
