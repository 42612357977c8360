"""Telling this node's viewers, each message once, whichever way it came.

A message comes from this node's own writer, from the queue (another node, the web tier), or from
the sweep, which every other second asks the database for ids that were not told yet. The sweep
makes it right; the queue makes it fast.
"""

import logging
from collections.abc import Iterable
from typing import Any

from flask import Flask
from flask_socketio import SocketIO

from realtime.queue import LiveQueue
from realtime.registry import Registry
from webapp.core import chat
from webapp.core.errors import is_outage
from webapp.core.extensions import db
from webapp.core.live import NAMESPACE, VIEWER_SIGNED_OUT

log = logging.getLogger(__name__)

SWEEP_SECONDS = 2.0
# A transaction may commit later than one with a higher id. The sweep looks again at this many of
# the highest ids, which is more than can be under way at once.
OVERLAP = 1000


class Told:
    """The ids of one event that this node has told, as far back as the sweep looks."""

    def __init__(self, ids: Iterable[int], floor: int) -> None:
        self._ids = set(ids)
        self.floor = floor

    def add(self, message_id: int) -> bool:
        """Note an id; False when it had been told before."""
        if message_id <= self.floor or message_id in self._ids:
            return False
        self._ids.add(message_id)
        if len(self._ids) > 2 * OVERLAP:
            kept = sorted(self._ids)[-OVERLAP:]
            self._ids, self.floor = set(kept), kept[0] - 1
        return True

    def missing(self, ids: Iterable[int]) -> list[int]:
        """Those of `ids` that were not told yet."""
        return [i for i in ids if i > self.floor and i not in self._ids]


class Fanout:
    """The one place that emits to viewers."""

    def __init__(
        self, app: Flask, socketio: SocketIO, registry: Registry, queue: LiveQueue | None
    ) -> None:
        self._app = app
        self._socketio = socketio
        self._registry = registry
        self._queue = queue
        self._told: dict[str, Told] = {}
        if queue:
            queue.receive = self.tell_here

    def start(self) -> None:
        """Begin to sweep."""
        self._socketio.start_background_task(self._sweep_for_ever)

    def tell(self, slug: str, event: str, payload: Any) -> None:
        """Tell the event's viewers on every node."""
        self.tell_here(slug, event, payload)
        if self._queue:
            self._queue.publish(slug, event, payload)

    def tell_here(self, slug: str, event: str, payload: Any) -> None:
        """Tell the event's viewers on this node; messages it has told before are left out."""
        if event == VIEWER_SIGNED_OUT:
            self._disconnect(payload["employee_id"])
        elif event == "messages_posted":
            told = self._told.get(slug)
            fresh = [message for message in payload if told and told.add(message["id"])]
            if fresh:
                self._emit(slug, event, fresh)
        else:
            self._emit(slug, event, payload)

    def tell_one(self, sid: str, event: str, payload: Any) -> None:
        """Tell one viewer of this node."""
        self._emit(sid, event, payload)

    def watch(self, event_id: int, slug: str) -> None:
        """Follow an event that somebody here watches.

        Called before its first viewer is accepted: what is stored from then on is told, and
        what was stored before, the viewer asks for.
        """
        if slug not in self._told:
            floor = max(0, chat.last_id(event_id) - OVERLAP)
            self._told.setdefault(slug, Told(chat.read_ids(event_id, floor), floor))

    def unwatch(self, slug: str) -> None:
        """Forget an event that nobody here watches any more."""
        self._told.pop(slug, None)

    def sweep(self) -> None:
        """Tell the viewers here what the queue did not bring."""
        for event_id, slug in self._registry.events().items():
            told = self._told.get(slug)
            missing = told.missing(chat.read_ids(event_id, told.floor)) if told else []
            if missing:
                self.tell_here(slug, "messages_posted", chat.read(event_id, missing))

    def _emit(self, room: str, event: str, payload: Any) -> None:
        # Flask-SocketIO's own emit would publish it to the other nodes as well.
        server = self._socketio.server
        server.manager.emit(event, payload, NAMESPACE, room=room, ignore_queue=True)

    def _disconnect(self, employee_id: int) -> None:
        for connection in self._registry.connections():
            if connection.viewer.employee.id == employee_id:
                self._socketio.server.disconnect(
                    connection.sid, namespace=NAMESPACE, ignore_queue=True
                )

    def _sweep_for_ever(self) -> None:
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
