"""Questions and votes in the domain: counted once, refused with a reason, and never with a name."""

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, insert, select, update
from sqlalchemy.event import listen, remove
from sqlalchemy.exc import DBAPIError

from realtime.fanout.question_part import QuestionPart
from tests.support.data import add_admin, add_employee, add_event, add_question
from tests.support.statements import counted_statements
from webapp.domain.attendance.checkin import Viewer, check_in_known
from webapp.domain.audit import trail
from webapp.domain.chat import mutes
from webapp.domain.employees.directory import end_sessions, get_employee
from webapp.domain.events.store import EventInfo, change_columns, get_event
from webapp.domain.models import Admin, Question, QuestionAuthor, QuestionVote
from webapp.domain.questions import asking, board, merging, moderation, own, voting
from webapp.domain.questions.drafts import Draft, QuestionsClosed, Receipt, Rejected
from webapp.domain.questions.voting import Vote, Votes
from webapp.domain.writing.batches import check_each
from webapp.domain.writing.nonces import NonceReused
from webapp.errors import (
    EventNotOpen,
    Invalid,
    Muted,
    NotCheckedIn,
    NotFound,
    SlowDown,
    as_townhall_error,
)
from webapp.infra.clock import utcnow
from webapp.infra.extensions import db

PEOPLE = 12
SLUG = "town-hall"
NONCES = map(str, itertools.count())


@pytest.fixture
def viewers(app: Flask) -> Iterator[list[Viewer]]:
    with app.app_context():
        add_event(SLUG, anonymous_questions=True)
        yield [checked_in(SLUG, f"{number}") for number in range(PEOPLE)]


def checked_in(slug: str, number: str) -> Viewer:
    employee = get_employee(add_employee(number).id)
    assert employee is not None
    return check_in_known(get_event(slug), employee)


def checked_in_to(slug: str, viewer: Viewer) -> Viewer:
    return check_in_known(get_event(slug), viewer.employee)


def ask(viewer: Viewer, body: str = "Why?", **values: Any) -> int:
    """Ask and return the id, also of a question that waits for approval."""
    nonce = values.pop("nonce", None) or next(NONCES)
    slug = values.pop("slug", SLUG)
    asking.ask(Draft(slug, viewer, body, nonce, **values))
    query = select(QuestionAuthor.id).where(QuestionAuthor.nonce == nonce)
    return db.session.scalars(query).one()


def vote(viewer: Viewer, question_id: object, value: object = True, slug: str = SLUG) -> int:
    return voting.vote(Vote(slug, viewer, question_id, value)).votes


def count_rows(question_id: int) -> int:
    query = select(func.count()).where(QuestionVote.question_id == question_id)
    return db.session.scalar(query) or 0


def read(question_id: int) -> Question:
    return db.session.get_one(Question, question_id, populate_existing=True)


def votes_of(question_id: int) -> int:
    """Return the count, which must be the number of rows."""
    votes = read(question_id).votes
    assert votes == count_rows(question_id)
    return votes


def test_a_question_stands_on_the_page(viewers: list[Viewer]) -> None:
    question_id = ask(viewers[0], "  Why\u200b? ")
    (question,) = board.find_standing(get_event(SLUG).id)
    name = viewers[0].employee.name
    assert (question["id"], question["body"], question["author"]) == (
        question_id,
        "Why\u200b?",
        name,
    )
    assert (question["state"], question["votes"], question["answer"]) == ("open", 0, None)


def test_a_question_sent_again_is_the_same_one(viewers: list[Viewer]) -> None:
    drafts = [Draft(SLUG, viewers[0], "Why?", "same") for _ in range(5)]
    outcomes = asking.ask_and_publish(drafts)
    again = asking.ask(Draft(SLUG, viewers[0], "Why?", "same"))
    assert set(outcomes) == {again}
    assert db.session.scalar(select(func.count()).select_from(Question)) == 1
    # Another employee may have the same nonce.
    assert asking.ask(Draft(SLUG, viewers[1], "Why?", "same")) != again


def test_another_question_under_the_same_nonce_is_refused(viewers: list[Viewer]) -> None:
    add_event("another", anonymous_questions=True)
    first = Draft(SLUG, viewers[0], "Wyh?", "same")
    others = [
        replace(first, body="Why?"),
        # Its author must not believe that the name is not shown.
        replace(first, anonymous=True),
        replace(first, slug="another", viewer=checked_in_to("another", viewers[0])),
    ]
    receipt, *refused = asking.ask_and_publish([first, *others])
    assert isinstance(receipt, Receipt)
    assert {type(outcome) for outcome in refused} == {NonceReused}
    assert receipt.id
    moderation.edit(get_event(SLUG), receipt.id, "Why?")
    for other in others:
        with pytest.raises(NonceReused):
            asking.ask(other)
    assert asking.ask(first) == receipt


@pytest.mark.parametrize("body", ["", " \n ", "\u200b", "x" * 501, 5, None, ["Why?"]])
def test_a_question_has_1_to_500_visible_characters(viewers: list[Viewer], body: object) -> None:
    with pytest.raises(Invalid):
        asking.ask(Draft(SLUG, viewers[0], body, "n"))


@pytest.mark.parametrize("nonce", ["", "x" * 65, "a b", "ä", 7, None])
def test_a_question_needs_a_nonce(viewers: list[Viewer], nonce: object) -> None:
    with pytest.raises(Invalid):
        asking.ask(Draft(SLUG, viewers[0], "Why?", nonce))


def test_three_questions_a_minute_are_taken(viewers: list[Viewer]) -> None:
    for _ in range(asking.RATE_QUESTIONS):
        ask(viewers[0])
    with pytest.raises(SlowDown) as refused:
        ask(viewers[0])
    assert 55 <= (refused.value.retry_after or 0) <= 60
    ask(viewers[1])
    earlier = utcnow() - timedelta(seconds=61)
    db.session.execute(update(QuestionAuthor).values(asked_at=earlier))
    db.session.commit()
    ask(viewers[0])


def test_anonymous_questions_count_for_the_rate_as_well(viewers: list[Viewer]) -> None:
    for anonymous in (True, True, False):
        ask(viewers[0], anonymous=anonymous)
    with pytest.raises(SlowDown):
        ask(viewers[0], anonymous=True)


def test_a_muted_employee_cannot_ask(viewers: list[Viewer]) -> None:
    add_admin()
    with trail.acting_as(db.session.scalars(select(Admin.id)).one()):
        mutes.mute(get_event(SLUG), viewers[0].employee.id, utcnow() + timedelta(minutes=5))
    for anonymous in (True, False):
        with pytest.raises(Muted):
            ask(viewers[0], anonymous=anonymous)


def test_questions_can_be_closed(viewers: list[Viewer]) -> None:
    question_id = ask(viewers[0])
    change_columns(get_event(SLUG), "questions_settings_changed", questions_open=False)
    with pytest.raises(QuestionsClosed):
        ask(viewers[0])
    with pytest.raises(QuestionsClosed):
        vote(viewers[0], question_id)


def test_a_closed_event_takes_neither_questions_nor_votes(viewers: list[Viewer]) -> None:
    question_id = ask(viewers[0])
    change_columns(get_event(SLUG), "event_edited", state="closed")
    with pytest.raises(EventNotOpen):
        ask(viewers[0])
    with pytest.raises(EventNotOpen):
        vote(viewers[0], question_id)


def test_an_anonymous_question_needs_an_event_that_allows_it(viewers: list[Viewer]) -> None:
    change_columns(get_event(SLUG), "event_edited", anonymous_questions=False)
    with pytest.raises(Invalid):
        ask(viewers[0], anonymous=True)
    with pytest.raises(Invalid):
        ask(viewers[0], anonymous="yes")


def test_an_anonymous_question_shows_no_author(viewers: list[Viewer]) -> None:
    question_id = ask(viewers[0], anonymous=True)
    (question,) = board.find_standing(get_event(SLUG).id)
    assert (question["author"], question["department"]) == (None, None)
    assert read(question_id).author_id is None
    assert own.find_own(get_event(SLUG).id, viewers[0].employee.id)["asked"] == [question_id]


def test_a_vote_counts_once_and_can_be_taken_back(viewers: list[Viewer]) -> None:
    question_id = ask(viewers[0])
    assert [vote(viewers[0], question_id) for _ in range(3)] == [1, 1, 1]
    assert vote(viewers[1], question_id) == 2
    assert [vote(viewers[0], question_id, False) for _ in range(2)] == [1, 1]
    assert votes_of(question_id) == 1


def test_a_batch_of_votes_is_counted_exactly(viewers: list[Viewer]) -> None:
    first, second = ask(viewers[0]), ask(viewers[1])
    votes = [Vote(SLUG, viewer, first, True) for viewer in viewers for _ in range(2)]
    votes += [Vote(SLUG, viewer, second, viewer is not viewers[3]) for viewer in viewers]
    outcomes = voting.vote_and_publish(votes)
    assert outcomes == [Votes(PEOPLE)] * 2 * PEOPLE + [Votes(PEOPLE - 1)] * PEOPLE
    assert (votes_of(first), votes_of(second)) == (PEOPLE, PEOPLE - 1)
    voting.vote_and_publish([Vote(SLUG, viewer, first, False) for viewer in viewers[:5]])
    assert votes_of(first) == PEOPLE - 5


def test_a_vote_of_an_ended_session_does_not_count(viewers: list[Viewer]) -> None:
    question_id = ask(viewers[0])
    end_sessions(viewers[3].employee.id)
    votes = [Vote(SLUG, viewer, question_id, True, recheck=True) for viewer in viewers]
    outcomes = voting.vote_and_publish(votes)
    refused = [place for place, one in enumerate(outcomes) if isinstance(one, NotCheckedIn)]
    assert refused == [3]
    assert votes_of(question_id) == PEOPLE - 1


def test_ten_votes_in_ten_seconds_are_taken(viewers: list[Viewer]) -> None:
    question_id = ask(viewers[0])
    for number in range(voting.RATE_VOTES):
        vote(viewers[0], question_id, number % 2 == 0)
    with pytest.raises(SlowDown) as refused:
        vote(viewers[0], question_id)
    assert 1 <= (refused.value.retry_after or 0) <= 10
    assert votes_of(question_id) == 0
    assert vote(viewers[1], question_id) == 1


@pytest.mark.parametrize("value", [None, "yes", 1, 2, []])
def test_a_vote_is_true_or_false(viewers: list[Viewer], value: object) -> None:
    question_id = ask(viewers[0])
    with pytest.raises(Invalid):
        vote(viewers[0], question_id, value)


@pytest.mark.parametrize("question_id", [None, "x", -1, 2**63, True, 1.5, 10**9])
def test_a_vote_names_a_question(viewers: list[Viewer], question_id: object) -> None:
    with pytest.raises((Invalid, NotFound)):
        vote(viewers[0], question_id)


def test_a_vote_is_for_a_question_of_the_own_event(app: Flask, viewers: list[Viewer]) -> None:
    question_id = ask(viewers[0])
    add_event("another")
    stranger = checked_in("another", "stranger")
    with pytest.raises(NotFound):
        vote(stranger, question_id, slug="another")
    assert votes_of(question_id) == 0


@pytest.mark.parametrize("act", ["hide", "answer"])
def test_a_hidden_or_answered_question_takes_no_votes(viewers: list[Viewer], act: str) -> None:
    question_id = ask(viewers[0])
    vote(viewers[1], question_id)
    ACTS[act](get_event(SLUG), question_id)
    with pytest.raises(Invalid):
        vote(viewers[2], question_id)
    assert votes_of(question_id) == 1


def test_a_question_may_wait_for_approval(viewers: list[Viewer]) -> None:
    event = get_event(SLUG)
    change_columns(event, "questions_settings_changed", hold_questions=True)
    draft = Draft(SLUG, viewers[0], "Why?", "held")
    assert asking.ask(draft) == Receipt(None)
    assert board.find_standing(event.id) == []
    (question_id,) = own.find_own(event.id, viewers[0].employee.id)["asked"]
    with pytest.raises(NotFound):
        vote(viewers[1], question_id)
    moderation.approve(event, question_id)
    assert asking.ask(draft) == Receipt(question_id)
    assert [question["id"] for question in board.find_standing(event.id)] == [question_id]
    with pytest.raises(Invalid):
        moderation.reject(event, question_id)


def test_a_rejected_question_is_refused_when_it_is_sent_again(viewers: list[Viewer]) -> None:
    event = get_event(SLUG)
    change_columns(event, "questions_settings_changed", hold_questions=True)
    question_id = ask(viewers[0], nonce="held")
    moderation.reject(event, question_id)
    moderation.reject(event, question_id)
    with pytest.raises(Rejected):
        asking.ask(Draft(SLUG, viewers[0], "Why?", "held"))


def test_a_moderator_needs_no_approval(viewers: list[Viewer]) -> None:
    change_columns(get_event(SLUG), "questions_settings_changed", hold_questions=True)
    assert read(ask(viewers[0], moderator=True)).state == "open"


def test_one_question_is_answered_at_a_time(viewers: list[Viewer]) -> None:
    event, first, second = get_event(SLUG), ask(viewers[0]), ask(viewers[1])
    moderation.start_answering(event, first)
    moderation.start_answering(event, second)
    states = {question["id"]: question for question in board.find_standing(event.id)}
    assert [states[id_]["state"] for id_ in (first, second)] == ["answered", "answering"]
    # The event began ten minutes ago.
    assert states[first]["answered_at"] == "00:10"
    moderation.answer(event, second, "Because.")
    answered = {question["id"]: question for question in board.find_standing(event.id)}[second]
    assert (answered["state"], answered["answer"]) == ("answered", "Because.")


def test_a_corrected_answer_keeps_its_time(viewers: list[Viewer]) -> None:
    event, question_id = get_event(SLUG), ask(viewers[0])
    moderation.answer(event, question_id, "")
    earlier = utcnow() - timedelta(minutes=5)
    db.session.execute(update(Question).values(answered_at=earlier))
    db.session.commit()
    for answer in ("Becuase.", "Because.", "Because."):
        moderation.answer(event, question_id, answer)
    question = read(question_id)
    assert (question.answer, question.answered_at) == ("Because.", earlier)
    # Pressed twice, the button changes nothing.
    assert question.revision == 4
    moderation.reopen(event, question_id)
    moderation.answer(event, question_id, "Because.")
    answered_at = read(question_id).answered_at
    assert answered_at
    assert answered_at > earlier


def test_the_question_being_answered_comes_first(viewers: list[Viewer]) -> None:
    event, ids = get_event(SLUG), [ask(viewer) for viewer in viewers[:4]]
    vote(viewers[5], ids[1])
    moderation.start_answering(event, ids[0])
    moderation.answer(event, ids[3], "")
    order = [ids[0], ids[1], ids[2], ids[3]]
    assert [question["id"] for question in board.find_standing(event.id)] == order
    assert [one["id"] for one in board.list_page(event.id, "votes", 1).questions] == order
    newest = board.list_page(event.id, "newest", 1).questions
    assert [one["id"] for one in newest] == sorted(ids, reverse=True)


def test_the_first_text_of_an_edited_question_stays_on_record(viewers: list[Viewer]) -> None:
    question_id = ask(viewers[0], "Wyh?")
    for body in ("Whhy?", "Why?"):
        moderation.edit(get_event(SLUG), question_id, body)
    assert (read(question_id).body, read(question_id).original_body) == ("Why?", "Wyh?")
    with pytest.raises(Invalid):
        moderation.edit(get_event(SLUG), question_id, " ")


def test_merged_questions_unite_their_votes_once_a_person(viewers: list[Viewer]) -> None:
    event, first, second = get_event(SLUG), ask(viewers[0]), ask(viewers[1])
    voting.vote_and_publish([Vote(SLUG, viewer, first, True) for viewer in viewers[:7]])
    voting.vote_and_publish([Vote(SLUG, viewer, second, True) for viewer in viewers[4:9]])
    assert own.find_own(event.id, viewers[0].employee.id)["voted"] == [first]
    for _ in range(2):
        merging.merge(event, first, second)
    assert votes_of(second) == 9
    assert (read(first).state, read(first).merged_into) == ("hidden", second)
    assert second in own.find_own(event.id, viewers[0].employee.id)["voted"]
    with pytest.raises(Invalid):
        moderation.reopen(event, first)
    with pytest.raises(Invalid):
        merging.merge(event, second, second)
    with pytest.raises(Invalid):
        merging.merge(event, second, first)


def test_moderators_order_the_queue(viewers: list[Viewer]) -> None:
    event, ids = get_event(SLUG), [ask(viewer) for viewer in viewers[:3]]
    for question_id in ids:
        moderation.move(event, question_id, "last")
    moderation.move(event, ids[2], "up")
    moderation.move(event, ids[0], "out")
    places = {id_: read(id_).place for id_ in ids}
    assert places == {ids[0]: None, ids[2]: 1, ids[1]: 2}
    with pytest.raises(Invalid):
        moderation.move(event, ids[1], "sideways")


ACTS: dict[str, Callable[[EventInfo, int], None]] = {
    "approve": moderation.approve,
    "reject": moderation.reject,
    "start answering": moderation.start_answering,
    "hide": moderation.hide,
    "reopen": moderation.reopen,
    "edit": lambda event, id_: moderation.edit(event, id_, "Why?"),
    "answer": lambda event, id_: moderation.answer(event, id_, ""),
    "move": lambda event, id_: moderation.move(event, id_, "last"),
    "merge": lambda event, id_: merging.merge(event, id_, 10**6),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_moderators_reach_questions_of_their_event_only(
    viewers: list[Viewer], act: Callable[[EventInfo, int], None]
) -> None:
    question_id = ask(viewers[0])
    add_event("another")
    with pytest.raises(NotFound):
        act(get_event("another"), question_id)
    assert read(question_id).state == "open"


def test_a_vote_while_its_voter_is_read_is_not_missing_afterwards(
    app: Flask, viewers: list[Viewer]
) -> None:
    question_id, ada = ask(viewers[0]), viewers[1]
    event_id, done = get_event(SLUG).id, list[bool]()

    def vote_meanwhile(*_args: Any) -> None:
        if "question_votes" in _args[2] and not done:
            done.append(True)
            thread = threading.Thread(target=in_context(app, lambda: vote(ada, question_id)))
            thread.start()
            thread.join()

    listen(db.engine, "after_cursor_execute", vote_meanwhile)
    assert own.find_own(event_id, ada.employee.id)["voted"] == []
    remove(db.engine, "after_cursor_execute", vote_meanwhile)
    db.session.rollback()
    for _ in range(2):
        assert own.find_own(event_id, ada.employee.id)["voted"] == [question_id]
    with counted_statements(app) as statements:
        own.find_own(event_id, ada.employee.id)
    assert statements == []


def in_context(app: Flask, act: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        with app.app_context():
            act()

    return run


def test_the_sweep_reads_only_what_differs(app: Flask, viewers: list[Viewer]) -> None:
    event, author = get_event(SLUG), viewers[0].employee.id
    ids = [ask(viewers[0])]
    ids += [add_question(event.id, author, id=ids[0] + n * board.BLOCK).id for n in (1, 2)]
    part = QuestionPart.begin(event.id)
    with counted_statements(app) as statements:
        assert list(part.find_missed()) == []
    assert len(statements) == 1
    vote(viewers[1], ids[-1])
    moderation.hide(event, ids[0])
    asked = ask(viewers[2])
    missed = dict(part.find_missed())
    assert {question["id"] for question in missed["questions_changed"]} == {ids[0], asked}
    assert missed["votes_changed"] == {ids[0]: (0, 0), ids[2]: (1, 1), asked: (0, 0)}
    for name, payload in missed.items():
        part.take_new(name, payload)
    assert list(part.find_missed()) == []


def test_what_stands_is_bounded(viewers: list[Viewer]) -> None:
    rows = [{"id": n, "votes": n % 7, "state": "open"} for n in range(1, 500)]
    standing = board.choose_standing(rows)
    assert len(standing) <= board.BEST + board.NEWEST
    assert set(range(470, 500)) <= {one["id"] for one in standing}
    assert standing[0]["votes"] == 6


def test_votes_and_questions_cost_the_same_few_statements(
    app: Flask, viewers: list[Viewer]
) -> None:
    question_id = ask(viewers[0])
    counts = []
    for batch in (viewers[:1], viewers[1:]):
        get_event(SLUG)
        with counted_statements(app) as statements:
            voting.vote_and_publish([Vote(SLUG, viewer, question_id, True) for viewer in batch])
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 4


def test_one_person_has_one_vote_in_a_race(app: Flask, viewers: list[Viewer]) -> None:
    """Batches of two nodes and several tabs vote and take back at the same time."""
    ids = [ask(viewers[0]), ask(viewers[1]), ask(viewers[2])]
    errors: list[BaseException] = []

    def work(number: int) -> None:
        for turn in range(6):
            votes = [
                Vote(SLUG, viewer, ids[(turn + place) % 3], (turn + number) % 3 != 0)
                for place, viewer in enumerate(viewers)
            ]
            try:
                with app.app_context():
                    stored(votes[:: 1 if number % 2 else -1])
            except BaseException as error:
                errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    db.session.rollback()
    assert all(votes_of(question_id) <= PEOPLE for question_id in ids)


def stored(votes: Sequence[Vote]) -> None:
    """Store a batch without the limit of votes, as 12 employees would reach it in this race."""
    checked, _ = check_each(votes, voting._check)
    voting._store([one for one in checked if isinstance(one, voting._Checked)])


def test_the_log_of_a_defect_has_no_parameters(
    viewers: list[Viewer], caplog: pytest.LogCaptureFixture
) -> None:
    row = {"event_id": get_event(SLUG).id, "asked_at": utcnow(), "state": "open"}
    # No author has this id.
    statement = insert(Question).values(id=10**6, body="Why?", **row)
    with pytest.raises(DBAPIError) as failed:
        db.session.execute(statement)
    db.session.rollback()
    as_townhall_error(failed.value)
    assert "Why?" not in caplog.text
    assert "INSERT INTO questions" in caplog.text
