"""Contributions of employees: on the charts page, and in exports where the event says so."""

import csv
import io
from typing import Any

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import select

from tests.support.attended import attend
from tests.support.client import PageClient, text_of
from tests.support.data import ADMIN, add_admin, add_event, add_question
from tests.support.polls import add_poll, operator
from webapp.domain.attendance.checkin import find_viewer
from webapp.domain.chat import posting
from webapp.domain.chat.posts import Draft
from webapp.domain.employees.directory import get_employee
from webapp.domain.events.store import get_event
from webapp.domain.models import Question, QuestionVote, ReactionMinute
from webapp.domain.polls.answering import answer
from webapp.domain.polls.answers import Answer
from webapp.domain.questions import merging
from webapp.domain.roster.contributions import read_participation
from webapp.infra.clock import minute_of, utcnow
from webapp.infra.extensions import db

ROSTER = "/admin/events/town-hall/attendance"


@pytest.fixture
def admin(app: Flask, client: PageClient) -> PageClient:
    """Return an admin; Ada has written two messages and asked two questions, one of them without
    her name, and answered a poll. Grace came and wrote nothing."""
    with app.app_context():
        add_admin()
        event_id = add_event().id
        ada, grace = (attend(number, utcnow(), range(5)) for number in ("1", "2"))
        event, employee = get_event("town-hall"), get_employee(ada)
        assert employee
        viewer = find_viewer(event, employee)
        assert viewer
        for nonce in ("a", "b"):
            posting.post(Draft("town-hall", viewer, "Hello", nonce))
        named = add_question(event_id, ada)
        add_question(event_id, ada, author_id=None)
        add_question(event_id, ada, state="waiting")
        db.session.add(QuestionVote(question_id=named.id, employee_id=grace))
        for source, amount in (("one", 3), ("two", 4)):
            now = minute_of(utcnow())
            row: dict[str, Any] = {"minute": now, "kind": "like", "source": source}
            db.session.add(ReactionMinute(event_id=event_id, amount=amount, **row))
        db.session.commit()
        poll_id, (soup, *_) = add_poll()
        answer(Answer("town-hall", viewer, poll_id, [soup]))
        add_poll(opened=False)
    client.sign_in(*ADMIN)
    return client


def test_charts_say_how_the_audience_took_part(admin: PageClient) -> None:
    shown = text_of(admin.get(f"{ROSTER}/charts").text)
    for number in ("Messages2", "Questions2", "questions1", "Polls1", "Answers to polls1"):
        assert f"{number} " in shown
    assert "7 reactions. Most:" in shown


def exported(admin: PageClient) -> list[dict[str, str]]:
    text = admin.get(f"{ROSTER}.csv?sort=number").data.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_votes_of_merged_questions_count_once_in_the_charts(app: Flask, admin: PageClient) -> None:
    with app.app_context(), operator():
        event = get_event("town-hall")
        (voted,) = db.session.scalars(select(QuestionVote.question_id)).all()
        other = db.session.scalars(select(Question.id).where(Question.author_id.is_(None))).one()
        merging.merge(event, voted, other)
        assert read_participation(event.id).votes == 1


def test_contributions_of_a_person_are_exported_only_where_the_event_says_so(
    app: Flask, admin: PageClient
) -> None:
    assert "messages" not in exported(admin)[0]
    with app.app_context():
        form = admin.get("/admin/events/town-hall/edit")
    admin.submit(form, "edit", export_contributions="1")
    rows = [(row["employee_number"], row["messages"], row["questions"]) for row in exported(admin)]
    # The anonymous question is nobody's.
    assert rows == [("1", "2", "1"), ("2", "0", "0")]
    with admin.get(f"{ROSTER}.xlsx?sort=number") as answer:
        sheet = load_workbook(io.BytesIO(answer.data))["Attendance"]
    header, *cells = ([cell.value for cell in row] for row in sheet.iter_rows())
    assert header[-2:] == ["messages", "questions"]
    assert [row[-2:] for row in cells] == [[2, 1], [0, 0]]
