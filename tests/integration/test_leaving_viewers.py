"""Check that a node forgets an event when its last viewer leaves, at whatever moment."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask_socketio import SocketIO
from sqlalchemy import event as listeners
from sqlalchemy import func, select

from realtime.fanout.fanout import Fanout
from realtime.fanout.registry import Connection, Registry
from realtime.handlers.access import Access
from realtime.handlers.namespace import LiveNamespace
from realtime.headcount import Headcount
from realtime.presence import Presence
from tests.support.clocks import set_clock
from tests.support.data import add_employee, add_event
from webapp.domain.attendance.checkin import check_in
from webapp.domain.events.store import get_event
from webapp.domain.models import WatchedMinute
from webapp.infra.circuit_breaker import Breaker
from webapp.infra.extensions import db
from webapp.infra.rate_limit import Client


class Socket:
    """Takes the place of a viewer's connection; keeps what it would send."""

    def __init__(self) -> None:
        self.send_buffer = self
        self.frames: list[bytes] = []
        self.on_event: Any = None
        self.on_event_now: Any = None

    def join(self) -> None:
        """Join the namespace, which needs nothing here."""

    def write(self, frames: bytes) -> None:
        self.frames.append(frames)


class Node:
    """The parts of a node that accept viewers, without its server and loops."""

    def __init__(self, app: Flask) -> None:
        socketio = SocketIO(app, async_mode="threading")
        self.registry = Registry()
        self.fanout = Fanout(app, socketio, self.registry, None)
        headcount = Headcount(None, "node", Breaker("Redis"))
        self.presence = Presence(app, socketio, self.registry, self.fanout, headcount)
        self.namespace = LiveNamespace(
            Access(app), self.registry, self.fanout, self.presence, handlers={}
        )

    def accept(self, sid: str) -> Socket:
        """Accept a viewer who is checked in; return their connection."""
        socket: Any = Socket()
        event = get_event("town-hall")
        viewer = check_in(event, "person1001@example.com", "1001", Client("127.0.0.1"))
        self.namespace._accept(Connection(sid, event, viewer, None, socket))
        return socket  # type: ignore[no-any-return]

    def leave(self, sid: str) -> None:
        self.namespace.trigger_event("disconnect", sid)


@pytest.fixture
def node(app: Flask) -> Iterator[Node]:
    with app.app_context():
        add_event()
        add_employee("1001")
        yield Node(app)


def test_event_is_forgotten_with_its_last_viewer(node: Node) -> None:
    node.accept("first")
    node.accept("second")
    node.leave("first")
    assert list(node.fanout._told) == ["town-hall"]
    node.leave("second")
    assert not node.fanout._told


def test_viewer_who_leaves_while_connecting_leaves_nothing_behind(node: Node) -> None:
    def leave(*args: Any) -> None:
        if "FROM messages" in args[2]:
            node.leave("first")

    listeners.listen(db.engine, "after_cursor_execute", leave)
    socket = node.accept("first")
    listeners.remove(db.engine, "after_cursor_execute", leave)
    assert not node.fanout._told
    assert len(node.registry) == 0
    assert socket.frames == []


def test_viewer_count_of_an_empty_event_is_forgotten(node: Node) -> None:
    node.accept("first")
    node.presence.count()
    assert node.presence._shown == {"town-hall": 1}
    node.leave("first")
    node.presence.count()
    assert node.presence._shown == {}


def test_new_viewer_is_told_the_number_once(node: Node) -> None:
    first = node.accept("first")
    assert first.frames == [], "a number at once and the next count would be two in a second"
    node.presence.count()
    second = node.accept("second")
    node.presence.count()
    node.presence.count()
    (frame,) = second.frames
    assert b'["viewers_changed",{"watching":1}]' in frame


@pytest.mark.parametrize(("second", "counted"), [(10, 0), (26, 1), (50, 1)])
def test_node_that_stops_counts_the_minute_that_another_would_miss(
    node: Node, monkeypatch: pytest.MonkeyPatch, second: int, counted: int
) -> None:
    node.accept("first")
    moment = datetime(2026, 1, 15, 10, 0, second, tzinfo=UTC)
    set_clock(monkeypatch, moment)
    node.presence.close()
    node.presence.close()
    minutes = select(func.count()).select_from(WatchedMinute)
    assert db.session.scalar(minutes) == counted
