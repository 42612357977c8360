"""Send counts at most once a second, so that a storm of clicks costs each viewer little.

Counts of one name that arrive within a second become one payload. Where more names have counts
than are sent in one second, those that have waited longest go first.
"""

import threading
import time
from collections.abc import Callable
from functools import partial
from itertools import islice
from typing import Any

from flask_socketio import SocketIO

from webapp.infra.loops import attempt, start_loop

LOOP = "counts"
SECONDS = 1.0
# Frames for each viewer and second, over all names together.
NAMES_A_SECOND = 2

Merge = Callable[[Any, Any], Any]
Send = Callable[[str, str, Any], None]


def _take_last(_earlier: Any, later: Any) -> Any:
    return later


def _join(earlier: dict[Any, Any], later: dict[Any, Any]) -> dict[Any, Any]:
    return earlier | later


def _add(earlier: dict[str, int], later: dict[str, int]) -> dict[str, int]:
    return {key: earlier.get(key, 0) + later.get(key, 0) for key in earlier | later}


# Functions that merge a waiting payload with a later one, by the name of the socket event.
COUNTS: dict[str, Merge] = {
    "viewers_changed": _take_last,
    "votes_changed": _join,
    "poll_changed": _take_last,
    "reactions": _add,
}


class CountTicker:
    """Collects counts by event; `send` is called with slug, name and payload."""

    def __init__(self, socketio: SocketIO, send: Send) -> None:
        self._socketio = socketio
        self._send = send
        # By slug, then by name; the name that waits longest comes first.
        self._waiting: dict[str, dict[str, Any]] = {}
        self._some = threading.Event()
        self._sent_at = -SECONDS

    def start(self) -> None:
        """Start the loop that sends."""
        start_loop(self._socketio.start_background_task, LOOP, self._send_next)

    def add(self, slug: str, name: str, payload: Any) -> None:
        """Send a count to the viewers of `slug`: at once after a quiet second, else in the next."""
        waiting = self._waiting.setdefault(slug, {})
        waiting[name] = COUNTS[name](waiting[name], payload) if name in waiting else payload
        self._some.set()

    def correct(self, slug: str, name: str, counts: dict[Any, Any]) -> None:
        """Put `counts` in the place of older ones that still wait.

        The viewers get `counts` another way, and the older ones would come after it.
        """
        waiting = self._waiting.get(slug, {}).get(name, {})
        waiting |= {key: count for key, count in counts.items() if key in waiting}

    def send_due(self) -> None:
        """Send the counts of one second."""
        waiting, self._waiting = self._waiting, {}
        self._some.clear()
        for slug, counts in waiting.items():
            due = list(islice(counts, NAMES_A_SECOND))
            for name in due:
                attempt(LOOP, partial(self._send, slug, name, counts.pop(name)))
            self._keep(slug, counts)

    def _keep(self, slug: str, counts: dict[str, Any]) -> None:
        """Put the counts that were not sent before those that came meanwhile."""
        later = self._waiting.pop(slug, {})
        if counts:
            self._waiting[slug] = counts
            self._some.set()
        for name, payload in later.items():
            self.add(slug, name, payload)

    def _send_next(self) -> None:
        self._some.wait()
        self._socketio.sleep(max(0.0, self._sent_at + SECONDS - time.monotonic()))
        self._sent_at = time.monotonic()
        self.send_due()
