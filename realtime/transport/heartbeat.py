"""Pings for all connections in one task, where upstream has a green thread for each."""

import time
from typing import Any

from flask_socketio import SocketIO

BEAT_SECONDS = 1.0
# Others get their turn after so many.
SLICE = 250


class Heartbeat:
    """Looks at every connection once a second: who is to be pinged, and who is gone."""

    def __init__(self, socketio: SocketIO) -> None:
        self._socketio = socketio

    def start(self) -> None:
        """Begin to beat."""
        self._socketio.start_background_task(self._run)

    def _run(self) -> None:
        before = time.monotonic()
        while True:
            self._socketio.sleep(BEAT_SECONDS)
            now = time.monotonic()
            # A node that was frozen has not read the answers that came meanwhile.
            self._beat(now, max(0.0, now - before - 2 * BEAT_SECONDS))
            before = now

    def _beat(self, now: float, late: float) -> None:
        connections: dict[str, Any] = self._socketio.server.eio.sockets
        for n, (sid, connection) in enumerate(list(connections.items()), 1):
            if not connection.beat(now, late):
                connections.pop(sid, None)
            if n % SLICE == 0:
                self._socketio.sleep(0)
