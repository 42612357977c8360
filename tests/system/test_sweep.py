"""The sweep of a real node while its database refuses it, and after a ROLLBACK that was lost."""

import os
from collections.abc import Iterator

import pytest
import requests

from stack import Stack
from stack.app import RealtimeNode
from tests.support.meeting import Meeting
from tests.support.proxy import ROLLBACK, DatabaseProxy
from tests.support.waiting import wait_for
from webapp.domain.events.store import get_event
from webapp.domain.models import Employee, Message
from webapp.infra.clock import utcnow
from webapp.infra.extensions import db

NOT_PREPARED = 1047


@pytest.fixture
def proxy(stack: Stack) -> Iterator[DatabaseProxy]:
    proxy = DatabaseProxy(stack.database.port)
    yield proxy
    proxy.close()


@pytest.fixture
def node(stack: Stack, proxy: DatabaseProxy) -> Iterator[RealtimeNode]:
    """Return a node beside those of the stack, whose database is behind the proxy."""
    environ = {**os.environ, **stack.settings, "DATABASE_URL": proxy.url(stack.database.url)}
    node = RealtimeNode("swept", environ)
    try:
        node.start()
        yield node
    finally:
        node.stop()


def store(meeting: Meeting, body: str) -> None:
    """Store a message that no queue announces."""
    with meeting.app.app_context():
        employee = db.session.query(Employee).first()
        assert employee
        event_id = get_event(meeting.slug).id
        row = {"event_id": event_id, "employee_id": employee.id, "body": body, "nonce": body[:36]}
        db.session.add(Message(**row, posted_at=utcnow()))
        db.session.commit()


def readiness(node: RealtimeNode) -> tuple[int, dict[str, str]]:
    answer = requests.get(f"{node.url}/readyz", timeout=10)
    return answer.status_code, answer.json().get("failures", {})


def metric(node: RealtimeNode, name: str) -> float:
    lines = requests.get(f"{node.url}/metrics", timeout=10).text.splitlines()
    return float(next(line.split()[-1] for line in lines if line.startswith(name)))


def test_the_sweep_goes_on_after_a_rollback_that_was_lost(
    meeting: Meeting, node: RealtimeNode, proxy: DatabaseProxy
) -> None:
    with meeting.viewer().connect(node.url) as ada:
        proxy.lose_next("request", after=b"messages", statement=ROLLBACK)
        wait_for(lambda: proxy.lost, what="the sweep to lose its rollback")
        store(meeting, "found by the next sweep")
        ada.wait_for_bodies("found by the next sweep")


def test_a_node_whose_sweep_fails_is_not_ready_until_one_is_complete(
    meeting: Meeting, node: RealtimeNode, proxy: DatabaseProxy
) -> None:
    with meeting.viewer().connect(node.url) as ada:
        assert readiness(node) == (200, {})
        assert metric(node, "townhall_sweep_age_seconds") < 10
        proxy.refuse(NOT_PREPARED, b"messages")
        wait_for(lambda: readiness(node)[0] == 503, 20, "the sweep to be overdue")
        failures = readiness(node)[1]
        assert list(failures) == ["sweep"]
        assert failures["sweep"].startswith("the last complete sweep was 1")
        assert metric(node, "townhall_sweep_age_seconds") > 10
        assert metric(node, 'townhall_loop_failures_total{loop="sweep"}') >= 4
        store(meeting, "found at last")
        proxy.accept_all()
        ada.wait_for_bodies("found at last")
        wait_for(lambda: readiness(node)[0] == 200, what="the node to be ready again")
