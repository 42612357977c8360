"""Read the polls of an event as viewers see them.

A poll is `{id, question, options: [{id, text, votes?}], multiple, secret, live_results, state,
answers?, revision}`; `without_revision` is what viewers receive. `votes`, and `answers` (the number
of employees who answered), are there while results are shown: from the start with live results,
else once the poll is closed.

The current poll is the one opened last. Only that one changes while an event goes on, so the higher
`revision` is always the newer state.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Select, select

from webapp.domain.models import Poll, PollAnswer, PollOption
from webapp.infra import cache
from webapp.infra.extensions import db

CACHE_SECONDS = 60
# Of a poll with counts that are about to change.
COUNTS_CACHE_SECONDS = 5
ANSWER_CACHE_SECONDS = 300

Choices = list[int] | None


def find_current(event_id: int) -> dict[str, Any] | None:
    """Return the current poll from the cache, or None where none was opened yet."""
    # An empty object is cached as well, so that a page without a poll costs no query.
    return cache.remember(cache_key(event_id), CACHE_SECONDS, lambda: _read(event_id)) or None


def refresh_current(event_id: int) -> dict[str, Any] | None:
    """Return the current poll as the database has it now, and correct a stale cache."""
    found = _read(event_id)
    cache.correct(cache_key(event_id), found)
    return found or None


def list_opened(event_id: int) -> list[dict[str, Any]]:
    """Return the polls that were opened, the current one first. Takes two statements."""
    return read_polls(_opened(event_id))


def read_polls(query: Select[Poll]) -> list[dict[str, Any]]:
    """Return the polls that `query` finds, in its order."""
    polls = db.session.scalars(query).all()
    options = read_options(poll.id for poll in polls)
    return [poll_json(poll, options[poll.id]) for poll in polls]


def read_options(poll_ids: Iterable[int]) -> dict[int, list[PollOption]]:
    """Return the options of these polls by poll id, in their order."""
    options: dict[int, list[PollOption]] = {poll_id: [] for poll_id in poll_ids}
    wanted = select(PollOption).where(PollOption.poll_id.in_(options))
    for option in db.session.scalars(wanted.order_by(PollOption.poll_id, PollOption.position)):
        options[option.poll_id].append(option)
    return options


def poll_json(poll: Any, options: Iterable[Any]) -> dict[str, Any]:
    """Return a poll as processes pass it on; `poll` and `options` have the columns."""
    shown = poll.live_results or poll.state == "closed"
    texts = [{"id": option.id, "text": option.text} for option in options]
    if shown:
        votes = [{"votes": option.votes} for option in options]
        texts = [text | count for text, count in zip(texts, votes, strict=True)]
    return {
        "id": poll.id,
        "question": poll.question,
        "options": texts,
        "multiple": poll.multiple,
        "secret": poll.secret,
        "live_results": poll.live_results,
        "state": poll.state,
        "revision": poll.revision,
    } | ({"answers": poll.answers} if shown else {})


def without_revision(poll: dict[str, Any]) -> dict[str, Any]:
    """Return a poll as viewers receive it: the revision only orders states between processes."""
    return {name: value for name, value in poll.items() if name != "revision"}


def share_of(votes: int, answers: int) -> int:
    """Return the share of the employees who answered, in whole per cent; a half is rounded up."""
    return (200 * votes + answers) // (2 * answers) if answers else 0


def find_answer(poll: dict[str, Any], event_id: int, employee_id: int) -> Choices:
    """Return the ids of the options that the employee chose, from the cache.

    None: not answered. An empty list: answered in a secret poll, which keeps no choices.
    """
    key = answer_key(event_id, employee_id)
    found: dict[str, Any] | None = cache.get(key)
    if found is None or found["poll"] != poll["id"]:
        found = cache.keep(key, ANSWER_CACHE_SECONDS, lambda: _read_answer(poll, employee_id))
    answer: Choices = found["answer"]
    return answer


def find_answers(polls: Sequence[dict[str, Any]], employee_id: int) -> dict[int, list[int]]:
    """Return the employee's answers by poll id, as `find_answer` does, in one statement."""
    by_id = {poll["id"]: poll for poll in polls}
    query = select(PollAnswer.poll_id, PollAnswer.choices).where(
        PollAnswer.employee_id == employee_id, PollAnswer.poll_id.in_(by_id)
    )
    return {
        poll_id: chosen_ids(by_id[poll_id]["options"], choices)
        for poll_id, choices in db.session.execute(query)
    }


def chosen_ids(options: Iterable[dict[str, Any]], choices: int | None) -> list[int]:
    """Return the ids of the options whose bits `choices` has; none for None."""
    return [option["id"] for place, option in enumerate(options) if (choices or 0) >> place & 1]


def cache_key(event_id: int) -> str:
    """Return the cache key of an event's current poll."""
    return f"poll:v1:{event_id}"


def answer_key(event_id: int, employee_id: int) -> str:
    """Return the cache key of an employee's answer to the current poll."""
    return f"poll-answer:v1:{event_id}:{employee_id}"


def _opened(event_id: int) -> Select[Poll]:
    opened = (Poll.event_id == event_id, Poll.state != "draft")
    return select(Poll).where(*opened).order_by(Poll.revision.desc())


def _read(event_id: int) -> dict[str, Any]:
    found = read_polls(_opened(event_id).limit(1))
    return found[0] if found else {}


def _read_answer(poll: dict[str, Any], employee_id: int) -> dict[str, Any]:
    answer = find_answers([poll], employee_id).get(poll["id"])
    return {"poll": poll["id"], "answer": answer}
