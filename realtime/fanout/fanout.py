"""Send this node's viewers everything of their event, each item once, whichever way it arrives.

A message arrives from this node's own writer, from the queue (another node, the web tier), or from
the sweep, which every two seconds asks the database for ids that were not sent yet. Removals,
announcements, questions and the event's settings take the same three ways. The queue makes delivery
fast, the sweep makes it complete. Counts are sent once a second (see `counts`).
"""

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Flask
from flask_socketio import SocketIO
from prometheus_client import Gauge

from realtime.fanout.batcher import BroadcastBatcher, News
from realtime.fanout.broadcast import deliver
from realtime.fanout.counts import COUNTS, CountTicker
from realtime.fanout.delivered import DeliveredLog
from realtime.fanout.registry import Connection, Registry
from realtime.transport.redis_queue import LiveQueue
from webapp.domain.chat import messages as chat_messages
from webapp.errors import NotReady, as_townhall_error
from webapp.infra import cache
from webapp.infra.build import script_version
from webapp.infra.loops import attempt, in_app_context, start_loop
from webapp.infra.metrics import BROADCAST_SECONDS, SWEEP_FOUND
from webapp.infra.publisher import NAMESPACE, TO_EMPLOYEE, VIEWER_SIGNED_OUT

LOOP = "sweep"
SWEEP_SECONDS = 2.0
# Five sweeps: viewers may by then lack what Redis lost, and a load balancer should know.
OVERDUE_SECONDS = 10.0

SWEEP_AGE = Gauge("townhall_sweep_age_seconds", "Seconds since the last complete sweep.")


class Fanout:
    """Sends events to viewers; nothing else does."""

    def __init__(
        self, app: Flask, socketio: SocketIO, registry: Registry, queue: LiveQueue | None
    ) -> None:
        self._app = app
        self._socketio = socketio
        self._registry = registry
        self._queue = queue
        self._told: dict[str, DeliveredLog] = {}
        self._beginning = threading.Lock()
        self._swept_at = time.monotonic()
        self._batcher = BroadcastBatcher(socketio, self._deliver)
        self._counts = CountTicker(socketio, self._batcher.add)
        if queue:
            queue.receive = self.tell_here

    def start(self) -> None:
        """Start the loops that send and sweep."""
        self._batcher.start()
        self._counts.start()
        self._swept_at = time.monotonic()
        SWEEP_AGE.set_function(self.sweep_age)
        start_loop(self._socketio.start_background_task, LOOP, self._sweep_next)

    @property
    def idle(self) -> bool:
        """Return True when everything that arrived has been sent to the viewers here."""
        return self._batcher.idle

    def tell(self, slug: str, name: str, payload: Any) -> None:
        """Send an event to the viewers of `slug` on every node."""
        self.tell_here(slug, name, payload)
        if self._queue:
            self._queue.publish(slug, name, payload)

    def tell_here(self, slug: str, name: str, payload: Any) -> bool:
        """Send an event to the viewers of `slug` on this node, without what they have already.

        Return whether anything of it was new to them.
        """
        if name == VIEWER_SIGNED_OUT:
            self._disconnect(set(payload["employee_ids"]))
            return True
        # Without a log nobody here has joined yet; a viewer asks for everything after joining.
        told = self._told.get(slug)
        news = told.take_new(name, payload) if told else None
        if news is None:
            return False
        if name == TO_EMPLOYEE:
            self._tell_employee(slug, **news)
            return True
        if name == "questions_changed":
            votes = {question["id"]: question["votes"] for question in news}
            self._counts.correct(slug, "votes_changed", votes)
        send = self._counts.add if name in COUNTS else self._batcher.add
        send(slug, name, news)
        return True

    def tell_one(self, connection: Connection, name: str, payload: Any) -> None:
        """Send an event to one viewer of this node at once."""
        deliver(self._socketio, [connection.socket], [(name, payload)])

    def watch(self, event_id: int, slug: str) -> None:
        """Follow an event that somebody here watches.

        Call it before the first viewer is accepted: everything stored from then on is sent, and
        the viewer asks for everything stored before.
        """
        if slug not in self._told:
            # The first viewer of a crowd reads for all of them.
            with self._beginning:
                if slug not in self._told:
                    self._told[slug] = DeliveredLog.begin(event_id, slug)

    def catch_up(self, connection: Connection, after: int) -> dict[str, Any]:
        """Return the answer to `messages_since` for a viewer who is connected here.

        It comes from memory where that goes back far enough: anything newer is still to be sent.
        """
        told = self._told.get(connection.event.slug)
        known = told and told.since(after)
        messages, more = known or self._read_since(connection.event.id, after)
        snapshot = told.snapshot(connection.viewer.employee.id) if told else {}
        answer = {"messages": messages, "more": more, "build": script_version()}
        return answer | snapshot | self._find_own(told, connection)

    def unwatch(self, slug: str) -> None:
        """Forget an event that nobody here watches any longer."""
        self._told.pop(slug, None)

    def sweep(self) -> None:
        """Send the viewers here what the queue did not bring."""
        events = self._registry.events().items()
        # An event whose sweep fails keeps no other event from being swept.
        swept = [self._attempt(partial(self._sweep_event, *event)) for event in events]
        if all(swept):
            self._swept_at = time.monotonic()

    def sweep_age(self) -> float:
        """Return the seconds since the last complete sweep, or since the start."""
        return time.monotonic() - self._swept_at

    def check_sweep(self) -> None:
        """Raise `NotReady` when the last complete sweep is older than `OVERDUE_SECONDS`."""
        if (age := self.sweep_age()) > OVERDUE_SECONDS:
            raise NotReady(f"the last complete sweep was {age:.0f} s ago")

    def _sweep_event(self, event_id: int, slug: str) -> None:
        if told := self._told.get(slug):
            for name, payload in told.find_missed(event_id, slug):
                if self.tell_here(slug, name, payload):
                    SWEEP_FOUND.inc()

    def _tell_employee(self, slug: str, employee_id: int, name: str, payload: Any) -> None:
        for connection in self._registry.connections():
            if connection.event.slug == slug and connection.viewer.employee.id == employee_id:
                self.tell_one(connection, name, payload)

    def _find_own(self, told: DeliveredLog | None, connection: Connection) -> dict[str, Any]:
        """Return what stands for this viewer alone, from the cache; {} during an outage."""
        event_id, employee_id = connection.event.id, connection.viewer.employee.id
        parts = [part for part in told.parts if part.stands] if told else []
        if not parts:
            return {}
        try:
            with self._app.app_context():
                cache.prefetch(*(part.own_key(event_id, employee_id) for part in parts))
                found = [part.find_own(event_id, employee_id) for part in parts]
        except Exception as error:
            # The rest of the answer comes from memory, and the page keeps what it had.
            as_townhall_error(error)
            return {}
        return {name: value for own in found for name, value in own.items()}

    def _read_since(self, event_id: int, after: int) -> tuple[list[dict[str, Any]], bool]:
        with self._app.app_context():
            return chat_messages.since(event_id, after)

    def _deliver(self, slug: str, news: News) -> None:
        with BROADCAST_SECONDS.time():
            deliver(self._socketio, self._registry.sockets(slug), news)

    def _disconnect(self, employee_ids: set[int]) -> None:
        for connection in self._registry.connections():
            if connection.viewer.employee.id in employee_ids:
                self._socketio.server.disconnect(
                    connection.sid, namespace=NAMESPACE, ignore_queue=True
                )

    def _sweep_next(self) -> None:
        self._socketio.sleep(SWEEP_SECONDS)
        self.sweep()

    def _attempt(self, step: Callable[[], None]) -> bool:
        return attempt(LOOP, partial(in_app_context, self._app, step))
