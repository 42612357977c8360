"""The moderator's desk: several messages at once, two moderators at once, stale pages, undo."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from tests.support.client import PageClient, text_of
from tests.support.data import ADMIN, add_admin, add_employee, add_event, add_question
from tests.support.polls import add_poll
from tests.support.statements import counted_statements
from webapp.domain.chat import board
from webapp.domain.events import store as events
from webapp.domain.models import HeldMessage, Message, Mute, Poll
from webapp.infra.clock import utcnow
from webapp.infra.extensions import db

SLUG = "town-hall"
EVENT = f"/admin/events/{SLUG}"
CHAT = f"{EVENT}/chat"
HTMX = {"HX-Request": "true"}
SECOND = "second@example.com"

Press = Callable[..., TestResponse]

pytestmark = pytest.mark.parametrize("settings", ["embedded"], indirect=True)


@pytest.fixture(autouse=True)
def meeting(app: Flask) -> None:
    with app.app_context():
        event = add_event(SLUG)
        add_admin()
        add_admin(SECOND, name="Alan Turing")
        add_employee("1001", id=7, first_name="Ada", last_name="Lovelace")
        for number in range(5):
            db.session.add(message(event.id, f"text {number}"))
            db.session.add(held(event.id, f"held {number}"))
        db.session.commit()


def message(event_id: int, body: str) -> Message:
    written = {"employee_id": 7, "posted_at": utcnow(), "nonce": body}
    return Message(event_id=event_id, body=body, **written)


def held(event_id: int, body: str) -> HeldMessage:
    written = {"employee_id": 7, "posted_at": utcnow(), "nonce": body}
    return HeldMessage(event_id=event_id, body=body, **written)


def desk_of(app: Flask, email: str) -> Press:
    """Sign an admin in, and return what presses a button of the desk."""
    client = app.test_client()
    assert isinstance(client, PageClient)
    client.sign_in(email, ADMIN[1])

    def press(action: str = "", fields: object = (), **options: object) -> TestResponse:
        address = action if action.startswith("/") else f"{CHAT}/{action}".rstrip("/")
        if not fields and not options.get("post"):
            return client.get(address)
        found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(CHAT).text)
        assert found
        form = MultiDict([("csrf_token", found[1]), *fields])  # type: ignore[misc]
        headers = HTMX if options.get("htmx") else {}
        return client.post(address, data=form, headers=headers)

    return press


@pytest.fixture
def grace(app: Flask, meeting: None) -> Press:
    return desk_of(app, ADMIN[0])


@pytest.fixture
def alan(app: Flask, meeting: None) -> Press:
    return desk_of(app, SECOND)


def ids(app: Flask, table: type[Message] | type[HeldMessage]) -> list[int]:
    with app.app_context():
        return list(db.session.scalars(select(table.id).order_by(table.id)))


def visible(app: Flask) -> list[str]:
    with app.app_context():
        query = select(Message.body).where(Message.removed_at.is_(None)).order_by(Message.id)
        return list(db.session.scalars(query))


def selected(field: str, chosen: list[int]) -> list[tuple[str, str]]:
    return [(field, str(one)) for one in chosen]


def said_by(press: Press) -> str:
    """Return the text of the desk, with what it says of the act before."""
    return text_of(press().text)


def undo_address(press: Press) -> str:
    found = re.search(
        r'class="toast"><p>[^<]*</p><form method="post" action="([^"]+)"', press().text
    )
    assert found
    return found[1].replace("&amp;", "&")


def test_several_messages_are_removed_and_restored_at_once(app: Flask, grace: Press) -> None:
    chosen = ids(app, Message)[:3]
    answer = grace("messages/remove", selected("message", chosen))
    assert answer.location == f"{CHAT}#messages"
    assert visible(app) == ["text 3", "text 4"]
    undo = undo_address(grace)
    assert grace(undo, post=True).status_code == 303
    assert "Restored 3 messages." in said_by(grace)
    assert len(visible(app)) == 5
    grace(undo, post=True)
    assert "There is nothing left to undo." in said_by(grace)


def test_several_posts_are_approved_at_once_and_taken_back(app: Flask, grace: Press) -> None:
    chosen = ids(app, HeldMessage)[:3]
    grace("held/approve", selected("held", chosen))
    assert visible(app)[5:] == ["held 0", "held 1", "held 2"]
    undo = undo_address(grace)
    grace(undo, post=True)
    assert "Took back 3 decisions." in said_by(grace)
    assert len(visible(app)) == 5


def test_a_rejection_is_taken_back(app: Flask, grace: Press) -> None:
    grace("held/reject", selected("held", ids(app, HeldMessage)[:2]))
    assert "Waiting for approval (3)" in (page := said_by(grace))
    assert "Rejected 2 messages." in page


def test_an_undone_rejection_waits_again(app: Flask, grace: Press) -> None:
    grace("held/reject", selected("held", ids(app, HeldMessage)[:2]))
    grace(undo_address(grace), post=True)
    assert "Waiting for approval (5)" in said_by(grace)


def test_the_undo_of_another_admin_changes_nothing(app: Flask, grace: Press, alan: Press) -> None:
    grace("messages/remove", selected("message", ids(app, Message)))
    alan(undo_address(grace), post=True)
    assert "There is nothing left to undo." in said_by(alan)
    assert visible(app) == []


@pytest.mark.parametrize(
    ("field", "table", "first", "second", "sentence"),
    [
        ("message", Message, "remove", "remove", "Grace Hopper removed this message already, at"),
        (
            "held",
            HeldMessage,
            "approve",
            "reject",
            "Grace Hopper approved this message already, at",
        ),
        (
            "held",
            HeldMessage,
            "reject",
            "approve",
            "Grace Hopper rejected this message already, at",
        ),
    ],
)
def test_the_second_moderator_learns_who_was_first(
    app: Flask,
    grace: Press,
    alan: Press,
    field: str,
    table: type[Message],
    first: str,
    second: str,
    sentence: str,
) -> None:
    (one, *_) = ids(app, table)
    place = {"message": "messages", "held": "held"}[field]
    grace(f"{place}/{one}/{first}", post=True)
    before = visible(app)
    assert alan(f"{place}/{one}/{second}", post=True).status_code == 303
    assert sentence in said_by(alan)
    assert visible(app) == before


def test_a_selection_that_is_partly_done_says_how_many_were(
    app: Flask, grace: Press, alan: Press
) -> None:
    all_five = ids(app, Message)
    grace("messages/remove", selected("message", all_five[:2]))
    alan("messages/remove", selected("message", all_five))
    page = said_by(alan)
    assert "Removed 3 messages." in page
    assert "Grace Hopper had removed 2 of them already." in page


def test_a_second_restoration_names_the_first(app: Flask, grace: Press, alan: Press) -> None:
    (one, *_) = ids(app, Message)
    grace(f"messages/{one}/remove", post=True)
    grace(f"messages/{one}/restore", post=True)
    alan(f"messages/{one}/restore", post=True)
    assert "Grace Hopper restored this already." in said_by(alan)


@pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
@pytest.mark.parametrize(
    ("fields", "status", "text"),
    [
        ([("q", "")], 422, "Select a message first."),
        (selected("message", list(range(1, 1001))), 422, "Select at most 200 messages at once"),
        ([("message", "x")], 422, "must be an id"),
    ],
    ids=["none", "a thousand", "no id"],
)
def test_a_selection_that_cannot_be_is_refused(
    app: Flask, grace: Press, htmx: bool, fields: list[tuple[str, str]], status: int, text: str
) -> None:
    answer = grace("messages/remove", fields, htmx=htmx)
    assert answer.status_code == status
    assert text in answer.text
    assert len(visible(app)) == 5


def test_a_selection_with_a_message_of_another_event_changes_nothing(
    app: Flask, grace: Press
) -> None:
    with app.app_context():
        other = add_event("second")
        db.session.add(message(other.id, "elsewhere"))
        db.session.commit()
    answer = grace("messages/remove", selected("message", ids(app, Message)))
    assert answer.status_code == 404
    assert "1 of the selected messages are not in this event" in answer.text
    assert len(visible(app)) == 6


def test_messages_are_found_by_text_and_by_name(app: Flask, grace: Press) -> None:
    assert "text 3" in (page := text_of(grace(f"{CHAT}?q=EXT%203").text))
    assert "text 2" not in page
    assert "text 2" in text_of(grace(f"{CHAT}?q=lovelace").text)
    assert "No message has this text." in text_of(grace(f"{CHAT}?q=100%25").text)
    refused = grace(f"{CHAT}?q={'x' * 101}")
    assert refused.status_code == 422
    assert "text 3" in refused.text


def test_an_act_in_a_search_leads_back_to_it(app: Flask, grace: Press) -> None:
    one = ids(app, Message)[3]
    answer = grace(f"messages/{one}/remove", [("q", "text 3")])
    assert answer.location == f"{CHAT}?q=text+3#message-{one}"


def test_a_person_has_a_page_with_messages_mutes_and_questions(app: Flask, grace: Press) -> None:
    with app.app_context():
        event = events.get_event(SLUG)
        add_question(event.id, 7)
        add_question(event.id, 7, author_id=None)
    grace("employees/7/mute", [("minutes", "30"), ("reason", "Insults"), ("person", "7")])
    page = text_of(grace("employees/7").text)
    assert "5 messages" in page
    assert "1 question with the name" in page, "an anonymous question must not be counted"
    assert "by Grace Hopper · Insults" in page
    grace("employees/7/unmute", post=True)
    assert "by Grace Hopper · Insults" in text_of(grace("employees/7").text)
    assert grace("employees/999").status_code == 404


def test_a_second_mute_replaces_the_first_and_says_so(
    app: Flask, grace: Press, alan: Press
) -> None:
    grace("employees/7/mute", [("minutes", "5")])
    alan("employees/7/mute", [("minutes", "event")])
    sentence = "Muted Ada Lovelace for the event. This replaces the mute by Grace Hopper."
    assert sentence in said_by(alan)
    with app.app_context():
        assert db.session.scalars(select(Mute.until)).all() == [None]


@pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
@pytest.mark.parametrize(
    ("until", "text"),
    [
        ("2020-01-01T10:00", "This end has passed already."),
        ("", "Say until when."),
        ("2027-03-28T02:30", "does not exist in Europe/Berlin"),
    ],
)
def test_an_end_that_cannot_be_is_marked(
    app: Flask, grace: Press, htmx: bool, until: str, text: str
) -> None:
    answer = grace("employees/7/mute", [("minutes", "until"), ("until", until)], htmx=htmx)
    assert answer.status_code == 422
    assert text in answer.text
    assert 'aria-describedby="until-hint until-error"' in answer.text
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Mute)) == 0


def test_a_chosen_end_is_in_the_zone_of_the_event(app: Flask, grace: Press) -> None:
    with app.app_context():
        local = events.get_event(SLUG).local(utcnow() + timedelta(hours=2))
    wall = local.strftime("%Y-%m-%dT%H:%M")
    grace("employees/7/mute", [("minutes", "until"), ("until", wall)])
    with app.app_context():
        (until,) = db.session.scalars(select(Mute.until)).all()
        assert until == local.replace(second=0, microsecond=0)


def test_two_moderators_decide_on_one_question(app: Flask, grace: Press, alan: Press) -> None:
    with app.app_context():
        question_id = add_question(events.get_event(SLUG).id, 7, state="waiting").id
    grace(f"{EVENT}/questions/{question_id}/reject", post=True)
    answer = alan(f"{EVENT}/questions/{question_id}/approve", [("desk", "1")])
    assert (answer.status_code, answer.location) == (303, CHAT)
    assert "Grace Hopper has rejected this question already." in said_by(alan)


def test_a_poll_that_is_gone_is_named_on_the_board(app: Flask, grace: Press) -> None:
    answer = grace(f"{EVENT}/polls/999/open", post=True)
    assert answer.status_code == 404
    assert "There is no such poll." in answer.text
    assert "There is no poll yet." in answer.text


def test_a_draft_is_thrown_away_after_a_question(app: Flask, grace: Press) -> None:
    with app.app_context():
        poll_id, _options = add_poll(opened=False)
    asked = grace(f"{EVENT}/polls/{poll_id}/discard")
    assert "It cannot be brought back." in text_of(asked.text)
    assert grace(f"{EVENT}/polls/{poll_id}/discard", post=True).status_code == 303
    with app.app_context():
        assert db.session.get(Poll, poll_id) is None


@pytest.mark.parametrize(
    ("question", "options", "field"),
    [
        ("", ["a", "b"], "question"),
        ("Why?", ["a", "", ""], "option-1"),
        ("Why?", ["a", "", "A"], "option-2"),
        ("Why?", ["a", "b", "x" * 201], "option-2"),
    ],
)
def test_the_wrong_field_of_a_poll_is_marked(
    app: Flask, grace: Press, question: str, options: list[str], field: str
) -> None:
    fields = [("question", question), *(("option", text) for text in options)]
    answer = grace(f"{EVENT}/polls", fields)
    assert answer.status_code == 422
    assert f'aria-describedby="{field}-error"' in answer.text
    assert f'href="#{field}"' in answer.text
    assert answer.text.count("aria-invalid") == 1


def test_the_lists_take_three_statements(app: Flask) -> None:
    with app.app_context():
        event = events.get_event(SLUG)
        with counted_statements(app) as statements:
            found = board.read_board(event, board.Wanted())
    assert (len(found.messages), found.waiting) == (5, 5)
    assert len(statements) == 3
