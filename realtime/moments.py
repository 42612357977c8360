"""What is told at the same moment travels together: one write per viewer, however much it is.

The first news after a rest does not wait; after that, how long depends on how much there was.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from flask_socketio import SocketIO

log = logging.getLogger(__name__)

# At 40 messages a second a viewer is written to eight times a second, at 200 four times: one write
# costs both ends as much as ten messages do.
SHORTEST_SECONDS, LONGEST_SECONDS = 0.1, 0.25
DOUBLED_BY = 20

News = list[tuple[str, Any]]
Send = Callable[[str, News], None]


class Moments:
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
        self._socketio.start_background_task(self._tell_for_ever)

    @property
    def idle(self) -> bool:
        """True when everything has been told."""
        return not self._waiting and not self._sending

    def add(self, slug: str, event: str, payload: Any) -> None:
        """Have the viewers of an event told with the next moment."""
        add_news(self._waiting.setdefault(slug, []), event, payload)
        self._some.set()

    def _tell_for_ever(self) -> None:
        while True:
            self._some.wait()
            self._some.clear()
            begin = time.monotonic()
            told = self._tell()
            self._socketio.sleep(max(0.0, begin + moment_seconds(told) - time.monotonic()))

    def _tell(self) -> int:
        """Tell what waits; how many messages of one event that were, at most."""
        self._sending = True
        waiting, self._waiting = self._waiting, {}
        for slug, news in waiting.items():
            try:
                self._send(slug, news)
            except Exception:
                log.exception("telling viewers failed; it goes on")
        self._sending = False
        return max(map(count_messages, waiting.values()), default=0)


def moment_seconds(count: int) -> float:
    """From the beginning of a moment that tells `count` messages to that of the next."""
    return min(LONGEST_SECONDS, SHORTEST_SECONDS * (1 + count / DOUBLED_BY))


def count_messages(news: News) -> int:
    """How many messages one moment tells."""
    return sum(len(payload) for event, payload in news if event == "messages_posted")


def add_news(news: News, event: str, payload: Any) -> None:
    """Add to what one moment tells: messages join those before, a count replaces the last one."""
    if event == "viewers_changed":
        news[:] = [one for one in news if one[0] != event]
    elif event == "messages_posted":
        for place, (other, earlier) in reversed(list(enumerate(news))):
            if other == event:
                news[place] = (event, sorted([*earlier, *payload], key=_by_id))
                return
            if other != "viewers_changed":
                # A removal, perhaps of one of those before: what comes after it stays after it.
                break
    news.append((event, payload))


def _by_id(message: dict[str, Any]) -> int:
    number: int = message["id"]
    return number
