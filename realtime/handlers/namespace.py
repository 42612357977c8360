"""The live socket: accept viewers, and pass their events on to the handlers."""

import queue
import threading
from collections.abc import Mapping
from functools import partial
from typing import Any

from flask import current_app, request
from flask_socketio import ConnectionRefusedError as Refused
from flask_socketio import Namespace

from realtime.fanout.fanout import Fanout
from realtime.fanout.registry import Connection, Registry
from realtime.handlers.access import Access
from realtime.handlers.packets import (
    Handler,
    Packet,
    Respond,
    is_quick,
    one_object,
    refusal,
)
from realtime.presence import Presence
from realtime.transport.connection import ViewerConnection, connection_of
from webapp import i18n
from webapp.domain.events import store as event_store
from webapp.errors import EventNotOpen, Invalid, NotCheckedIn, SlowDown, as_townhall_error
from webapp.http import identity
from webapp.infra.publisher import NAMESPACE
from webapp.infra.request_id import as_request, begin_request, current_request_id

# Viewers who join at the same moment take turns: each reads Redis, and with a cold cache the
# database.
JOINING = 16
# On one node. Nobody watches in more tabs; a program that opens more holds up everybody else.
SOCKETS_PER_EMPLOYEE = 10

SLUG_LENGTH = 100


class LiveNamespace(Namespace):
    """The namespace `/live` of the live page; `handlers` handle its events by name."""

    def __init__(
        self,
        access: Access,
        registry: Registry,
        fanout: Fanout,
        presence: Presence,
        handlers: Mapping[str, Handler],
    ) -> None:
        super().__init__(NAMESPACE)
        self._access = access
        self._registry = registry
        self._fanout = fanout
        self._presence = presence
        self._handlers = handlers
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
            return refusal(NotCheckedIn())
        answers: queue.Queue[Packet] = queue.Queue()
        self.handle(connection, name, list(args), answers.put)
        return answers.get()

    def handle(self, connection: Connection, name: str, args: list[Any], respond: Respond) -> None:
        """Acknowledge an event, now or later, with `{ok: true, …}` or `{ok: false, error}`."""
        with i18n.speaking(connection.language), as_request(connection.request_id):
            try:
                self._handler(name)(connection, one_object(*args), respond)
            except Exception as error:
                respond(refusal(error))

    def handle_now(
        self, connection: Connection, name: str, args: list[Any], respond: Respond
    ) -> bool:
        """Handle a quick event as `handle` does. Return False, and do nothing, for any other."""
        if not is_quick(name):
            return False
        self.handle(connection, name, args, respond)
        return True

    def _handler(self, name: str) -> Handler:
        if name not in self._handlers:
            raise Invalid("This name of an event is unknown.")
        return self._handlers[name]

    def on_connect(self, auth: object = None) -> None:
        begin_request(request.environ)
        i18n.speak(_requested_language())
        try:
            with self._joining:
                self._accept(self._requested_connection(auth))
        except Exception as error:
            self._leave(_sid())
            reason = as_townhall_error(error)
            raise Refused(reason.message, reason.as_dict()) from None

    def _accept(self, connection: Connection) -> None:
        # Registered first: the event is swept from now on, and goes on being swept when another
        # viewer leaves at this moment.
        self._registry.add(connection)
        self._fanout.watch(connection.event.id, connection.event.slug)
        if self._registry.get(connection.sid) is None:
            # The viewer left while `watch` read the event.
            self._unwatch_unless_needed(connection)
            return
        connection.socket.join()
        self._presence.greet(connection)
        connection.socket.on_event = partial(self.handle, connection)
        connection.socket.on_event_now = partial(self.handle_now, connection)

    def _leave(self, sid: str) -> None:
        connection = self._registry.get(sid)
        if connection is None:
            return
        connection.socket.on_event = connection.socket.on_event_now = None
        self._registry.remove(sid)
        self._unwatch_unless_needed(connection)

    def _unwatch_unless_needed(self, connection: Connection) -> None:
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
        admin = identity.current_admin()
        language, name = i18n.current_language(), current_request_id()
        return Connection(_sid(), event, viewer, admin, self._socket(), language, name)

    def _check_sockets(self, employee_id: int) -> None:
        self._access.take_read(employee_id)
        if self._registry.count_sockets(employee_id) >= SOCKETS_PER_EMPLOYEE:
            raise SlowDown("You have opened this page too many times. Close one and try again.")

    def _socket(self) -> ViewerConnection:
        return connection_of(self.socketio, _sid())


def _is_slug(text: str) -> bool:
    # Anything else, such as a lone surrogate, is the name of no event and no key of the cache.
    return text.isascii() and text.isprintable() and len(text) <= SLUG_LENGTH


def _requested_language() -> str:
    return i18n.choose(
        current_app.config["LANGUAGES"],
        request.cookies.get(i18n.COOKIE),
        request.headers.get("Accept-Language"),
    )


def _sid() -> str:
    sid: str = request.sid  # type: ignore[attr-defined]
    return sid
