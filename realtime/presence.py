"""Count the viewers once a second, and record their watched minutes once a minute.

Nothing pairs joins with leaves. A node reports who is connected now, and its report expires by
itself when the node dies.
"""

from collections.abc import Callable
from functools import partial

from flask import Flask
from flask_socketio import SocketIO

from realtime.fanout.fanout import Fanout
from realtime.fanout.registry import Connection, Registry
from realtime.headcount import Headcount
from webapp.domain.attendance.minutes import record_minute
from webapp.infra.clock import minute_of, utcnow
from webapp.infra.loops import attempt, in_app_context, start_loop
from webapp.infra.metrics import SEND_BUFFER_BYTES, VIEWERS, WATCHED_MINUTES

LOOP = "presence"
COUNT_SECONDS = 1.0
# Every node looks at the same second of the minute, so a viewer who moves between them is seen.
SAMPLE_SECOND = 30
# A viewer of a node that stops reaches another one within this time.
MOVE_SECONDS = 5


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
        # Viewers who have not been told a number.
        self._newcomers: list[Connection] = []
        self._sampled = 0

    def start(self) -> None:
        """Begin to count."""
        VIEWERS.set_function(lambda: len(self._registry))
        SEND_BUFFER_BYTES.set_function(self._registry.waiting_bytes)
        start_loop(self._socketio.start_background_task, LOOP, self._count_next)

    def greet(self, connection: Connection) -> None:
        """Tell a new viewer the number with the next count: sooner would be twice in a second."""
        self._newcomers.append(connection)

    def count(self) -> None:
        """Tell each event's viewers here how many watch on all nodes, where that is new to them."""
        events = self._registry.events()
        self._headcount.keep_only(events)
        self._shown = {slug: self._shown[slug] for slug in events.values() if slug in self._shown}
        newcomers, self._newcomers = self._newcomers, []
        for event_id, slug in events.items():
            watching = self._headcount.distinct(event_id, self._registry.employees(event_id))
            if self._shown.get(slug) != watching:
                self._shown[slug] = watching
                self._fanout.tell_here(slug, "viewers_changed", {"watching": watching})
                continue
            for connection in newcomers:
                if connection.event.id == event_id:
                    self._fanout.tell_one(connection, "viewers_changed", {"watching": watching})

    def close(self) -> None:
        """Count the present minute for viewers who are about to move, and may come too late for the
        look of their next node."""
        attempt(LOOP, partial(self.sample, MOVE_SECONDS))

    def sample(self, early: int = 0) -> None:
        """Count the present minute for everyone who is connected, once, from `SAMPLE_SECOND` on or
        `early` seconds before."""
        now = utcnow()
        minute = minute_of(now)
        if now.second < SAMPLE_SECOND - early or minute == self._sampled:
            return
        events = self._registry.events()
        # One event that cannot be counted keeps no other from being counted.
        recorded = [self._attempt(partial(self._record, event, minute)) for event in events]
        if all(recorded):
            self._sampled = minute

    def _record(self, event_id: int, minute: int) -> None:
        employees = self._registry.employees(event_id)
        record_minute(event_id, employees, minute)
        WATCHED_MINUTES.inc(len(employees))

    def _count_next(self) -> None:
        self._socketio.sleep(COUNT_SECONDS)
        self._attempt(self.count)
        attempt(LOOP, self.sample)

    def _attempt(self, step: Callable[[], None]) -> bool:
        return attempt(LOOP, partial(in_app_context, self._app, step))
