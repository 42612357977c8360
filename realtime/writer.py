"""Group commit: posts that arrive during one transaction are stored together in the next one.

At rest a message does not wait; under load the batches grow by themselves.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from flask import Flask
from flask_socketio import SocketIO

from realtime.fanout.fanout import Fanout
from realtime.loops import start_loop
from webapp.domain.chat.posting import post_and_publish
from webapp.domain.chat.posts import Draft, Outcome
from webapp.errors import RowLocked, Unavailable, as_townhall_error
from webapp.infra.clock import utcnow

log = logging.getLogger(__name__)

# Beyond this the database is too slow for the posts that come in; senders are refused at once.
WAITING_POSTS = 1000
BATCH_POSTS = 200
# Under load all nodes store at the same moments, five times a second by the database's clock, so
# that each viewer gets one write for the posts of all nodes. At rest a message does not wait.
TICK_SECONDS = 0.2
# More posts in a tick than anybody can read: such a node skips every other tick.
BUSY_POSTS = 16
# A sender who waits longer is told to try again, looked for every GIVE_UP_SECONDS. Together less
# than a client has to answer a ping (PONG_SECONDS), which may wait in line behind the post.
ANSWER_SECONDS = 9.0
GIVE_UP_SECONDS = 0.5

Respond = Callable[[Outcome], object]


@dataclass(eq=False, slots=True)
class _Waiting:
    draft: Draft
    respond: Respond
    since: float  # by the monotonic clock


class Writer:
    """Stores posts in batches, acknowledges them, and has them published."""

    def __init__(self, app: Flask, socketio: SocketIO, fanout: Fanout) -> None:
        self._app = app
        self._socketio = socketio
        self._fanout = fanout
        self._waiting: deque[_Waiting] = deque()
        self._some = threading.Event()
        # Oldest first; a post leaves when it is answered.
        self._unanswered: dict[_Waiting, None] = {}
        self._closed = False

    def start(self) -> None:
        """Start the loops that store, and that answer what takes too long."""
        spawn = self._socketio.start_background_task
        start_loop(spawn, "writer", self._write_next)
        start_loop(spawn, "writer_timeouts", self._give_up)

    def close(self) -> None:
        """Accept no more posts: senders are told to try again, and reach another node."""
        self._closed = True

    @property
    def idle(self) -> bool:
        """Return True when every accepted post has been acknowledged."""
        return not self._unanswered

    def post(self, draft: Draft, respond: Respond) -> None:
        """Queue `draft`; `respond` is called once, with its receipt or with the error that refuses
        it.

        `Unavailable` means that the database did not answer in time. The post may be stored all the
        same; sent again with its nonce it is still one message. Raises `Unavailable` when too many
        posts wait, or this node is about to end.
        """
        if self._closed or len(self._waiting) >= WAITING_POSTS:
            raise Unavailable
        waiting = _Waiting(draft, respond, time.monotonic())
        self._unanswered[waiting] = None
        self._queue(waiting)

    def _queue(self, waiting: _Waiting) -> None:
        self._waiting.append(waiting)
        self._some.set()

    def _write_next(self) -> None:
        self._some.wait()
        batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), BATCH_POSTS))]
        if not self._waiting:
            self._some.clear()
        # A sender who was told to try again does so: storing the post would only cost time.
        if wanted := [waiting for waiting in batch if waiting in self._unanswered]:
            self._write(wanted)
        self._socketio.sleep(_seconds_to_next_tick(len(batch)))

    def _give_up(self) -> None:
        self._socketio.sleep(GIVE_UP_SECONDS)
        oldest = time.monotonic() - ANSWER_SECONDS
        for waiting in [one for one in self._unanswered if one.since < oldest]:
            self._answer(waiting, Unavailable())

    def _write(self, batch: Sequence[_Waiting]) -> None:
        drafts = [waiting.draft for waiting in batch]
        try:
            with self._app.app_context():
                post_and_publish(drafts, self._fanout.tell, partial(self._acknowledge, batch))
        except Exception as error:
            refusal = as_townhall_error(error)
            for waiting in batch:
                self._answer(waiting, refusal)

    def _acknowledge(self, batch: Sequence[_Waiting], outcomes: Sequence[Outcome]) -> None:
        for waiting, outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, RowLocked):
                # An import holds the author's row; this post alone waits for the next batch.
                self._queue(waiting)
            else:
                self._answer(waiting, outcome)

    def _answer(self, waiting: _Waiting, outcome: Outcome) -> None:
        if waiting in self._unanswered:
            del self._unanswered[waiting]
            try:
                waiting.respond(outcome)
            except Exception:
                log.exception("an acknowledgement failed; the others are sent")


def _seconds_to_next_tick(posts: int) -> float:
    period = TICK_SECONDS if posts < BUSY_POSTS else 2 * TICK_SECONDS
    return period - utcnow().timestamp() % period
