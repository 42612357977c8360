"""A connection that breaks in a commit leaves open whether it happened; both must end alike."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import event as listeners
from sqlalchemy import func, select
from sqlalchemy.engine import ExceptionContext

from tests.conftest import Servers
from tests.support.client import PageClient
from tests.support.data import (
    ADMIN,
    add_admin,
    add_employee,
    add_event,
    add_question,
    count_check_ins,
)
from tests.support.polls import LUNCH, add_poll, count_votes, operator, rows_of
from tests.support.proxy import DatabaseProxy
from webapp.app import create_app
from webapp.domain.attendance.checkin import Viewer
from webapp.domain.audit import trail
from webapp.domain.employees import portions
from webapp.domain.employees.directory import FIELDS, get_employee
from webapp.domain.employees.editing import change_employee
from webapp.domain.employees.import_report import Known
from webapp.domain.events import store as event_store
from webapp.domain.models import (
    AuditEntry,
    Closing,
    Correction,
    Employee,
    Message,
    Poll,
    PollAnswer,
    Question,
    QuestionVote,
    ReactionMinute,
    RosterEntry,
)
from webapp.domain.polls import states
from webapp.domain.questions import voting
from webapp.domain.questions.voting import Vote
from webapp.domain.reactions.tally import Tally
from webapp.domain.running.states import change_state
from webapp.infra.clock import utcnow
from webapp.infra.extensions import Model, db
from webapp.infra.settings import load_settings

LOSSES = ["request", "answer"]
DEADLOCK = 1213


@pytest.fixture
def viewer(servers: Servers, proxy: DatabaseProxy, tmp_path: Path) -> Iterator[PageClient]:
    """Return a browser before a web tier whose database is behind the proxy."""
    settings = load_settings(
        {
            "DATABASE_URL": servers.database.url.replace(
                f":{servers.database.port}/", f":{proxy.port}/"
            ),
            "INSTANCE_PATH": str(tmp_path),
        }
    )
    app = create_app(settings)
    app.test_client_class = PageClient
    with app.app_context():
        upgrade()
        servers.empty()
        add_event()
        add_employee("1001")
    client = app.test_client()
    assert isinstance(client, PageClient)
    yield client
    with app.app_context():
        db.engine.dispose()


def count(app: Flask, table: type[Model]) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(table)) or 0


@pytest.mark.parametrize("loss", LOSSES)
def test_a_check_in_is_counted_once(viewer: PageClient, proxy: DatabaseProxy, loss: str) -> None:
    page = viewer.get("/events/town-hall/")
    proxy.lose_next(loss)
    answer = viewer.submit(page, "check-in", email="person1001@example.com", employee_number="1001")
    assert answer.status_code == 303
    assert proxy.lost == [loss]
    with viewer.application.app_context():
        assert count_check_ins() == 1


@pytest.mark.parametrize("loss", LOSSES)
def test_a_message_is_stored_once(viewer: PageClient, proxy: DatabaseProxy, loss: str) -> None:
    viewer.check_in("town-hall", "person1001@example.com", "1001")
    page = viewer.get("/events/town-hall/live")
    proxy.lose_next(loss)
    assert viewer.submit(page, "messages", body="once").status_code == 303
    assert proxy.lost == [loss]
    assert count(viewer.application, Message) == 1


@pytest.mark.parametrize("loss", LOSSES)
def test_a_question_is_stored_once(viewer: PageClient, proxy: DatabaseProxy, loss: str) -> None:
    viewer.check_in("town-hall", "person1001@example.com", "1001")
    token = viewer.get("/events/town-hall/questions").text.partition('csrf_token" value="')[2]
    fields = {"csrf_token": token.partition('"')[0], "nonce": "n", "body": "Why?"}
    proxy.lose_next(loss, after=b"INSERT INTO question_authors")
    assert viewer.post("/events/town-hall/questions", data=fields).status_code == 303
    assert proxy.lost == [loss]
    assert count(viewer.application, Question) == 1


@pytest.mark.parametrize("loss", LOSSES)
def test_a_vote_counts_once(viewer: PageClient, proxy: DatabaseProxy, loss: str) -> None:
    viewer.check_in("town-hall", "person1001@example.com", "1001")
    with viewer.application.app_context():
        event = event_store.get_event("town-hall")
        employee = db.session.scalars(select(Employee.id)).one()
        question_id = add_question(event.id, employee).id
        who = get_employee(employee)
        assert who is not None
        voter = Viewer(event.id, who, utcnow())
        for wanted, votes in ((True, 1), (False, 0), (True, 1)):
            statement = b"INSERT IGNORE INTO question_votes" if wanted else b"DELETE FROM question"
            db.session.rollback()
            proxy.lose_next(loss, after=statement)
            assert voting.vote(Vote(event.slug, voter, question_id, wanted)).votes == votes
        (row,) = rows_of(Question)
    assert proxy.lost == [loss] * 3
    assert row["votes"] == count(viewer.application, QuestionVote) == 1


@pytest.mark.parametrize("secret", [False, True], ids=["named", "secret"])
@pytest.mark.parametrize("loss", LOSSES)
def test_an_answer_counts_once(
    viewer: PageClient, proxy: DatabaseProxy, loss: str, secret: bool
) -> None:
    viewer.check_in("town-hall", "person1001@example.com", "1001")
    with viewer.application.app_context():
        poll_id, (soup, *_) = add_poll(replace(LUNCH, secret=secret))
    page = viewer.get("/events/town-hall/polls")
    proxy.lose_next(loss, after=b"INSERT INTO poll_answers")
    assert viewer.submit(page, f"polls/{poll_id}", option=str(soup)).status_code == 303
    assert proxy.lost == [loss]
    with viewer.application.app_context():
        assert count_votes(poll_id) == [1, 0, 0]
    assert count(viewer.application, PollAnswer) == 1


@pytest.mark.parametrize("loss", LOSSES)
def test_a_minute_of_reactions_is_stored_once(
    viewer: PageClient, proxy: DatabaseProxy, loss: str
) -> None:
    tally = Tally()
    with viewer.application.app_context():
        event_id = event_store.get_event("town-hall").id
        db.session.rollback()
        for amount in (2, 3):
            tally.add(event_id, {"like": amount, "love": 1})
            proxy.lose_next(loss, after=b"INSERT INTO reaction_minutes")
            tally.store()
        stored: Counter[str] = Counter()
        for row in rows_of(ReactionMinute):
            stored[row["kind"]] += row["amount"]
    assert proxy.lost == [loss] * 2
    assert stored == {"like": 5, "love": 2}


@pytest.mark.parametrize("loss", LOSSES)
def test_a_poll_is_opened_and_closed_once(
    viewer: PageClient, proxy: DatabaseProxy, loss: str
) -> None:
    with viewer.application.app_context():
        poll_id, _ = add_poll(opened=False)
        event = event_store.get_event("town-hall")
        db.session.rollback()
        with operator():
            for change in (states.open_poll, states.close_poll):
                proxy.lose_next(loss, after=b"UPDATE polls")
                change(event, poll_id)
        revisions = [row["revision"] for row in rows_of(Poll)]
        actions = [row["action"] for row in rows_of(AuditEntry)]
    assert proxy.lost == [loss] * 2
    assert revisions == [2]
    assert actions == ["poll_created", "poll_opened", "poll_closed"]


@pytest.mark.parametrize("loss", LOSSES)
def test_what_an_admin_did_is_recorded_once(
    viewer: PageClient, proxy: DatabaseProxy, loss: str
) -> None:
    with viewer.application.app_context():
        event = event_store.get_event("town-hall")
        db.session.rollback()
        proxy.lose_next(loss)
        change_state(event, "closed")
        proxy.lose_next(loss)
        trail.record_now("transcript_exported", event_id=event.id)
    assert proxy.lost == [loss] * 2
    assert count(viewer.application, AuditEntry) == 2


@pytest.mark.parametrize("loss", LOSSES)
def test_a_close_takes_one_snapshot(viewer: PageClient, proxy: DatabaseProxy, loss: str) -> None:
    viewer.check_in("town-hall", "person1001@example.com", "1001")
    with viewer.application.app_context():
        add_employee("1002")
        add_admin()
    viewer.sign_in(*ADMIN)
    page = viewer.get("/admin/events/town-hall/close")
    proxy.lose_next(loss, after=b"INSERT INTO closings")
    assert viewer.submit(page, "/state", state="closed").status_code == 303
    assert proxy.lost == [loss]
    with viewer.application.app_context():
        said = select(AuditEntry.admin_id).where(AuditEntry.action == "event_closed")
        closed_by = db.session.scalars(select(Closing.closed_by)).one()
        assert list(db.session.scalars(said)) == [closed_by]
        assert closed_by is not None
        entries = select(RosterEntry.employee_number, RosterEntry.checked_in_at.is_not(None))
        checked_in = {number: bool(came) for number, came in db.session.execute(entries)}
        assert checked_in == {"1001": True, "1002": False}


@pytest.mark.parametrize("loss", LOSSES)
def test_a_correction_is_on_record_once(
    viewer: PageClient, proxy: DatabaseProxy, loss: str
) -> None:
    with viewer.application.app_context():
        employee_id = add_employee("1002").id
        add_admin()
    viewer.sign_in(*ADMIN)
    page = viewer.get(f"/admin/events/town-hall/attendance?edit={employee_id}")
    proxy.lose_next(loss, after=b"INSERT INTO corrections")
    answer = viewer.submit(page, "/corrections", status="excused", note="ill")
    assert answer.status_code == 303
    assert proxy.lost == [loss]
    with viewer.application.app_context():
        said = db.session.scalars(select(Correction)).one()
        assert (said.employee_id, said.status, said.note) == (employee_id, "excused", "ill")
        actions = list(db.session.scalars(select(AuditEntry.action)))
        assert actions.count("attendance_corrected") == 1


@pytest.mark.parametrize("loss", LOSSES)
def test_a_deactivated_employee_is_out_at_once(
    viewer: PageClient, proxy: DatabaseProxy, loss: str
) -> None:
    viewer.check_in("town-hall", "person1001@example.com", "1001")
    assert viewer.get("/events/town-hall/live").status_code == 200
    with viewer.application.app_context():
        employee = db.session.scalars(select(Employee)).one()
        known = Known(
            employee.id, employee.label, {name: getattr(employee, name) for name in FIELDS}
        )
        db.session.rollback()
        proxy.lose_next(loss, after=b"UPDATE employees")
        portions.deactivate([known])
    assert proxy.lost == [loss]
    assert viewer.get("/events/town-hall/live").status_code == 303


def test_edit_that_loses_a_deadlock_is_repeated(viewer: PageClient, proxy: DatabaseProxy) -> None:
    refused: list[BaseException] = []

    def pass_on_again(context: ExceptionContext) -> None:
        refused.append(context.original_exception)
        proxy.accept_all()

    with viewer.application.app_context(), trail.acting_as(None):
        employee = db.session.scalars(select(Employee)).one()
        values = {name: getattr(employee, name) for name in FIELDS}
        listeners.listen(db.engine, "handle_error", pass_on_again)
        # The first statement on the rosters, after that on the employee.
        proxy.refuse(DEADLOCK, b"FROM events")
        change_employee(employee.id, values | {"department": "Sales"})
        assert [error.args[0] for error in refused] == [DEADLOCK]
        assert db.session.scalars(select(RosterEntry.department)).all() == ["Sales"]
    assert count(viewer.application, AuditEntry) == 1
