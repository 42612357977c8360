"""Group commit: drafts that arrive during one transaction are stored together in the next one.

At rest a draft does not wait; under load the batches grow by themselves. Each kind of draft
(messages, questions, votes) has a writer of its own.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from flask import Flask
from flask_socketio import SocketIO

from realtime.fanout.fanout import Fanout
from webapp.errors import RowLocked, TownhallError, Unavailable, as_townhall_error
from webapp.i18n import current_language, speaking
from webapp.infra.clock import utcnow
from webapp.infra.loops import start_loop
from webapp.infra.metrics import BATCH_SIZE, STORE_SECONDS
from webapp.infra.publisher import Publish

log = logging.getLogger(__name__)

# Beyond this the database is too slow for the drafts that come in; senders are refused at once.
WAITING_DRAFTS = 1000
BATCH_DRAFTS = 200
# Acknowledgements written before others get a turn: about 2 ms.
ANSWERED_AT_ONCE = 100
# Under load all nodes store at the same moments, five times a second by the database's clock, so
# that each viewer gets one write for the drafts of all nodes. At rest a draft does not wait.
TICK_SECONDS = 0.2
# More messages in a tick than anybody can read: such a node skips every other tick.
BUSY_DRAFTS = 16
# A sender who waits longer is told to try again, looked for every GIVE_UP_SECONDS. Together less
# than a client has to answer a ping (PONG_SECONDS), which may wait in line behind the post.
ANSWER_SECONDS = 9.0
GIVE_UP_SECONDS = 0.5

D = TypeVar("D")  # a draft
R = TypeVar("R")  # the receipt of a stored draft

# Stores drafts in one transaction, publishes the result, and right after the commit calls its last
# argument with an outcome for each draft. Raises what the database raises until then.
Store = Callable[[Sequence[D], Publish, Callable[[Sequence[R | TownhallError]], object]], object]


@dataclass(eq=False, slots=True)
class _Waiting(Generic[D, R]):
    draft: D
    respond: Callable[[R | TownhallError], object]
    since: float  # by the monotonic clock
    language: str  # of the sender


class Writer(Generic[D, R]):
    """Has `store` store drafts of one kind in batches, and acknowledges them.

    Its moments come `phase` seconds after those of the other writers, so that a large batch of
    votes does not delay the messages that are stored at the same time.
    """

    def __init__(
        self,
        app: Flask,
        socketio: SocketIO,
        fanout: Fanout,
        store: Store[D, R],
        *,
        loop: str = "writer",
        waiting: int = WAITING_DRAFTS,
        batch: int = BATCH_DRAFTS,
        phase: float = 0.0,
    ) -> None:
        self._app = app
        self._socketio = socketio
        self._fanout = fanout
        self._store = store
        self._loop = loop
        self._most_waiting = waiting
        self._most_in_batch = batch
        self._phase = phase
        self._waiting: deque[_Waiting[D, R]] = deque()
        self._some = threading.Event()
        # Oldest first; a draft leaves when it is answered.
        self._unanswered: dict[_Waiting[D, R], None] = {}
        self._closed = False

    def start(self) -> None:
        """Start the loops that store, and that answer what takes too long."""
        spawn = self._socketio.start_background_task
        start_loop(spawn, self._loop, self._write_next)
        start_loop(spawn, f"{self._loop}_timeouts", self._give_up)

    def close(self) -> None:
        """Accept no more drafts: senders are told to try again, and reach another node."""
        self._closed = True

    @property
    def idle(self) -> bool:
        """Return True when every accepted draft has been acknowledged."""
        return not self._unanswered

    def put(self, draft: D, respond: Callable[[R | TownhallError], object]) -> None:
        """Queue `draft`; `respond` is called once, with its receipt or with the error that refuses
        it.

        `Unavailable` means that the database did not answer in time. The draft may be stored all
        the same; sent again (with its nonce, if it has one) it still counts once. Raises
        `Unavailable` when too many drafts wait, or this node is about to end.
        """
        if self._closed or len(self._waiting) >= self._most_waiting:
            raise Unavailable
        # Not `_Waiting[D, R](…)`, which takes several times as long.
        waiting: _Waiting[D, R] = _Waiting(draft, respond, time.monotonic(), current_language())
        self._unanswered[waiting] = None
        self._queue(waiting)

    def _queue(self, waiting: _Waiting[D, R]) -> None:
        self._waiting.append(waiting)
        self._some.set()

    def _write_next(self) -> None:
        self._some.wait()
        batch = [
            self._waiting.popleft() for _ in range(min(len(self._waiting), self._most_in_batch))
        ]
        if not self._waiting:
            self._some.clear()
        # A sender who was told to try again does so: storing the draft would only cost time.
        if wanted := [waiting for waiting in batch if waiting in self._unanswered]:
            self._write(wanted)
        self._socketio.sleep(_seconds_to_next_tick(len(batch), self._phase))

    def _give_up(self) -> None:
        self._socketio.sleep(GIVE_UP_SECONDS)
        oldest = time.monotonic() - ANSWER_SECONDS
        for waiting in [one for one in self._unanswered if one.since < oldest]:
            self._answer(waiting, Unavailable())

    def _write(self, batch: Sequence[_Waiting[D, R]]) -> None:
        drafts = [waiting.draft for waiting in batch]
        BATCH_SIZE.observe(len(batch))
        try:
            with STORE_SECONDS.time(), self._app.app_context():
                self._store(drafts, self._fanout.tell, partial(self._acknowledge, batch))
        except Exception as error:
            refusal = as_townhall_error(error)
            for waiting in batch:
                self._answer(waiting, refusal)

    def _acknowledge(
        self, batch: Sequence[_Waiting[D, R]], outcomes: Sequence[R | TownhallError]
    ) -> None:
        for number, (waiting, outcome) in enumerate(zip(batch, outcomes, strict=True), 1):
            if number % ANSWERED_AT_ONCE == 0:
                self._socketio.sleep(0)
            if isinstance(outcome, RowLocked):
                # An import holds the author's row; this draft alone waits for the next batch.
                self._queue(waiting)
            else:
                self._answer(waiting, outcome)

    def _answer(self, waiting: _Waiting[D, R], outcome: R | TownhallError) -> None:
        if waiting in self._unanswered:
            del self._unanswered[waiting]
            try:
                with speaking(waiting.language):
                    waiting.respond(outcome)
            except Exception:
                log.exception("an acknowledgement failed; the others are sent")


def _seconds_to_next_tick(drafts: int, phase: float) -> float:
    period = TICK_SECONDS if drafts < BUSY_DRAFTS else 2 * TICK_SECONDS
    return period - (utcnow().timestamp() - phase) % period
