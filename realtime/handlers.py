"""Handle the events of the live socket: parse, call the domain, acknowledge."""

import queue
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Flask, request
from flask_socketio import ConnectionRefusedError as Refused
from flask_socketio import Namespace

from realtime.fanout.fanout import Fanout
from realtime.fanout.registry import Connection, Registry
from realtime.presence import Presence
from realtime.transport.connection import ViewerConnection, connection_of
from realtime.writer import Writer
from webapp.domain.admins import AdminInfo, find_admin
from webapp.domain.chat.posts import Draft, Outcome, Receipt
from webapp.domain.events import store as event_store
from webapp.errors import EventNotOpen, Invalid, NotCheckedIn, SlowDown, as_townhall_error
from webapp.http import identity
from webapp.infra.allowance import Allowance
from webapp.infra.ids import parse_id
from webapp.infra.publisher import NAMESPACE

# Viewers who join at the same moment take turns: each reads Redis, and with a cold cache the
# database.
JOINING = 16
# A viewer that requests earlier messages right after joining is not looked up again.
CHECKED_SECONDS = 5.0
# On one node. Nobody watches in more tabs; a program that opens more holds up everybody else.
SOCKETS_PER_EMPLOYEE = 10

SLUG_LENGTH = 100

Packet = dict[str, Any]
Respond = Callable[[Packet], object]


class LiveNamespace(Namespace):
    """The namespace `/live`: chat and presence of the live page."""

    def __init__(
        self,
        app: Flask,
        registry: Registry,
        fanout: Fanout,
        writer: Writer,
        presence: Presence,
    ) -> None:
        super().__init__(NAMESPACE)
        self._app = app
        self._registry = registry
        self._fanout = fanout
        self._writer = writer
        self._presence = presence
        self._reads: Allowance = app.extensions["reads"]
        self._joining = threading.Semaphore(JOINING)

    def trigger_event(self, name: str, sid: str, *args: Any) -> Any:
        """Handle an event that came through the layers of Socket.IO; return its acknowledgement.

        Upstream makes a request for each event and drops unknown ones silently. Here only a connect
        has a request: nothing but its cookie is needed.
        """
        if name == "connect":
            return super().trigger_event(name, sid, *args)
        if name == "disconnect":
            return self._leave(sid)
        connection = self._registry.get(sid)
        if connection is None:
            return _refusal(NotCheckedIn())
        answers: queue.Queue[Packet] = queue.Queue()
        self.handle(connection, name, list(args), answers.put)
        return answers.get()

    def handle(self, connection: Connection, name: str, args: list[Any], respond: Respond) -> None:
        """Acknowledge an event, now or later, with `{ok: true, …}` or `{ok: false, error}`."""
        handler = getattr(self, f"on_{name}", None)
        if handler is None:
            respond(_refusal(Invalid("There is no such event.")))
            return
        try:
            handler(connection, _one_object(*args), respond)
        except Exception as error:
            respond(_refusal(error))

    def on_connect(self, auth: object = None) -> None:
        try:
            with self._joining:
                self._accept(self._requested_connection(auth))
        except Exception as error:
            self._registry.remove(_sid())
            refusal = as_townhall_error(error)
            raise Refused(refusal.message, refusal.as_dict()) from None

    def on_post_message(self, connection: Connection, packet: Packet, respond: Respond) -> None:
        # The author and their right to post are checked in the transaction of the batch.
        draft = Draft(
            connection.event.slug,
            connection.viewer,
            packet.get("body"),
            packet.get("nonce"),
            moderator=self._moderates(connection.admin),
        )
        self._writer.post(draft, lambda outcome: respond(_answer_of(outcome)))

    def on_messages_since(self, connection: Connection, packet: Packet, respond: Respond) -> None:
        self._reads.take(connection.viewer.employee.id)
        after = parse_id(packet.get("after"), "after")
        self._recheck(connection)
        respond({"ok": True} | self._fanout.catch_up(connection, after))

    def _recheck(self, connection: Connection) -> None:
        """Raise `NotCheckedIn` when the cookie of the connection is no longer valid.

        The session of a socket does not change, but the employee's session version may.
        """
        now = time.monotonic()
        if now - connection.checked_at < CHECKED_SECONDS:
            return
        event, viewer = connection.event, connection.viewer
        with self._app.app_context():
            identity.prefetch(event.slug, viewer.employee.id)
            identity.recheck_viewer(event, viewer)
        connection.checked_at = now

    def _moderates(self, admin: AdminInfo | None) -> bool:
        if admin is None:
            return False
        with self._app.app_context():
            return find_admin(admin.id, admin.session_version) is not None

    def _accept(self, connection: Connection) -> None:
        # Registered first: the event is swept from now on, and goes on being swept when another
        # viewer leaves at this moment.
        self._registry.add(connection)
        self._fanout.watch(connection.event.id, connection.event.slug)
        connection.socket.join()
        self._presence.greet(connection)
        connection.socket.on_event = partial(self.handle, connection)

    def _leave(self, sid: str) -> None:
        connection = self._registry.get(sid)
        if connection is None:
            return
        connection.socket.on_event = None
        self._registry.remove(sid)
        if connection.event.id not in self._registry.events():
            self._fanout.unwatch(connection.event.slug)

    def _requested_connection(self, auth: object) -> Connection:
        slug = auth.get("event") if isinstance(auth, dict) else None
        if not isinstance(slug, str) or not _is_slug(slug):
            raise Invalid("Name the event: auth must be {event: slug}.")
        identity.prefetch(slug)
        event = event_store.get_event(slug)
        viewer = identity.require_viewer(event)
        if not event.is_open:
            raise EventNotOpen
        self._check_sockets(viewer.employee.id)
        return Connection(_sid(), event, viewer, identity.current_admin(), self._socket())

    def _check_sockets(self, employee_id: int) -> None:
        self._reads.take(employee_id)
        if self._registry.count_sockets(employee_id) >= SOCKETS_PER_EMPLOYEE:
            raise SlowDown("You have opened this page too many times. Close one and try again.")

    def _socket(self) -> ViewerConnection:
        return connection_of(self.socketio, _sid())


def _is_slug(text: str) -> bool:
    # Anything else, such as a lone surrogate, is the name of no event and no key of the cache.
    return text.isascii() and text.isprintable() and len(text) <= SLUG_LENGTH


def _one_object(packet: object = None, *more: object) -> Packet:
    if more or not isinstance(packet, dict):
        raise Invalid("Send one object.")
    return packet


def _answer_of(outcome: Outcome) -> Packet:
    if isinstance(outcome, Receipt):
        return {"ok": True} | outcome.as_dict()
    return _refusal(outcome)


def _refusal(error: Exception) -> Packet:
    return {"ok": False, "error": as_townhall_error(error).as_dict()}


def _sid() -> str:
    sid: str = request.sid  # type: ignore[attr-defined]
    return sid
