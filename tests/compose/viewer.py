"""A viewer whose socket reconnects by itself, as in a browser."""

import time
from typing import Any

import socketio

from tests.support.viewer import NAMESPACE, Viewer


class StayingViewer(Viewer):
    """A viewer that records when its socket was opened and lost (seconds, `time.monotonic`)."""

    def __init__(self, site: str, slug: str, email: str, number: str) -> None:
        super().__init__(site, slug, email, number)
        self.connected: list[float] = []
        self.lost: list[float] = []
        # The figures of frontend/live/session.js.
        self.socket = socketio.Client(reconnection_delay=0.5, reconnection_delay_max=5)
        self.socket.on("*", self._note, namespace=NAMESPACE)
        self.socket.on("connect", self._connected, namespace=NAMESPACE)
        self.socket.on("disconnect", self._lost, namespace=NAMESPACE)

    @property
    def present(self) -> bool:
        """Return whether the socket is open now."""
        return len(self.connected) > len(self.lost)

    def _connected(self) -> None:
        self.connected.append(time.monotonic())

    def _lost(self, _reason: Any) -> None:
        self.lost.append(time.monotonic())
