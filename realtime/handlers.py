"""The socket's events: parse, call the core, acknowledge."""

import threading
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Flask, request
from flask_socketio import ConnectionRefusedError as Refused
from flask_socketio import Namespace

from realtime.engine import ViewerSocket
from realtime.fanout import Fanout
from realtime.presence import Presence
from realtime.registry import Connection, Registry
from realtime.writer import Writer
from webapp.core import chat, events, identity
from webapp.core.admins import AdminInfo, find_admin
from webapp.core.errors import EventNotOpen, Invalid, NotCheckedIn, as_townhall_error
from webapp.core.live import NAMESPACE

# Those who join at the same moment take turns: each asks Redis, a cold cache the database.
JOINING = 16
# A viewer who has just joined, and asks what there was before, is not looked up once more.
CHECKED_SECONDS = 5.0

Packet = dict[str, Any]
Handler = Callable[["LiveNamespace", Connection, Packet], Packet]


def acknowledged(handler: Handler) -> Callable[..., Packet]:
    """Give the handler its connection and a packet that is an object; acknowledge what it
    returns as `{ok: true, …}`, and what it raises as `{ok: false, error}`."""

    @wraps(handler)
    def answer(self: "LiveNamespace", sid: str, packet: object = None, *more: object) -> Packet:
        try:
            checked = _one_object(packet, *more)
            return {"ok": True} | handler(self, self.connection_of(sid), checked)
        except Exception as error:
            return _refusal(error)

    return answer


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
        self._joining = threading.Semaphore(JOINING)

    def trigger_event(self, event: str, sid: str, *args: Any) -> Any:
        """Handle an event. Upstream makes a request of each, and drops an unknown one in silence;
        here only who connects has a request, since the cookie is all that is asked of it."""
        if event == "connect":
            return super().trigger_event(event, sid, *args)
        if event == "disconnect":
            return self._leave(sid)
        handler = getattr(self, f"on_{event}", None)
        if handler is None:
            return _refusal(Invalid("There is no such event."))
        return handler(sid, *args)

    def on_connect(self, auth: object = None) -> None:
        try:
            with self._joining:
                self._accept(self._requested_connection(auth))
        except Exception as error:
            self._registry.remove(_sid())
            refusal = as_townhall_error(error)
            raise Refused(refusal.message, refusal.as_dict()) from None

    @acknowledged
    def on_post_message(self, connection: Connection, packet: Packet) -> Packet:
        # Who it comes from, and whether they still may, is checked in the transaction of its batch.
        draft = chat.Draft(
            connection.event.slug,
            connection.viewer,
            packet.get("body"),
            packet.get("nonce"),
            moderator=self._moderates(connection.admin),
        )
        return self._writer.post(draft).as_dict()

    @acknowledged
    def on_messages_since(self, connection: Connection, packet: Packet) -> Packet:
        after = chat.parse_after(packet.get("after"))
        self._recheck(connection)
        return self._fanout.catch_up(connection.event.id, connection.event.slug, after)

    def connection_of(self, sid: str) -> Connection:
        """The connection of that id. Raises `NotCheckedIn` when it is over."""
        connection = self._registry.get(sid)
        if connection is None:
            raise NotCheckedIn
        return connection

    def _recheck(self, connection: Connection) -> None:
        """Raise `NotCheckedIn` when its cookie no longer counts: the session of a socket is
        frozen, the employee's epoch is not."""
        now = time.monotonic()
        if now - connection.checked_at < CHECKED_SECONDS:
            return
        event, viewer = connection.event, connection.viewer
        with self._app.app_context():
            identity.fetch_ahead(event.slug, viewer.employee.id)
            identity.recheck_viewer(event, viewer)
        connection.checked_at = now

    def _moderates(self, admin: AdminInfo | None) -> bool:
        if admin is None:
            return False
        with self._app.app_context():
            return find_admin(admin.id, admin.epoch) is not None

    def _accept(self, connection: Connection) -> None:
        # Registered first: from now on the event is swept, and a viewer who leaves at this
        # moment does not end that.
        self._registry.add(connection)
        self._fanout.watch(connection.event.id, connection.event.slug)
        connection.socket.joined = True
        self._presence.greet(connection)

    def _leave(self, sid: str) -> None:
        connection = self._registry.get(sid)
        self._registry.remove(sid)
        if connection and connection.event.id not in self._registry.events():
            self._fanout.unwatch(connection.event.slug)

    def _requested_connection(self, auth: object) -> Connection:
        slug = auth.get("event") if isinstance(auth, dict) else None
        if not isinstance(slug, str):
            raise Invalid("Say which event: auth is {event: slug}.")
        identity.fetch_ahead(slug)
        event = events.get_event(slug)
        viewer = identity.require_viewer(event)
        if not event.is_open:
            raise EventNotOpen
        return Connection(_sid(), event, viewer, identity.current_admin(), self._socket())

    def _socket(self) -> ViewerSocket:
        server = self.socketio.server
        socket: ViewerSocket = server.eio.sockets[
            server.manager.eio_sid_from_sid(_sid(), NAMESPACE)
        ]
        return socket


def _one_object(packet: object, *more: object) -> Packet:
    if more or not isinstance(packet, dict):
        raise Invalid("Send one object.")
    return packet


def _refusal(error: Exception) -> Packet:
    return {"ok": False, "error": as_townhall_error(error).as_dict()}


def _sid() -> str:
    sid: str = request.sid  # type: ignore[attr-defined]
    return sid
