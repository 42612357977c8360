"""Who is watching: a head count once a second, and the watched minutes once a minute.

Nothing pairs joins with leaves. A node says who is connected now; what it said runs out by itself
when it dies.
"""

import logging
from collections.abc import Callable

from flask import Flask
from flask_socketio import SocketIO

from realtime.fanout.fanout import Fanout
from realtime.fanout.registry import Connection, Registry
from realtime.headcount import Headcount
from webapp.domain.attendance import checkin
from webapp.errors import is_outage
from webapp.infra.clock import minute_of, utcnow
from webapp.infra.extensions import db

log = logging.getLogger(__name__)

COUNT_SECONDS = 1.0
# Every node looks at the same second of the minute, so a viewer who moves between them is seen.
SAMPLE_SECOND = 30


class Presence:
    """Counts this node's viewers, alone and together with the other nodes."""

    def __init__(
        self,
        app: Flask,
        socketio: SocketIO,
        registry: Registry,
        fanout: Fanout,
        headcount: Headcount,
    ) -> None:
        self._app = app
        self._socketio = socketio
        self._registry = registry
        self._fanout = fanout
        self._headcount = headcount
        self._shown: dict[str, int] = {}
        self._sampled = 0

    def start(self) -> None:
        """Begin to count."""
        self._socketio.start_background_task(self._run)

    def greet(self, connection: Connection) -> None:
        """Tell one new viewer the number that the others see; counting comes by itself."""
        here = len(self._registry.employees(connection.event.id))
        watching = max(here, self._shown.get(connection.event.slug, 0))
        self._fanout.tell_one(connection, "viewers_changed", {"watching": watching})

    def count(self) -> None:
        """Tell each event's viewers here how many watch on all nodes, where that changed."""
        for event_id, slug in self._registry.events().items():
            watching = self._headcount.distinct(event_id, self._registry.employees(event_id))
            if self._shown.get(slug) != watching:
                self._shown[slug] = watching
                self._fanout.tell_here(slug, "viewers_changed", {"watching": watching})

    def sample(self) -> None:
        """Count the present minute for everyone who is connected, once."""
        now = utcnow()
        minute = minute_of(now)
        if now.second < SAMPLE_SECOND or minute == self._sampled:
            return
        for event_id in self._registry.events():
            checkin.record_minute(event_id, self._registry.employees(event_id), minute)
        self._sampled = minute

    def _run(self) -> None:
        while True:
            self._socketio.sleep(COUNT_SECONDS)
            with self._app.app_context():
                self._attempt(self.count)
                self._attempt(self.sample)

    def _attempt(self, step: Callable[[], None]) -> None:
        try:
            step()
        except Exception as error:
            if not is_outage(error):
                log.exception("counting viewers failed; it goes on")
        finally:
            db.session.rollback()
