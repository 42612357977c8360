"""Collect what happens at about the same time, so that each viewer is written to once for it.

The first item after a quiet period is sent at once. Under load the nodes store at the same moments
(see `writer`), and a batch waits briefly for what all of them stored.
"""

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from flask_socketio import SocketIO

from realtime.fanout.counts import COUNTS
from webapp.infra.loops import attempt, start_loop

LOOP = "batcher"
# Each viewer is written to at most ten times a second.
BATCH_SECONDS = 0.1
# For the other nodes, which stored at the same time; applies within `QUIET_SECONDS` of a batch.
SETTLE_SECONDS = 0.04
QUIET_SECONDS = 0.5

News = list[tuple[str, Any]]
Send = Callable[[str, News], None]


class BroadcastBatcher:
    """Collects news by event while the last batch is being sent, and a little longer.

    `send` is called with the slug of an event and its news, in the order of their arrival.
    """

    def __init__(self, socketio: SocketIO, send: Send) -> None:
        self._socketio = socketio
        self._send = send
        self._waiting: dict[str, News] = {}
        self._some = threading.Event()
        self._sending = False
        self._sent_at = -QUIET_SECONDS

    def start(self) -> None:
        """Start the loop that sends."""
        start_loop(self._socketio.start_background_task, LOOP, self._send_next)

    @property
    def idle(self) -> bool:
        """Return True when everything has been sent."""
        return not self._waiting and not self._sending

    def add(self, slug: str, name: str, payload: Any) -> None:
        """Send an event to the viewers of `slug` with the next batch."""
        add_news(self._waiting.setdefault(slug, []), name, payload)
        self._some.set()

    def _send_next(self) -> None:
        self._some.wait()
        now = time.monotonic()
        if now - self._sent_at < QUIET_SECONDS:
            self._socketio.sleep(max(SETTLE_SECONDS, self._sent_at + BATCH_SECONDS - now))
        self._some.clear()
        self._sent_at = time.monotonic()
        self._send_waiting()

    def _send_waiting(self) -> None:
        self._sending = True
        waiting, self._waiting = self._waiting, {}
        for slug, news in waiting.items():
            attempt(LOOP, partial(self._send, slug, news))
        self._sending = False


def add_news(news: News, name: str, payload: Any) -> None:
    """Add an event to a batch: messages join earlier ones."""
    if name == "messages_posted":
        for place, (other, earlier) in reversed(list(enumerate(news))):
            if other == name:
                news[place] = (name, sorted([*earlier, *payload], key=_by_id))
                return
            if other not in COUNTS:
                # A removal, perhaps of one of those before: what comes after it stays after it.
                break
    news.append((name, payload))


def _by_id(message: dict[str, Any]) -> int:
    number: int = message["id"]
    return number
