"""The one path of an answer: check, count, acknowledge, publish. Pages and nodes both use it."""

from collections.abc import Callable, Sequence

from webapp.domain.polls.answers import Answer, Ballot, Counted, Outcome, check_answer
from webapp.domain.polls.counting import Result, count
from webapp.domain.polls.store import COUNTS_CACHE_SECONDS, answer_key, cache_key
from webapp.domain.writing.batches import check_each, sole, within_rate
from webapp.infra import cache, publisher
from webapp.infra.database import retry_on_outage
from webapp.infra.publisher import Publish

RATE_ANSWERS = 10
RATE_SECONDS = 10

Acknowledge = Callable[[Sequence[Outcome]], object]


@retry_on_outage
def answer(wanted: Answer) -> Counted:
    """Count and publish one answer. Raise what refuses it: see `answers` and `counting`."""
    return sole(answer_and_publish([wanted]))


def answer_and_publish(
    answers: Sequence[Answer],
    publish: Publish = publisher.publish,
    acknowledge: Acknowledge | None = None,
) -> Sequence[Outcome]:
    """Count the answers in one transaction and publish the polls; return an outcome for each.

    `acknowledge` gets the outcomes right after the commit. Raise what the database raises until
    then, and nothing after it: a viewer who misses a count gets it by the sweep.
    """
    checked, events = check_each(answers, check_answer)
    checked = within_rate(checked, "answer", RATE_ANSWERS, RATE_SECONDS)
    ballots = [ballot for ballot in checked if isinstance(ballot, Ballot)]
    result = count(ballots)
    outcomes = [result.outcomes[b] if isinstance(b, Ballot) else b for b in checked]
    if acknowledge:
        acknowledge(outcomes)
    slugs = {event.id: slug for slug, event in events.items()}
    # A ballot from another event names the poll as well, and is refused.
    event_ids = {
        ballot.poll_id: ballot.event_id
        for ballot in ballots
        if isinstance(result.outcomes[ballot], Counted)
    }
    for poll in result.polls:
        # Without shown results nothing that viewers see has changed.
        if "answers" in poll:
            publish(slugs[event_ids[poll["id"]]], "poll_changed", poll)
    # After publishing, which must not wait for a Redis that hangs.
    _cache(result, event_ids)
    return outcomes


def _cache(result: Result, event_ids: dict[int, int]) -> None:
    """Cache the polls, so that pages need not read them, and drop the answers to them."""
    for poll in result.polls:
        if "answers" in poll:
            cache.put(cache_key(event_ids[poll["id"]]), poll, COUNTS_CACHE_SECONDS)
    # To write each of them again took 100 µs, a third of the whole answer.
    if changed := [answer_key(event_ids[poll_id], one) for poll_id, one in result.changed]:
        cache.forget(*changed)
