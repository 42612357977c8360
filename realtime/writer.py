"""Group commit: what arrived while the last transaction was under way is stored in the next one.

At rest a message does not wait; under load the batches grow by themselves.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask
from flask_socketio import SocketIO

from realtime.fanout.fanout import Fanout
from webapp.domain.chat import messages as chat_messages
from webapp.domain.chat.messages import Draft, Outcome, Receipt
from webapp.errors import Unavailable, as_townhall_error
from webapp.infra.clock import utcnow
from webapp.infra.extensions import db

log = logging.getLogger(__name__)

# Beyond this the database is too slow for what comes in, and senders are told so at once.
WAITING_POSTS = 1000
BATCH_POSTS = 200
# Under load all nodes store at the same moments, five times a second by the database's clock, so
# that each viewer is written to once for all of them. At rest a message does not wait.
TICK_SECONDS = 0.2
# So many posts in a tick are more than anybody reads: such a node takes every other tick.
BUSY_POSTS = 16
# Who waits for longer is told to try again; looked after so often. Together less than a client has
# to answer a ping (PONG_SECONDS), which may wait in line behind the post.
ANSWER_SECONDS = 9.0
GIVING_UP_SECONDS = 0.5

Respond = Callable[[Outcome], object]


@dataclass(eq=False, slots=True)
class _Waiting:
    draft: Draft
    respond: Respond
    since: float  # by the monotonic clock
    outcome: Outcome | None = None


class Writer:
    """Stores posts in batches, acknowledges them, and has them told."""

    def __init__(self, app: Flask, socketio: SocketIO, fanout: Fanout) -> None:
        self._app = app
        self._socketio = socketio
        self._fanout = fanout
        self._waiting: deque[_Waiting] = deque()
        self._some = threading.Event()
        # From the oldest on; whoever is answered is taken out.
        self._unanswered: dict[_Waiting, None] = {}
        self._closed = False

    def start(self) -> None:
        """Begin to store."""
        self._socketio.start_background_task(self._run_batches)
        self._socketio.start_background_task(self._run_timeouts)

    def close(self) -> None:
        """Accept nothing more; whoever posts now is told to try again, which is on another node."""
        self._closed = True

    @property
    def idle(self) -> bool:
        """True when everything that was accepted has been answered."""
        return not self._unanswered

    def post(self, draft: Draft, respond: Respond) -> None:
        """Have `draft` checked and stored; `respond` is called once, with the receipt after the
        commit, or with what refuses it.

        That is `Unavailable` when the database does not take it in time. It may have been stored
        even so; sent again with its nonce it is still one message. Raises it at once when too many
        wait, or this node is about to end.
        """
        if self._closed or len(self._waiting) >= WAITING_POSTS:
            raise Unavailable
        waiting = _Waiting(draft, respond, time.monotonic())
        self._unanswered[waiting] = None
        self._waiting.append(waiting)
        self._some.set()

    def _run_batches(self) -> None:
        while True:
            self._some.wait()
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), BATCH_POSTS))]
            if not self._waiting:
                self._some.clear()
            # Whoever was told to try again does: to store the post even so would only take time.
            if wanted := [waiting for waiting in batch if waiting in self._unanswered]:
                self._write_whatever_happens(wanted)
            self._socketio.sleep(_seconds_to_next_tick(len(batch)))

    def _run_timeouts(self) -> None:
        while True:
            self._socketio.sleep(GIVING_UP_SECONDS)
            oldest = time.monotonic() - ANSWER_SECONDS
            for waiting in [one for one in self._unanswered if one.since < oldest]:
                self._answer(waiting, Unavailable())

    def _answer(self, waiting: _Waiting, outcome: Outcome) -> None:
        if waiting in self._unanswered:
            del self._unanswered[waiting]
            try:
                waiting.respond(outcome)
            except Exception:
                log.exception("an answer failed; the others get theirs")

    def _write_whatever_happens(self, batch: list[_Waiting]) -> None:
        """Without this task a node would never store anything again."""
        try:
            with self._app.app_context():
                self._write(batch)
        except Exception:
            log.exception("storing a batch failed; the next one is tried")
        finally:
            for waiting in batch:
                self._answer(waiting, Unavailable())

    def _write(self, batch: list[_Waiting]) -> None:
        try:
            outcomes = chat_messages.accept([waiting.draft for waiting in batch])
        except Exception as error:
            db.session.rollback()
            refusal = as_townhall_error(error)
            outcomes = [refusal] * len(batch)
        for waiting, outcome in zip(batch, outcomes, strict=True):
            waiting.outcome = outcome
            self._answer(waiting, outcome)
        self._tell(batch)

    def _tell(self, batch: list[_Waiting]) -> None:
        stored: dict[tuple[int, str], list[Receipt]] = {}
        for waiting in batch:
            if isinstance(waiting.outcome, Receipt) and waiting.outcome.id is not None:
                event = waiting.draft.viewer.event_id, waiting.draft.slug
                stored.setdefault(event, []).append(waiting.outcome)
        for (event_id, slug), receipts in stored.items():
            try:
                messages = chat_messages.messages_of(event_id, receipts)
            except Exception as error:
                log.warning("stored messages wait for the sweep: %s", error)
            else:
                self._fanout.tell(slug, "messages_posted", messages)
            # After the telling, which must not wait for a Redis that hangs.
            chat_messages.forget_latest(event_id)


def _seconds_to_next_tick(posts: int) -> float:
    period = TICK_SECONDS if posts < BUSY_POSTS else 2 * TICK_SECONDS
    return period - utcnow().timestamp() % period
