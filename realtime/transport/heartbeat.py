"""Ping all connections from one task, where upstream has a green thread for each."""

import time

from flask_socketio import SocketIO

from realtime.transport.connection import connections
from webapp.infra.loops import count_failure, start_loop

LOOP = "heartbeat"
BEAT_SECONDS = 1.0
# Other tasks get their turn after this many connections.
SLICE = 250


class Heartbeat:
    """Looks at every connection once a second: which ones need a ping, and which are gone."""

    def __init__(self, socketio: SocketIO) -> None:
        self._socketio = socketio
        self._last_beat = time.monotonic()

    def start(self) -> None:
        """Start the loop that pings."""
        self._last_beat = time.monotonic()
        start_loop(self._socketio.start_background_task, LOOP, self._beat_next)

    def _beat_next(self) -> None:
        self._socketio.sleep(BEAT_SECONDS)
        now = time.monotonic()
        # A node that was frozen has not read the answers that arrived meanwhile.
        late = max(0.0, now - self._last_beat - 2 * BEAT_SECONDS)
        self._last_beat = now
        self._beat(now, late)

    def _beat(self, now: float, late: float) -> None:
        alive = connections(self._socketio)
        for n, (sid, connection) in enumerate(list(alive.items()), 1):
            try:
                if not connection.beat(now, late):
                    alive.pop(sid, None)
            except Exception as error:
                # One broken connection keeps no other from its ping.
                count_failure(LOOP, error)
            if n % SLICE == 0:
                self._socketio.sleep(0)
