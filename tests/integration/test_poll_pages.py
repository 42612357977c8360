"""The pages of polls, as forms without JavaScript and with HTMX."""

import csv
import io
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from openpyxl import load_workbook

from tests.support.client import PageClient, text_of
from tests.support.data import ADMIN, add_admin, add_employee, add_event
from tests.support.polls import LUNCH, add_poll, close_poll, count_votes, operator, rows_of
from webapp.domain.events.store import get_event
from webapp.domain.models import Poll, PollAnswer, PollOption, ReactionMinute
from webapp.domain.polls.drafts import PollDraft
from webapp.domain.reactions import reacting
from webapp.domain.reactions.tally import Tally
from webapp.domain.running.states import change_state

ADA = ("person1001@example.com", "1001")
PAGE, LIVE, DESK = (
    "/events/town-hall/polls",
    "/events/town-hall/live",
    "/admin/events/town-hall/polls",
)
SECRET = replace(LUNCH, secret=True)


@pytest.fixture(autouse=True)
def _event(app: Flask) -> None:
    with app.app_context():
        add_event()
        add_employee("1001")
        add_admin()


@pytest.fixture
def viewer(client: PageClient) -> PageClient:
    client.check_in("town-hall", *ADA)
    return client


@pytest.fixture
def admin(client: PageClient) -> PageClient:
    client.sign_in(*ADMIN)
    return client


def votes(app: Flask, poll_id: int) -> list[int]:
    with app.app_context():
        return count_votes(poll_id)


def add(app: Flask, draft: PollDraft = LUNCH, *, opened: bool = True) -> tuple[int, list[int]]:
    with app.app_context():
        return add_poll(draft, opened=opened)


def test_a_viewer_answers_by_form_and_changes_the_answer(app: Flask, viewer: PageClient) -> None:
    poll_id, (soup, salad, _) = add(app)
    page = viewer.get(PAGE)
    assert "With names: the organizers can see your choice." in text_of(page.text)
    answer = viewer.submit(page, f"polls/{poll_id}", option=str(soup))
    assert (answer.status_code, answer.location) == (303, f"{PAGE}?answered=now#poll")
    page = viewer.get(f"{PAGE}?answered=now")
    assert "Thank you. Your answer is counted." in text_of(page.text)
    assert "1 person has answered." in text_of(page.text)
    viewer.submit(page, f"polls/{poll_id}", option=str(salad))
    assert votes(app, poll_id) == [0, 1, 0]


def test_the_form_of_the_live_page_leads_back_to_it(app: Flask, viewer: PageClient) -> None:
    poll_id, (soup, *_) = add(app)
    page = viewer.get(f"{LIVE}?tab=poll")
    answer = viewer.submit(page, f"polls/{poll_id}", option=str(soup))
    assert answer.location == f"{LIVE}?tab=poll&answered=now#poll"
    assert "Thank you. Your answer is counted." in text_of(viewer.get(answer.location).text)


def test_a_secret_poll_says_so_before_and_keeps_the_first_answer(
    app: Flask, viewer: PageClient
) -> None:
    poll_id, (soup, salad, _) = add(app, SECRET)
    page = viewer.get(PAGE)
    said = text_of(page.text)
    assert "nobody can find out your choice, and you cannot change it later" in said
    viewer.submit(page, f"polls/{poll_id}", option=str(soup))
    again = viewer.submit(page, f"polls/{poll_id}", option=str(salad))
    assert again.location == f"{PAGE}?answered=before#poll"
    said = text_of(viewer.get(f"{PAGE}?answered=before").text)
    assert "You had answered already. Your first answer counts." in said
    assert votes(app, poll_id) == [1, 0, 0]


def test_several_options_are_chosen_where_the_poll_says_so(app: Flask, viewer: PageClient) -> None:
    poll_id, options = add(app, replace(LUNCH, multiple=True))
    page = viewer.get(PAGE)
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    chosen = {"csrf_token": token, "option": [str(options[0]), str(options[2])]}
    assert viewer.post(f"{PAGE}/{poll_id}", data=chosen).status_code == 303
    assert votes(app, poll_id) == [1, 0, 1]


def test_bad_forms_are_refused_with_the_poll_still_there(app: Flask, viewer: PageClient) -> None:
    old, (stale, *_) = add(app)
    with app.app_context():
        close_poll(old)
        add_event("other")
        foreign, (theirs, *_) = add_poll(slug="other")
    poll_id, (soup, salad, _) = add(app)
    token = viewer.get(PAGE).text.split('name="csrf_token" value="')[1].split('"')[0]
    cases: list[tuple[int, list[Any], int]] = [
        (poll_id, [], 422),
        (poll_id, [soup, soup], 422),
        (poll_id, [soup, salad], 422),
        (poll_id, [stale], 422),
        (poll_id, ["soup"], 422),
        (old, [stale], 409),
        (foreign, [theirs], 404),
    ]
    for wanted, options, status in cases:
        form = {"csrf_token": token, "option": [str(option) for option in options]}
        page = viewer.post(f"{PAGE}/{wanted}", data=form)
        assert page.status_code == status, options
        assert 'class="error" id="error"' in page.text
        assert LUNCH.question in text_of(page.text)
    with app.app_context():
        assert not rows_of(PollAnswer)


def test_programs_read_and_answer_in_json(app: Flask, viewer: PageClient) -> None:
    poll_id, (soup, *_) = add(app)
    token = viewer.get(PAGE).text.split('name="csrf_token" value="')[1].split('"')[0]
    headers = {"Accept": "application/json", "X-CSRFToken": token}
    answer = viewer.post(f"{PAGE}/{poll_id}", json={"options": [soup]}, headers=headers)
    assert answer.json == {"ok": True}
    bad = viewer.post(f"{PAGE}/{poll_id}", json={"options": [-1]}, headers=headers)
    assert (bad.status_code, bad.json and bad.json["error"]["code"]) == (422, "invalid")
    found = viewer.get(PAGE, headers={"Accept": "application/json"}).json
    assert found
    assert found["answered"] == [{"poll": poll_id, "options": [soup]}]
    assert [option["votes"] for option in found["polls"][0]["options"]] == [1, 0, 0]
    assert "revision" not in found["polls"][0]


def test_results_stay_hidden_until_the_close(app: Flask, viewer: PageClient) -> None:
    poll_id, (soup, *_) = add(app, replace(LUNCH, live_results=False))
    page = viewer.get(PAGE)
    viewer.submit(page, f"polls/{poll_id}", option=str(soup))
    assert "has answered" not in text_of(viewer.get(PAGE).text)
    with app.app_context():
        close_poll(poll_id)
    assert "1 person has answered." in text_of(viewer.get(PAGE).text)


def test_a_reaction_by_form_is_counted(
    app: Flask, viewer: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As in a process of its own: the other database's test may have reacted in this minute.
    monkeypatch.setattr(reacting, "_tally", Tally())
    page = viewer.get(LIVE)
    for _ in range(2):
        answer = viewer.submit(page, "reactions", kind="love")
        assert (answer.status_code, answer.location) == (303, f"{LIVE}#reactions")
    assert viewer.submit(page, "reactions", kind="boo").status_code == 422
    with app.app_context():
        assert [(row["kind"], row["amount"]) for row in rows_of(ReactionMinute)] == [("love", 2)]


def test_a_moderator_prepares_opens_and_closes_a_poll(app: Flask, admin: PageClient) -> None:
    form = admin.get(f"{DESK}/new")
    fields: dict[str, Any] = {
        "question": "Lunch?",
        "option": "Soup",
        "multiple": "0",
        "secret": "1",
        "live_results": "0",
    }
    refused = admin.submit(form, DESK, **fields)
    assert refused.status_code == 422
    assert 'value="Lunch?"' in refused.text
    token = form.text.split('name="csrf_token" value="')[1].split('"')[0]
    filled = fields | {"csrf_token": token, "option": ["Soup", "", "Salad"]}
    assert admin.post(DESK, data=filled).location == DESK
    with app.app_context():
        (poll,) = rows_of(Poll)
        assert [row["text"] for row in rows_of(PollOption)] == ["Soup", "Salad"]
    assert (poll["secret"], poll["live_results"], poll["state"]) == (True, False, "draft")
    send = {"csrf_token": token}
    for step, state in [("open", "open"), ("close", "closed"), ("open", "open")]:
        assert admin.post(f"{DESK}/{poll['id']}/{step}", data=send).status_code == 303
        with app.app_context():
            assert rows_of(Poll)[0]["state"] == state
    assert admin.get(f"{DESK}/{poll['id']}/edit").status_code == 200
    assert admin.post(f"{DESK}/{poll['id']}/edit", data=filled).status_code == 409


def test_a_second_open_poll_is_refused_beside_the_list(app: Flask, admin: PageClient) -> None:
    add(app)
    second, _ = add(app, opened=False)
    page = admin.get(DESK)
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    refused = admin.post(f"{DESK}/{second}/open", data={"csrf_token": token})
    assert refused.status_code == 409
    assert "Another poll is open. Close that one first." in text_of(refused.text)


@pytest.mark.parametrize("page", [DESK, "/admin/events/town-hall/chat"])
def test_a_poll_can_be_opened_only_while_none_is_open(
    app: Flask, admin: PageClient, page: str
) -> None:
    closed, _ = add(app)
    with app.app_context():
        close_poll(closed)
    draft, _ = add(app, opened=False)
    board = admin.get(page).text
    assert all(f'id="poll-{poll}-open"' in board for poll in (closed, draft))
    third, _ = add(app)
    board = admin.get(page).text
    assert "-open" not in board.split('id="polls-board"')[1]
    assert text_of(board).count("Another poll is open. Close that one first.") == 1
    with app.app_context():
        close_poll(third)
        with operator():
            change_state(get_event("town-hall"), "closed", "")
    board = admin.get(page).text
    assert "-open" not in board.split('id="polls-board"')[1]
    assert "Open the event first: nobody could answer yet." in text_of(board)


def test_the_board_is_sent_again_only_when_it_changed(app: Flask, admin: PageClient) -> None:
    poll_id, _ = add(app)
    htmx = {"HX-Request": "true"}
    board = admin.get(DESK, headers=htmx).text
    seen = board.split("seen=")[1].split('"')[0]
    assert admin.get(f"{DESK}?seen={seen}", headers=htmx).status_code == 204
    with app.app_context():
        close_poll(poll_id)
    assert "Open again" in admin.get(f"{DESK}?seen={seen}", headers=htmx).text


def test_exports_have_results_and_named_answers_alone(app: Flask, client: PageClient) -> None:
    named, (soup, *_) = add(app)
    client.check_in("town-hall", *ADA)
    client.submit(client.get(PAGE), f"polls/{named}", option=str(soup))
    with app.app_context():
        close_poll(named)
    secret, (_, salad, _) = add(app, replace(SECRET, question="=1+1"))
    client.submit(client.get(PAGE), f"polls/{secret}", option=str(salad))
    add(app, opened=False)
    client.sign_in(*ADMIN)
    rows = list(csv.DictReader(io.StringIO(client.get(f"{DESK}.csv").text.lstrip("\ufeff"))))
    counts = [(row["option"], row["votes"], row["percent"]) for row in rows]
    assert counts[:3] == [("Soup", "1", "100"), ("Salad", "0", "0"), ("Cake", "0", "0")]
    assert counts[3:] == [("Soup", "0", "0"), ("Salad", "1", "100"), ("Cake", "0", "0")]
    assert rows[3]["question"] == "'=1+1"
    with client.get(f"{DESK}.xlsx") as answer:
        book = load_workbook(io.BytesIO(answer.data))
    assert book["Polls"].max_row == 7
    assert [[cell.value for cell in row] for row in book["Named answers"].iter_rows(min_row=2)] == [
        [named, LUNCH.question, "1001", "Ada", "Lovelace 1001", "Research", "Soup"]
    ]
