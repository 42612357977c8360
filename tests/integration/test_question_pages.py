"""The pages of questions without JavaScript: asking, voting, moderating, exporting."""

import io
import logging
import secrets
from typing import Any
from zipfile import ZipFile

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.support.client import PageClient, text_of
from tests.support.data import ADMIN, add_admin, add_employee, add_event, add_question
from tests.support.statements import counted_statements
from webapp.domain.audit import trail
from webapp.domain.events.store import change_columns, get_event
from webapp.domain.models import AuditEntry, Question
from webapp.infra.extensions import db

SLUG = "town-hall"
PAGE = f"/events/{SLUG}/questions"
DESK = f"/admin/events/{SLUG}/questions"
NAME = "Zebedee Quillfeather"
JSON = {"Accept": "application/json"}


@pytest.fixture
def viewer(app: Flask, client: PageClient) -> PageClient:
    with app.app_context():
        add_event(SLUG, anonymous_questions=True, stream_url="")
        add_employee("1001", email="z@example.com", first_name="Zebedee", last_name="Quillfeather")
    client.check_in(SLUG, "z@example.com", "1001")
    return client


@pytest.fixture
def admin(app: Flask, viewer: PageClient) -> PageClient:
    """Another browser, of an admin."""
    with app.app_context():
        add_admin()
    browser = app.test_client()
    assert isinstance(browser, PageClient)
    browser.sign_in(*ADMIN)
    return browser


def ask(viewer: PageClient, body: str = "Why?", **fields: str) -> TestResponse:
    return press(viewer, PAGE, PAGE, body=body, nonce=secrets.token_hex(8), **fields)


def press(browser: PageClient, page: str, action: str, **fields: str) -> TestResponse:
    """Press a button that names its own address."""
    return browser.post(action, data={"csrf_token": token_of(browser.get(page))} | fields)


def token_of(page: TestResponse) -> str:
    return page.text.partition('name="csrf_token" value="')[2].partition('"')[0]


def only_question(app: Flask) -> Any:
    """Return the columns of the only question."""
    with app.app_context():
        return db.session.execute(select(Question.__table__)).one()


def test_a_question_is_asked_and_voted_for_by_form(app: Flask, viewer: PageClient) -> None:
    answer = ask(viewer, "Why <b>not</b>?")
    assert answer.status_code == 303
    question = only_question(app)
    assert answer.location.endswith(f"{PAGE}#question-{question.id}")
    assert "Why <b>not</b>?" in text_of(viewer.get(PAGE).text)
    address = f"{PAGE}/{question.id}/vote"
    for value, votes in (("1", 1), ("1", 1), ("0", 0), ("1", 1)):
        answer = press(viewer, PAGE, address, vote=value, sort="newest")
        assert answer.status_code == 303
        assert "sort=newest" in answer.location
        assert only_question(app).votes == votes
    assert 'aria-pressed="true"' in viewer.get(PAGE).text


def test_the_live_page_has_the_questions_and_takes_votes(app: Flask, viewer: PageClient) -> None:
    live = f"/events/{SLUG}/live?tab=questions"
    answer = press(viewer, live, PAGE, body="Why?", nonce="n", **{"from": "live"})
    question = only_question(app)
    assert answer.location == f"{live}#question-{question.id}"
    address = f"{PAGE}/{question.id}/vote"
    answer = press(viewer, live, address, vote="1", **{"from": "live"})
    assert answer.location == f"{live}#question-{question.id}"
    page = viewer.get(live).text
    assert 'aria-pressed="true"' in page
    assert "Why?" in text_of(page)


def test_the_live_page_costs_no_statement_with_a_warm_cache(app: Flask, viewer: PageClient) -> None:
    ask(viewer)
    live = f"/events/{SLUG}/live"
    viewer.get(live)
    with counted_statements(app) as statements:
        assert "Why?" in viewer.get(live).text
    assert statements == []


def test_without_questions_the_first_live_page_of_a_viewer_reads_no_votes(
    app: Flask, viewer: PageClient
) -> None:
    with counted_statements(app) as statements:
        viewer.get(f"/events/{SLUG}/live")
    assert not [one for one in statements if "question_votes" in one or "question_authors" in one]


def test_a_refused_question_keeps_its_text(viewer: PageClient) -> None:
    answer = ask(viewer, "x" * 501)
    assert answer.status_code == 422
    assert "x" * 501 in answer.text
    assert "Use at most 500 characters" in text_of(answer.text)
    for _ in range(3):
        ask(viewer)
    answer = ask(viewer, "One more?")
    assert answer.status_code == 429
    assert "One more?" in answer.text
    assert int(answer.headers["Retry-After"]) <= 60


@pytest.mark.parametrize(
    ("address", "fields", "status"),
    [
        ("999/vote", {"vote": "1"}, 404),
        ("1/vote", {"vote": "2"}, 422),
        ("1/vote", {}, 422),
        ("x/vote", {"vote": "1"}, 404),
    ],
)
def test_a_broken_vote_is_refused(
    app: Flask, viewer: PageClient, address: str, fields: dict[str, str], status: int
) -> None:
    assert press(viewer, PAGE, f"{PAGE}/{address}", **fields).status_code == status


@pytest.mark.parametrize("query", ["sort=name", "page=0", "page=x", "page=9999999"])
def test_a_list_that_does_not_exist_is_refused(viewer: PageClient, query: str) -> None:
    assert viewer.get(f"{PAGE}?{query}").status_code in (404, 422)


def test_a_page_after_the_last_one_leads_back_to_it(viewer: PageClient) -> None:
    answer = viewer.get(f"{PAGE}?page=7")
    assert "There is no such page." in text_of(answer.text)
    assert "No questions yet" not in text_of(answer.text)
    assert f'rel="prev" href="{PAGE}?sort=votes&amp;page=1"' in answer.text


def test_programs_get_json(app: Flask, viewer: PageClient) -> None:
    headers = JSON | {"X-CSRFToken": token_of(viewer.get(PAGE))}
    answer = viewer.post(PAGE, json={"nonce": "n", "body": "Why?"}, headers=headers)
    question_id = answer.json["id"]  # type: ignore[index]
    vote = f"{PAGE}/{question_id}/vote"
    assert viewer.post(vote, json={"vote": True}, headers=headers).json == {"ok": True, "votes": 1}
    assert viewer.post(vote, json={"vote": 0}, headers=headers).json == {"ok": True, "votes": 0}
    refused = viewer.post(vote, json={"vote": "maybe"}, headers=headers)
    assert (refused.status_code, refused.json["error"]["code"]) == (422, "invalid")  # type: ignore[index]
    listed: Any = viewer.get(PAGE, headers=JSON).json
    assert [one["id"] for one in listed["questions"]] == [question_id]
    assert (listed["voted"], listed["asked"]) == ([], [question_id])


def test_a_question_waits_for_approval_and_is_approved(
    app: Flask, viewer: PageClient, admin: PageClient
) -> None:
    press(admin, DESK, f"{DESK}/settings", hold_questions="1")
    assert "waiting for approval" in text_of(viewer.get(ask(viewer).location).text)
    question = only_question(app)
    assert "Waiting for approval (1)" in text_of(admin.get(DESK).text)
    assert press(admin, DESK, f"{DESK}/{question.id}/approve").status_code == 303
    page = text_of(viewer.get(PAGE).text)
    assert "waiting" not in page
    assert "Most votes" in page
    assert only_question(app).state == "open"


def test_the_desk_does_everything_by_form(
    app: Flask, viewer: PageClient, admin: PageClient
) -> None:
    ask(viewer, "Wyh?")
    question = only_question(app)
    one = f"{DESK}/{question.id}"
    acts: list[tuple[str, dict[str, str], str]] = [
        ("edit", {"body": "Why?"}, "open"),
        ("move", {"where": "last"}, "open"),
        ("answering", {}, "answering"),
        ("answered", {"answer": "Because."}, "answered"),
        ("reopen", {}, "open"),
        ("hide", {}, "hidden"),
        ("reopen", {}, "open"),
    ]
    for act, fields, state in acts:
        assert press(admin, DESK, f"{one}/{act}", **fields).status_code == 303
        assert only_question(app).state == state
    assert only_question(app).body == "Why?"
    assert "As it was asked: Wyh?" in text_of(admin.get(one).text)
    refused = press(admin, DESK, f"{one}/edit", body=" ")
    assert refused.status_code == 422
    assert press(admin, DESK, f"{one}/explode").status_code == 404
    with app.app_context():
        actions = list(db.session.scalars(select(AuditEntry.action)))
    assert {"question_edited", "question_answering", "question_answered"} <= set(actions)
    assert set(actions) <= set(trail.ACTIONS)


def test_an_answer_that_was_taken_back_is_not_shown(
    app: Flask, viewer: PageClient, admin: PageClient
) -> None:
    ask(viewer)
    one = f"{DESK}/{only_question(app).id}"
    press(admin, DESK, f"{one}/answered", answer="All of you are dismissed.")
    assert "dismissed" in viewer.get(PAGE).text
    press(admin, DESK, f"{one}/reopen")
    assert "dismissed" not in viewer.get(PAGE).text
    assert "dismissed" not in viewer.get(PAGE, headers=JSON).text
    assert "dismissed" in admin.get(one).text, "moderators can go on from it"


def test_after_a_rejection_another_question_can_be_sent(
    app: Flask, viewer: PageClient, admin: PageClient
) -> None:
    press(admin, DESK, f"{DESK}/settings", hold_questions="1")
    typed = {"body": "Why?", "nonce": "n"}
    press(viewer, PAGE, PAGE, **typed)
    press(admin, DESK, f"{DESK}/{only_question(app).id}/reject")
    refused = press(viewer, PAGE, PAGE, **typed)
    assert "did not approve" in text_of(refused.text)
    fresh = refused.text.partition('name="nonce" value="')[2].partition('"')[0]
    assert press(viewer, PAGE, PAGE, body="Why, please?", nonce=fresh).status_code == 303


def test_a_question_is_merged_by_form(app: Flask, viewer: PageClient, admin: PageClient) -> None:
    ask(viewer)
    with app.app_context():
        event_id = db.session.scalars(select(Question.event_id)).one()
        other = add_question(event_id, add_employee("1002").id, body="Why not?").id
        first = db.session.scalars(select(Question.id).order_by(Question.id)).first()
    assert "Why not?" in admin.get(f"{DESK}/{first}").text
    page = admin.get(f"{DESK}/{first}")
    unchosen = admin.submit(page, "merge")
    assert unchosen.status_code == 422
    assert "Choose another question" in text_of(unchosen.text)
    assert page.text.partition('name="into"')[2].partition("<option")[2].startswith(' value="">')
    answer = press(admin, DESK, f"{DESK}/{first}/merge", into=str(other))
    assert answer.status_code == 303
    assert press(admin, DESK, f"{DESK}/{other}/merge", into="x").status_code == 422


def test_nobody_sees_the_name_of_an_anonymous_author(
    app: Flask, viewer: PageClient, admin: PageClient, caplog: pytest.LogCaptureFixture
) -> None:
    """Over every page, answer and export that shows questions, and every log line."""
    caplog.set_level(logging.DEBUG)
    colleague = app.test_client()
    assert isinstance(colleague, PageClient)
    with app.app_context():
        add_employee("1002", email="g@example.com", first_name="Grace", last_name="Hopper")
    colleague.check_in(SLUG, "g@example.com", "1002")
    ask(viewer, "Who is to blame?", anonymous="1")
    question = only_question(app)
    one = f"{DESK}/{question.id}"
    for act in ("answering", "answered", "reopen", "hide", "reopen"):
        press(admin, DESK, f"{one}/{act}")
    press(viewer, PAGE, f"{PAGE}/{question.id}/vote", vote="1")
    seen = [
        colleague.get(PAGE).text,
        colleague.get(PAGE, headers=JSON).text,
        colleague.get(f"/events/{SLUG}/live").text,
        admin.get(DESK).text,
        admin.get(one).text,
        admin.get("/admin/audit").text,
        admin.get(f"{DESK}.csv").text,
        workbook_text(admin.get(f"{DESK}.xlsx")),
    ]
    for text in seen[:5] + seen[6:]:
        assert "Who is to blame?" in text
    for text in [*seen, caplog.text]:
        assert "Zebedee" not in text
        assert "Quillfeather" not in text
        assert "z@example.com" not in text
    assert 'class="question own"' in viewer.get(PAGE).text


def workbook_text(answer: TestResponse) -> str:
    data = answer.data
    answer.close()
    with ZipFile(io.BytesIO(data)) as book:
        return "".join(book.read(name).decode() for name in book.namelist())


def test_an_owner_reveals_the_author_with_a_reason(
    app: Flask, viewer: PageClient, admin: PageClient
) -> None:
    ask(viewer, "Who is to blame?", anonymous="1")
    one = f"{DESK}/{only_question(app).id}"
    refused = press(admin, one, f"{one}/reveal", reason=" ")
    assert refused.status_code == 422
    assert NAME not in refused.text
    answer = press(admin, one, f"{one}/reveal", reason="A threat")
    assert NAME in text_of(answer.text)
    # Only this answer has it; the log and the author have the reason.
    assert NAME not in admin.get(one).text
    log = text_of(admin.get("/admin/audit").text)
    assert "A threat" in log
    assert NAME not in log
    assert "The reason given: A threat" in text_of(viewer.get(PAGE).text)


def test_a_question_with_its_name_is_not_revealed(
    app: Flask, viewer: PageClient, admin: PageClient
) -> None:
    ask(viewer)
    one = f"{DESK}/{only_question(app).id}"
    assert "Reveal the author" not in admin.get(one).text
    assert press(admin, one, f"{one}/reveal", reason="Curious").status_code == 422


def test_exports_have_votes_and_answers(app: Flask, viewer: PageClient, admin: PageClient) -> None:
    ask(viewer, "=1+1")
    question_id = only_question(app).id
    press(viewer, PAGE, f"{PAGE}/{question_id}/vote", vote="1")
    press(admin, DESK, f"{DESK}/{question_id}/answered", answer="Two.")
    lines = admin.get(f"{DESK}.csv").text.splitlines()
    assert lines[0].startswith("\ufeffid,asked_at,author")
    assert f"{NAME},Research,no,answered,1,'=1+1,,Two." in lines[1]
    sheet = workbook_text(admin.get(f"{DESK}.xlsx"))
    assert NAME in sheet
    assert "Two." in sheet


def test_questions_that_are_off_have_no_tab(app: Flask, viewer: PageClient) -> None:
    live = f"/events/{SLUG}/live"
    assert 'id="tab-questions"' in viewer.get(live).text
    with app.app_context():
        change_columns(get_event(SLUG), "questions_settings_changed", questions_open=False)
    assert 'id="tab-questions"' not in viewer.get(live).text
    assert "Questions are closed" in text_of(viewer.get(PAGE).text)
