"""The path of a message on a node: batches, and what may hold one author up."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import select, text

from stack import Stack
from tests.support.meeting import Meeting
from tests.support.viewer import Viewer
from tests.support.waiting import wait_for
from webapp.domain.models import Employee
from webapp.infra.extensions import db


@contextmanager
def employee_locked(meeting: Meeting, email: str) -> Iterator[None]:
    """Hold the row of one employee, as a long import does."""
    with meeting.app.app_context(), db.engine.connect() as connection:
        row = select(Employee.id).where(Employee.email == email).with_for_update()
        connection.execute(row).one()
        yield
        connection.execute(text("ROLLBACK"))


def test_an_import_holds_up_only_the_authors_it_changes(stack: Stack, meeting: Meeting) -> None:
    node = stack.realtime[0].url
    email, number = meeting.employee()
    ada = Viewer(stack.url, meeting.slug, email, number)
    with ada.connect(node), meeting.viewer().connect(node) as grace:
        with employee_locked(meeting, email):
            waiting = ada.emit("post_message", {"nonce": "n1", "body": "from Ada"})
            for n in range(3):
                assert grace.post(f"from Grace {n}")["ok"] is True
            grace.wait_for_bodies("from Grace 2")
            assert not waiting, "acknowledged while the row was locked"
        wait_for(lambda: waiting, what="Ada's acknowledgement")
        assert waiting[0]["ok"] is True
        for viewer in (ada, grace):
            viewer.wait_for_bodies("from Ada")
            assert viewer.bodies.count("from Ada") == 1


def test_a_form_waits_for_the_import_and_keeps_the_text(stack: Stack, meeting: Meeting) -> None:
    email, number = meeting.employee()
    ada = Viewer(stack.url, meeting.slug, email, number)
    address = f"{stack.url}/events/{meeting.slug}"
    with ada, employee_locked(meeting, email):
        page = ada.web.get(f"{address}/live", timeout=10).text
        token = page.split('name="csrf_token" value="')[1].split('"')[0]
        fields = {"csrf_token": token, "body": "my words stay", "nonce": "n1"}
        answer = ada.web.post(f"{address}/messages", data=fields, timeout=10)
        assert answer.status_code == 503
        assert answer.headers["Retry-After"]
        assert "my words stay" in answer.text
