"""What is told at the same moment travels together: one write per viewer, however much it is.

The first news after a rest does not wait. Under load the nodes store in step (see `writer`), and a
moment waits for what comes from all of them.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from flask_socketio import SocketIO

log = logging.getLogger(__name__)

# A viewer is written to ten times a second at most.
MOMENT_SECONDS = 0.1
# For the other nodes, which stored at the same time; as long as the last moment is not long ago.
SETTLE_SECONDS = 0.04
REST_SECONDS = 0.5

News = list[tuple[str, Any]]
Send = Callable[[str, News], None]


class BroadcastBatcher:
    """Gathers news by event while the last moment is being told, and a little longer.

    `send` is called with the slug of an event and its news, in the order of their arrival.
    """

    def __init__(self, socketio: SocketIO, send: Send) -> None:
        self._socketio = socketio
        self._send = send
        self._waiting: dict[str, News] = {}
        self._some = threading.Event()
        self._sending = False

    def start(self) -> None:
        """Begin to tell."""
        self._socketio.start_background_task(self._run)

    @property
    def idle(self) -> bool:
        """True when everything has been told."""
        return not self._waiting and not self._sending

    def add(self, slug: str, name: str, payload: Any) -> None:
        """Have the viewers of an event told with the next moment."""
        add_news(self._waiting.setdefault(slug, []), name, payload)
        self._some.set()

    def _run(self) -> None:
        told_at = -REST_SECONDS
        while True:
            self._some.wait()
            now = time.monotonic()
            if now - told_at < REST_SECONDS:
                self._socketio.sleep(max(SETTLE_SECONDS, told_at + MOMENT_SECONDS - now))
            self._some.clear()
            told_at = time.monotonic()
            self._tell()

    def _tell(self) -> None:
        self._sending = True
        waiting, self._waiting = self._waiting, {}
        for slug, news in waiting.items():
            try:
                self._send(slug, news)
            except Exception:
                log.exception("telling viewers failed; it goes on")
        self._sending = False


def add_news(news: News, name: str, payload: Any) -> None:
    """Add to what one moment tells: messages join those before, a count replaces the last one."""
    if name == "viewers_changed":
        news[:] = [one for one in news if one[0] != name]
    elif name == "messages_posted":
        for place, (other, earlier) in reversed(list(enumerate(news))):
            if other == name:
                news[place] = (name, sorted([*earlier, *payload], key=_by_id))
                return
            if other != "viewers_changed":
                # A removal, perhaps of one of those before: what comes after it stays after it.
                break
    news.append((name, payload))


def _by_id(message: dict[str, Any]) -> int:
    number: int = message["id"]
    return number
