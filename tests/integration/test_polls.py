"""Polls as pages and nodes call them: states, answers, counts."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from tests.support.data import add_event
from tests.support.polls import (
    LUNCH,
    add_poll,
    add_viewers,
    close_poll,
    count_votes,
    operator,
    rows_of,
)
from tests.support.statements import counted_statements
from webapp.domain.attendance.checkin import Viewer
from webapp.domain.events.archiving import delete_event
from webapp.domain.events.store import get_event
from webapp.domain.models import AuditEntry, Poll, PollAnswer, PollOption
from webapp.domain.polls import drafts, states, store
from webapp.domain.polls.answering import answer, answer_and_publish
from webapp.domain.polls.answers import Answer, Counted, Outcome, PollClosed
from webapp.domain.polls.drafts import PollDraft, PollFixed
from webapp.errors import EventNotOpen, Invalid, NotCheckedIn, NotFound
from webapp.infra.extensions import db

PEOPLE = 40
SECRET = replace(LUNCH, secret=True)
MULTIPLE = replace(LUNCH, multiple=True)
LATER = replace(LUNCH, live_results=False)

pytestmark = pytest.mark.usefixtures("_in_app")


@pytest.fixture
def _in_app(app: Flask) -> Any:
    with app.app_context():
        add_event()
        yield


@pytest.fixture
def viewers() -> Sequence[Viewer]:
    return add_viewers(3)


def give(viewer: Viewer, poll_id: object, *options: object, slug: str = "town-hall") -> Counted:
    return answer(Answer(slug, viewer, poll_id, list(options)))


class Room:
    """Notes in which order acknowledgements and broadcasts happen."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.published: list[dict[str, Any]] = []

    def answer(self, *answers: Answer) -> Sequence[Outcome]:
        return answer_and_publish(answers, self._publish, self._acknowledge)

    def _acknowledge(self, outcomes: Sequence[Outcome]) -> None:
        self.steps.append(f"acknowledged {len(outcomes)}")

    def _publish(self, slug: str, name: str, payload: Any) -> None:
        assert (slug, name) == ("town-hall", "poll_changed")
        self.steps.append("published")
        self.published.append(payload)


@pytest.mark.parametrize(
    "draft",
    [
        replace(LUNCH, question=" \u200b "),
        replace(LUNCH, question="x" * 301),
        replace(LUNCH, options=["only one", " "]),
        replace(LUNCH, options=[f"{n}" for n in range(11)]),
        replace(LUNCH, options=["x" * 201, "y"]),
        replace(LUNCH, options=["Soup", "soup\u200b"]),
    ],
    ids=["no question", "a long question", "one option", "eleven", "a long option", "twice"],
)
def test_a_broken_draft_is_refused(draft: PollDraft) -> None:
    with operator(), pytest.raises(Invalid):
        drafts.create(get_event("town-hall"), draft)
    assert not rows_of(Poll)


def test_a_draft_is_changed_until_it_is_opened() -> None:
    event = get_event("town-hall")
    poll_id, _ = add_poll(opened=False)
    with operator():
        drafts.edit(event, poll_id, PollDraft("Dinner?", ["Yes", "No"], multiple=True))
        assert [row["text"] for row in rows_of(PollOption)] == ["Yes", "No"]
        states.open_poll(event, poll_id)
        with pytest.raises(PollFixed):
            drafts.edit(event, poll_id, LUNCH)
        with pytest.raises(PollFixed):
            drafts.discard(event, poll_id)
    assert rows_of(Poll)[0]["question"] == "Dinner?"


def test_a_discarded_draft_leaves_nothing() -> None:
    poll_id, _ = add_poll(opened=False)
    with operator():
        drafts.discard(get_event("town-hall"), poll_id)
    assert not rows_of(Poll) + rows_of(PollOption)


def test_one_poll_is_open_at_a_time() -> None:
    first, _ = add_poll()
    with pytest.raises(states.AnotherPollOpen):
        add_poll()
    close_poll(first)
    second = rows_of(Poll)[1]["id"]
    with operator():
        states.open_poll(get_event("town-hall"), second)
    assert [row["state"] for row in rows_of(Poll)] == ["closed", "open"]
    current = store.find_current(get_event("town-hall").id)
    assert current
    assert current["id"] == second


def test_a_poll_of_another_event_is_not_found() -> None:
    add_event("other")
    poll_id, _ = add_poll(slug="other")
    event = get_event("town-hall")
    with operator():
        for act in (states.open_poll, states.close_poll, drafts.discard):
            with pytest.raises(NotFound):
                act(event, poll_id)
    assert rows_of(Poll)[0]["state"] == "open"


def test_a_poll_opens_only_while_its_event_is_open() -> None:
    add_event("later", state="scheduled")
    with pytest.raises(EventNotOpen):
        add_poll(slug="later")


def test_a_reopened_poll_keeps_its_answers(viewers: Sequence[Viewer]) -> None:
    poll_id, (soup, salad, _) = add_poll()
    give(viewers[0], poll_id, soup)
    close_poll(poll_id)
    with operator():
        states.open_poll(get_event("town-hall"), poll_id)
    give(viewers[1], poll_id, salad)
    assert count_votes(poll_id) == [1, 1, 0]
    actions = [row["action"] for row in rows_of(AuditEntry)]
    assert actions == ["poll_created", "poll_opened", "poll_closed", "poll_reopened"]


def test_a_second_poll_leaves_the_results_of_the_first(viewers: Sequence[Viewer]) -> None:
    first, (soup, *_) = add_poll()
    give(viewers[0], first, soup)
    close_poll(first)
    second, (_, salad, _) = add_poll()
    give(viewers[0], second, salad)
    assert (count_votes(first), count_votes(second)) == ([1, 0, 0], [0, 1, 0])
    opened = store.list_opened(get_event("town-hall").id)
    assert [(poll["id"], poll["answers"]) for poll in opened] == [(second, 1), (first, 1)]


def test_a_named_answer_may_be_changed(viewers: Sequence[Viewer]) -> None:
    poll_id, (soup, salad, cake) = add_poll(MULTIPLE)
    give(viewers[0], poll_id, soup, cake)
    give(viewers[0], poll_id, salad, cake)
    give(viewers[1], poll_id, cake)
    assert count_votes(poll_id) == [0, 1, 2]
    assert rows_of(Poll)[0]["answers"] == 2
    assert store.find_answers(
        store.list_opened(get_event("town-hall").id), viewers[0].employee.id
    ) == {poll_id: [salad, cake]}


def test_a_secret_answer_stands(viewers: Sequence[Viewer]) -> None:
    poll_id, (soup, salad, _) = add_poll(SECRET)
    assert give(viewers[0], poll_id, soup) == Counted()
    assert give(viewers[0], poll_id, salad) == Counted(repeated=True)
    assert count_votes(poll_id) == [1, 0, 0]
    assert rows_of(PollAnswer) == [
        {"poll_id": poll_id, "employee_id": viewers[0].employee.id, "choices": None}
    ]


def test_an_answer_sent_again_counts_once(viewers: Sequence[Viewer]) -> None:
    poll_id, (soup, *_) = add_poll()
    for _ in range(3):
        assert give(viewers[0], poll_id, soup) == Counted()
    assert count_votes(poll_id) == [1, 0, 0]
    assert rows_of(Poll)[0]["revision"] == 2, "what changes nothing is no new state"


def test_bad_answers_are_refused(viewers: Sequence[Viewer]) -> None:
    old, (stale, *_) = add_poll()
    close_poll(old)
    poll_id, (soup, salad, _) = add_poll()
    add_event("other")
    foreign, (theirs, *_) = add_poll(slug="other")
    draft, (unseen, *_) = add_poll(opened=False)
    ada = viewers[0]
    for refusal, args in [
        (Invalid, (poll_id,)),
        (Invalid, (poll_id, soup, soup)),
        (Invalid, (poll_id, soup, salad)),
        (Invalid, (poll_id, stale)),
        (Invalid, (poll_id, theirs)),
        (Invalid, (poll_id, *range(11))),
        (Invalid, (poll_id, "soup")),
        (Invalid, (poll_id, True)),
        (Invalid, (poll_id, None)),
        (Invalid, (None, soup)),
        (PollClosed, (old, stale)),
        (NotFound, (foreign, theirs)),
        (NotFound, (draft, unseen)),
        (NotFound, (2**62, soup)),
    ]:
        with pytest.raises(refusal):
            give(ada, *args)
    for options in (None, "1", 5, {"0": soup}):
        with pytest.raises(Invalid):
            answer(Answer("town-hall", viewers[1], poll_id, options))
    assert not rows_of(PollAnswer)
    assert count_votes(poll_id) == [0, 0, 0]


def test_only_those_who_are_here_may_answer(viewers: Sequence[Viewer]) -> None:
    add_event("other")
    poll_id, (soup, *_) = add_poll(slug="other")
    with pytest.raises(NotCheckedIn):
        give(viewers[0], poll_id, soup, slug="other")


def test_a_batch_is_acknowledged_and_then_published_once() -> None:
    people = add_viewers(PEOPLE)
    poll_id, options = add_poll()
    room = Room()
    outcomes = room.answer(
        *(Answer("town-hall", one, poll_id, [options[0]]) for one in people),
        Answer("town-hall", people[0], poll_id, [options[1]]),
        Answer("town-hall", people[1], poll_id, []),
    )
    assert room.steps == [f"acknowledged {PEOPLE + 2}", "published"]
    assert [isinstance(outcome, Counted) for outcome in outcomes].count(False) == 1
    (poll,) = room.published
    assert [option["votes"] for option in poll["options"]] == [PEOPLE - 1, 1, 0]
    assert count_votes(poll_id) == [PEOPLE - 1, 1, 0]
    assert poll == store.refresh_current(get_event("town-hall").id)


def test_answers_from_another_event_harm_nobody(viewers: Sequence[Viewer]) -> None:
    add_event("elsewhere")
    (stranger,) = add_viewers(1, "elsewhere")
    poll_id, (soup, salad, _) = add_poll()
    foreign = Answer("elsewhere", stranger, poll_id, [salad])
    own = [Answer("town-hall", viewer, poll_id, [soup]) for viewer in viewers]
    room = Room()
    first, *answered, last = room.answer(foreign, *own, foreign)
    assert isinstance(first, NotFound)
    assert isinstance(last, NotFound)
    assert answered == [Counted()] * len(viewers)
    assert count_votes(poll_id) == [len(viewers), 0, 0]
    assert len(room.published) == 1, "the room asserts that it is its own event's"
    assert store.find_current(get_event("elsewhere").id) is None


def test_a_large_batch_needs_no_more_statements_than_one_answer(app: Flask) -> None:
    people = add_viewers(PEOPLE)
    poll_id, options = add_poll()
    counts = []
    for batch in (people[:1], people):
        db.session.rollback()
        with counted_statements(app) as statements:
            Room().answer(*(Answer("town-hall", one, poll_id, [options[1]]) for one in batch))
        counts.append(len(statements))
    assert counts[1] <= counts[0] <= 9, counts


def test_results_are_shown_when_the_poll_says_so(viewers: Sequence[Viewer]) -> None:
    poll_id, (soup, *_) = add_poll(LATER)
    room, event_id = Room(), get_event("town-hall").id
    room.answer(Answer("town-hall", viewers[0], poll_id, [soup]))
    assert room.published == []
    hidden = store.refresh_current(event_id)
    assert hidden
    assert "answers" not in hidden
    assert not any("votes" in option for option in hidden["options"])
    close_poll(poll_id)
    shown = store.refresh_current(event_id)
    assert shown
    assert [option["votes"] for option in shown["options"]] == [1, 0, 0]


def test_an_own_answer_is_known_without_a_query(app: Flask, viewers: Sequence[Viewer]) -> None:
    poll_id, (soup, *_) = add_poll()
    event_id, ada = get_event("town-hall").id, viewers[0].employee.id
    give(viewers[0], poll_id, soup)
    for expected in (1, 0):
        db.session.rollback()
        with counted_statements(app) as statements:
            poll = store.find_current(event_id)
            assert poll
            assert store.find_answer(poll, event_id, ada) == [soup]
        assert len(statements) == expected
    close_poll(poll_id)
    add_poll()
    poll = store.find_current(event_id)
    assert poll
    assert store.find_answer(poll, event_id, ada) is None


def test_an_event_is_deleted_with_its_drafts() -> None:
    add_event("never-held", state="scheduled")
    add_poll(slug="never-held", opened=False)
    with operator():
        delete_event(get_event("never-held"))
    assert not rows_of(Poll) + rows_of(PollOption)
