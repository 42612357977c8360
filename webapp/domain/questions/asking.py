"""The one path of a question: check, store, acknowledge, publish. Pages and nodes both use it."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, insert
from sqlalchemy.exc import IntegrityError

from webapp.domain.models import Question
from webapp.domain.questions.authors import Known, add_authors, find_known, read_times
from webapp.domain.questions.board import forget_standing, read
from webapp.domain.questions.drafts import (
    Draft,
    Key,
    NewQuestion,
    Outcome,
    Receipt,
    Rejected,
    check_draft,
)
from webapp.domain.questions.own import forget_own
from webapp.domain.writing.authors import Authors, seconds_of
from webapp.domain.writing.batches import check_each, sole
from webapp.domain.writing.nonces import NonceReused
from webapp.errors import SlowDown, TownhallError, first_line
from webapp.infra import publisher
from webapp.infra.clock import utcnow
from webapp.infra.database import begin_to_write, retry_on_outage
from webapp.infra.extensions import db
from webapp.infra.publisher import Publish

log = logging.getLogger(__name__)

RATE_QUESTIONS = 3
RATE_SECONDS = 60

Acknowledge = Callable[[Sequence[Outcome]], object]

INSERT = insert(cast(Table, Question.__table__))


@retry_on_outage
def ask(draft: Draft) -> Receipt:
    """Store and publish one question. Raises what refuses it: see `drafts` and `Authors`."""
    return sole(ask_and_publish([draft]))


def ask_and_publish(
    drafts: Sequence[Draft],
    publish: Publish = publisher.publish,
    acknowledge: Acknowledge | None = None,
) -> Sequence[Outcome]:
    """Store the drafts in one transaction and publish the questions; return an outcome for each.

    `acknowledge` gets the outcomes right after the commit. Raises what the database raises until
    then, and nothing after it: the sweep finds what was not published.
    """
    checked, events = check_each(drafts, check_draft)
    questions = [question for question in checked if isinstance(question, NewQuestion)]
    stored = _store(questions) if questions else {}
    outcomes = [
        stored[question] if isinstance(question, NewQuestion) else question for question in checked
    ]
    if acknowledge:
        acknowledge(outcomes)
    for slug, event in events.items():
        here = [question for question in questions if question.event_id == event.id]
        _publish_stored(slug, event.id, here, stored, publish)
    return outcomes


def _store(questions: Sequence[NewQuestion]) -> dict[NewQuestion, Outcome]:
    """Store new questions and commit; return a receipt or the refusal for each.

    A question that was sent before under the same nonce gets its first receipt again, and a
    different one `NonceReused`.
    """
    try:
        return _store_new(questions)
    except IntegrityError:
        # Stored by another node meanwhile, which this transaction did not see.
        db.session.rollback()
        return _store_new(questions)


def _store_new(questions: Sequence[NewQuestion]) -> dict[NewQuestion, Outcome]:
    begin_to_write()
    now = utcnow()
    rules = _Rules(questions, now)
    # After the lock: nobody else stores one of these meanwhile.
    known = find_known([question.key for question in questions])
    refusals: dict[NewQuestion, TownhallError] = {}
    fresh: dict[Key, NewQuestion] = {}
    for question in questions:
        first = known.get(question.key) or fresh.get(question.key)
        if first and first.content != question.content:
            refusals[question] = NonceReused()
        elif not first and (refusal := rules.find_refusal(question)):
            refusals[question] = refusal
        elif not first:
            fresh[question.key] = question
    if fresh:
        ids = add_authors(fresh.values(), now)
        rows = [_row(ids[key], question, now) for key, question in fresh.items()]
        db.session.execute(INSERT, rows)
        known |= {key: Known(ids[key], _state(one), one.content) for key, one in fresh.items()}
    db.session.commit()
    return {
        question: refusals.get(question) or _receipt_of(known[question.key])
        for question in questions
    }


class _Rules:
    """The rules as they apply to the authors of one batch at `now`."""

    def __init__(self, questions: Sequence[NewQuestion], now: datetime) -> None:
        self._now = now
        self._authors = Authors(questions, now)
        self._times = read_times(self._authors.ids, now - timedelta(seconds=RATE_SECONDS))

    def find_refusal(self, question: NewQuestion) -> TownhallError | None:
        """Return why it may not be stored now. None counts it as one more of its author's."""
        if refusal := self._authors.find_refusal(question):
            return refusal
        times = self._times.setdefault(question.employee_id, [])
        if len(times) >= RATE_QUESTIONS:
            free_at = times[-RATE_QUESTIONS] + timedelta(seconds=RATE_SECONDS)
            return SlowDown(retry_after=seconds_of(free_at - self._now))
        times.append(self._now)
        return None


def _row(question_id: int, question: NewQuestion, now: datetime) -> dict[str, Any]:
    return {
        "id": question_id,
        "event_id": question.event_id,
        "author_id": None if question.anonymous else question.employee_id,
        "body": question.body,
        "asked_at": now,
        "state": _state(question),
    }


def _state(question: NewQuestion) -> str:
    return "waiting" if question.held else "open"


def _receipt_of(question: Known) -> Outcome:
    if question.state == "rejected":
        return Rejected()
    return Receipt(None if question.state == "waiting" else question.id)


def _publish_stored(
    slug: str,
    event_id: int,
    questions: Sequence[NewQuestion],
    stored: dict[NewQuestion, Outcome],
    publish: Publish,
) -> None:
    outcomes = {question: stored[question] for question in questions}
    receipts = {one: found for one, found in outcomes.items() if isinstance(found, Receipt)}
    ids = [receipt.id for receipt in receipts.values() if receipt.id is not None]
    try:
        if ids:
            publish_questions(event_id, slug, ids, publish)
        forget_own(event_id, {question.employee_id for question in receipts})
    except Exception as error:
        db.session.rollback()
        log.warning("the sweep has to publish stored questions: %s", first_line(error))


def publish_questions(
    event_id: int, slug: str, ids: Sequence[int], publish: Publish = publisher.publish
) -> None:
    """Publish questions that were just committed, as they are now."""
    if questions := read(ids):
        publish(slug, "questions_changed", questions)
    # After publishing, which must not wait for a Redis that hangs.
    forget_standing(event_id)
