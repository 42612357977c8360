"""A ROLLBACK that fails: the database died after the last statement, or left its cluster."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_migrate import upgrade
from flask_socketio import SocketIO
from prometheus_client import REGISTRY
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from realtime.fanout.fanout import Fanout
from realtime.fanout.registry import Connection, Registry
from realtime.headcount import Headcount
from realtime.presence import Presence
from tests.conftest import Servers
from tests.support.data import add_employee, add_event
from tests.support.proxy import COMMIT, ROLLBACK, DatabaseProxy
from webapp.app import create_app
from webapp.domain.attendance.checkin import check_in
from webapp.domain.events.store import get_event
from webapp.domain.models import Message, WatchedMinute
from webapp.errors import is_outage
from webapp.infra.circuit_breaker import Breaker
from webapp.infra.clock import utcnow
from webapp.infra.database import end_transaction, retry_on_outage
from webapp.infra.extensions import db
from webapp.infra.rate_limit import Client
from webapp.infra.settings import load_settings

NOT_PREPARED, READ_ONLY, READ_ONLY_MODE = 1047, 1290, 1836


@pytest.fixture
def app(servers: Servers, proxy: DatabaseProxy, tmp_path: Path) -> Iterator[Flask]:
    """Return the application with its database behind the proxy, an event and an employee."""
    environ = {"DATABASE_URL": proxy.url(servers.database.url), "INSTANCE_PATH": str(tmp_path)}
    app = create_app(load_settings(environ))
    with app.app_context():
        upgrade()
        servers.empty()
        add_event("hall")
        add_employee("1001")
    yield app
    with app.app_context():
        db.engine.dispose()


class Recorder:
    """Takes the place of a connection, and keeps the frames that it would send."""

    def __init__(self) -> None:
        self.send_buffer = self
        self.frames: list[bytes] = []

    def write(self, frames: bytes) -> None:
        self.frames.append(frames)


class Node:
    """The parts of a node whose loops use the database, with one viewer and without a server."""

    def __init__(self, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
        socketio = SocketIO(app, async_mode="threading")
        registry = Registry()
        self.app = app
        self.fanout = Fanout(app, socketio, registry, None)
        headcount = Headcount(None, "node", Breaker("Redis"))
        self.presence = Presence(app, socketio, registry, self.fanout, headcount)
        # Steps do not wait, and every second of a minute counts.
        monkeypatch.setattr("realtime.fanout.fanout.SWEEP_SECONDS", 0)
        monkeypatch.setattr("realtime.presence.COUNT_SECONDS", 0)
        monkeypatch.setattr("realtime.presence.SAMPLE_SECOND", 0)
        with app.app_context():
            event = get_event("hall")
            viewer = check_in(event, "person1001@example.com", "1001", Client("127.0.0.1"))
            connection: Any = Recorder()
            registry.add(Connection("sid", event, viewer, None, connection))
            self.fanout.watch(event.id, event.slug)
        self.viewer = viewer
        self.told: list[tuple[str, Any]] = []
        monkeypatch.setattr(
            self.fanout, "tell_here", lambda _slug, name, payload: self.told.append((name, payload))
        )

    def store(self, body: str) -> None:
        """Store a message that no queue announces."""
        with self.app.app_context():
            employee_id, event_id = self.viewer.employee.id, self.viewer.event_id
            row = Message(event_id=event_id, employee_id=employee_id, body=body, nonce=body)
            row.posted_at = utcnow()
            db.session.add(row)
            db.session.commit()

    @property
    def bodies(self) -> list[str]:
        """Return the texts that were sent to viewers."""
        lists = [payload for name, payload in self.told if name == "messages_posted"]
        return [message["body"] for messages in lists for message in messages]


@pytest.fixture
def node(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Node:
    return Node(app, monkeypatch)


def failures(loop: str) -> float:
    return REGISTRY.get_sample_value("townhall_loop_failures_total", {"loop": loop}) or 0


def test_the_sweep_goes_on_when_the_database_dies_before_its_rollback(
    node: Node, proxy: DatabaseProxy
) -> None:
    proxy.lose_next("request", after=b"messages", statement=ROLLBACK)
    node.fanout._sweep_next()
    assert proxy.lost == ["request"]
    node.store("found by the next sweep")
    node.fanout._sweep_next()
    assert node.bodies == ["found by the next sweep"]


def test_the_sweep_goes_on_when_its_server_left_the_cluster(
    node: Node, proxy: DatabaseProxy
) -> None:
    before = failures("sweep")
    swept_at = node.fanout._swept_at
    proxy.refuse(NOT_PREPARED)
    node.fanout._sweep_next()
    assert failures("sweep") == before + 1
    assert node.fanout._swept_at == swept_at, "it was not complete"
    proxy.accept_all()
    node.store("found by the next sweep")
    node.fanout._sweep_next()
    assert node.bodies == ["found by the next sweep"]
    assert node.fanout._swept_at > swept_at


def test_watched_minutes_are_counted_after_a_rollback_that_failed(
    node: Node, proxy: DatabaseProxy
) -> None:
    proxy.refuse(NOT_PREPARED)
    before = failures("presence")
    node.presence._count_next()
    assert failures("presence") == before + 1
    proxy.accept_all()
    node.presence._count_next()
    with node.app.app_context():
        assert db.session.scalar(select(func.count()).select_from(WatchedMinute)) == 1


def test_a_unit_of_work_is_retried_although_its_rollback_fails(
    app: Flask, proxy: DatabaseProxy
) -> None:
    """The retry rolls back before it sleeps."""
    attempts: list[int] = []

    @retry_on_outage
    def work() -> int:
        attempts.append(1)
        if len(attempts) == 1:
            db.session.execute(text("SELECT 1"))
            proxy.refuse(NOT_PREPARED)
            proxy.lose_next("request", statement=ROLLBACK)
        else:
            proxy.accept_all()
        return int(db.session.execute(text("SELECT 2")).scalar_one())

    with app.app_context():
        assert work() == 2
    assert len(attempts) == 2


def test_a_page_is_answered_although_its_rollback_fails(app: Flask, proxy: DatabaseProxy) -> None:
    client = app.test_client()
    proxy.lose_next("request", after=b"FROM events", statement=ROLLBACK)
    answer = client.get("/events/hall/")
    assert proxy.lost == ["request"]
    assert answer.status_code == 200
    assert client.get("/events/hall/").status_code == 200


@pytest.mark.parametrize("error", [NOT_PREPARED, READ_ONLY, READ_ONLY_MODE])
@pytest.mark.parametrize("statement", [b"SELECT 1", COMMIT, ROLLBACK])
def test_a_server_that_left_its_cluster_is_left_as_well(
    app: Flask, proxy: DatabaseProxy, error: int, statement: bytes
) -> None:
    with app.app_context():
        db.session.execute(text("SELECT 'first'"))
        accepted = proxy.accepted
        proxy.refuse(error, statement)
        with pytest.raises(DBAPIError) as caught:
            run_and_end("COMMIT" if statement == COMMIT else "ROLLBACK")
        assert caught.value.connection_invalidated
        assert is_outage(caught.value)
        proxy.accept_all()
        end_transaction()
        assert db.session.scalar(text("SELECT 2")) == 2
        assert proxy.accepted == accepted + 1, "the next statement takes a new connection"


def run_and_end(end: str) -> None:
    """Run a statement and end its transaction."""
    db.session.execute(text("SELECT 1"))
    if end == "COMMIT":
        db.session.commit()
    else:
        db.session.rollback()
