"""Telling this node's viewers, each thing once, whichever way it came.

A message comes from this node's own writer, from the queue (another node, the web tier), or from
the sweep, which every other second asks the database for ids that were not told yet. So do
removals, announcements and the event's settings. The sweep makes it right; the queue makes it fast.
"""

import logging
import threading
from typing import Any

from flask import Flask
from flask_socketio import SocketIO

from realtime.fanout.batcher import BroadcastBatcher, News
from realtime.fanout.broadcast import deliver
from realtime.fanout.delivered import DeliveredLog
from realtime.fanout.registry import Connection, Registry
from realtime.transport.redis_queue import LiveQueue
from webapp.domain.chat import messages as chat_messages
from webapp.errors import is_outage
from webapp.infra.extensions import db
from webapp.infra.publisher import NAMESPACE, VIEWER_SIGNED_OUT

log = logging.getLogger(__name__)

SWEEP_SECONDS = 2.0


class Fanout:
    """The one place that emits to viewers."""

    def __init__(
        self, app: Flask, socketio: SocketIO, registry: Registry, queue: LiveQueue | None
    ) -> None:
        self._app = app
        self._socketio = socketio
        self._registry = registry
        self._queue = queue
        self._told: dict[str, DeliveredLog] = {}
        self._beginning = threading.Lock()
        self._batcher = BroadcastBatcher(socketio, self._deliver)
        if queue:
            queue.receive = self.tell_here

    def start(self) -> None:
        """Begin to tell, and to sweep."""
        self._batcher.start()
        self._socketio.start_background_task(self._run_sweeps)

    @property
    def idle(self) -> bool:
        """True when the viewers here have been told all that came."""
        return self._batcher.idle

    def tell(self, slug: str, name: str, payload: Any) -> None:
        """Tell the event's viewers on every node."""
        self.tell_here(slug, name, payload)
        if self._queue:
            self._queue.publish(slug, name, payload)

    def tell_here(self, slug: str, name: str, payload: Any) -> None:
        """Tell the event's viewers on this node; what it has told before is left out."""
        if name == VIEWER_SIGNED_OUT:
            self._disconnect(set(payload["employee_ids"]))
            return
        # Without it nobody here has joined yet: a viewer asks for all there is after that.
        if told := self._told.get(slug):
            news = told.take_new(name, payload)
            if news is not None:
                self._batcher.add(slug, name, news)

    def tell_one(self, connection: Connection, name: str, payload: Any) -> None:
        """Tell one viewer of this node, at once."""
        deliver(self._socketio, [connection.socket], [(name, payload)])

    def watch(self, event_id: int, slug: str) -> None:
        """Follow an event that somebody here watches.

        Called before its first viewer is accepted: what is stored from then on is told, and
        what was stored before, the viewer asks for.
        """
        if slug not in self._told:
            # The first of a crowd reads for all of it.
            with self._beginning:
                if slug not in self._told:
                    self._told[slug] = DeliveredLog.begin(event_id, slug)

    def catch_up(self, event_id: int, slug: str, after: int) -> dict[str, Any]:
        """What a viewer who is connected here may have missed, as `messages_since` answers it.

        From memory where that goes back far enough: whatever is not in it yet is still told.
        """
        told = self._told.get(slug)
        messages, more = (told and told.since(after)) or self._read_since(event_id, after)
        return {"messages": messages, "more": more} | (told.snapshot() if told else {})

    def unwatch(self, slug: str) -> None:
        """Forget an event that nobody here watches any more."""
        self._told.pop(slug, None)

    def sweep(self) -> None:
        """Tell the viewers here what the queue did not bring."""
        for event_id, slug in self._registry.events().items():
            if told := self._told.get(slug):
                for name, payload in told.find_missed(event_id, slug):
                    self.tell_here(slug, name, payload)

    def _read_since(self, event_id: int, after: int) -> tuple[list[dict[str, Any]], bool]:
        with self._app.app_context():
            return chat_messages.since(event_id, after)

    def _deliver(self, slug: str, news: News) -> None:
        deliver(self._socketio, self._registry.sockets(slug), news)

    def _disconnect(self, employee_ids: set[int]) -> None:
        for connection in self._registry.connections():
            if connection.viewer.employee.id in employee_ids:
                self._socketio.server.disconnect(
                    connection.sid, namespace=NAMESPACE, ignore_queue=True
                )

    def _run_sweeps(self) -> None:
        while True:
            self._socketio.sleep(SWEEP_SECONDS)
            with self._app.app_context():
                try:
                    self.sweep()
                except Exception as error:
                    if not is_outage(error):
                        log.exception("the sweep failed; it goes on")
                finally:
                    db.session.rollback()
