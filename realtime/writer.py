"""Group commit: what arrived while the last transaction was under way is stored in the next one.

At rest a message does not wait; under load the batches grow by themselves.
"""

import logging
import queue
import threading
from dataclasses import dataclass, field

from flask import Flask
from flask_socketio import SocketIO

from realtime.fanout import Fanout
from webapp.core import chat
from webapp.core.chat import Draft, Outcome, Receipt
from webapp.core.clock import utcnow
from webapp.core.errors import Unavailable, as_townhall_error
from webapp.core.extensions import db

log = logging.getLogger(__name__)

# Beyond this the database is too slow for what comes in, and senders are told so at once.
WAITING_POSTS = 1000
BATCH_POSTS = 200
# Under load all nodes store at the same moments, five times a second by the database's clock, so
# that each viewer is written to once for all of them. At rest a message does not wait.
TICK_SECONDS = 0.2
# So many posts in a tick are more than anybody reads: such a node takes every other tick.
BUSY_POSTS = 16
ANSWER_SECONDS = 10.0


@dataclass
class _Waiting:
    draft: Draft
    outcome: Outcome | None = None
    given_up: bool = False
    # Held until there is an outcome: an event would make three locks for each post.
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._lock.acquire()

    def wait(self, seconds: float) -> bool:
        """Whether it is done by then."""
        return self._lock.acquire(timeout=seconds)

    def done(self) -> None:
        """Wake who waits; a second time changes nothing."""
        if self._lock.locked():
            self._lock.release()


class Writer:
    """Stores posts in batches, acknowledges them, and has them told."""

    def __init__(self, app: Flask, socketio: SocketIO, fanout: Fanout) -> None:
        self._app = app
        self._socketio = socketio
        self._fanout = fanout
        self._waiting: queue.Queue[_Waiting] = queue.Queue(WAITING_POSTS)
        self._unanswered = 0
        self._closed = False

    def start(self) -> None:
        """Begin to store."""
        self._socketio.start_background_task(self._write_for_ever)

    def close(self) -> None:
        """Accept nothing more; whoever posts now is told to try again, which is on another node."""
        self._closed = True

    @property
    def idle(self) -> bool:
        """True when everything that was accepted has been answered."""
        return self._unanswered == 0

    def post(self, draft: Draft) -> Receipt:
        """Check and store `draft`, and return its receipt, once it is committed.

        Raises what refuses it, and `Unavailable` when the database does not take it in time. It
        may have been stored even so; sent again with its nonce it is still one message.
        """
        if self._closed:
            raise Unavailable
        waiting = _Waiting(draft)
        try:
            self._waiting.put_nowait(waiting)
        except queue.Full:
            raise Unavailable from None
        self._unanswered += 1
        try:
            waiting.given_up = not waiting.wait(ANSWER_SECONDS)
        finally:
            self._unanswered -= 1
        if isinstance(waiting.outcome, Receipt):
            return waiting.outcome
        raise waiting.outcome or Unavailable()

    def _write_for_ever(self) -> None:
        while True:
            batch = [self._waiting.get()]
            while len(batch) < BATCH_POSTS and not self._waiting.empty():
                batch.append(self._waiting.get_nowait())
            # Whoever was told to try again does: to store the post even so would only take time.
            if wanted := [waiting for waiting in batch if not waiting.given_up]:
                self._write_whatever_happens(wanted)
            self._socketio.sleep(_seconds_to_next_tick(len(batch)))

    def _write_whatever_happens(self, batch: list[_Waiting]) -> None:
        """Without this task a node would never store anything again."""
        try:
            with self._app.app_context():
                self._write(batch)
        except Exception:
            log.exception("storing a batch failed; the next one is tried")
        finally:
            for waiting in batch:
                waiting.done()

    def _write(self, batch: list[_Waiting]) -> None:
        try:
            outcomes = chat.accept([waiting.draft for waiting in batch])
        except Exception as error:
            db.session.rollback()
            refusal = as_townhall_error(error)
            outcomes = [refusal] * len(batch)
        for waiting, outcome in zip(batch, outcomes, strict=True):
            waiting.outcome = outcome
            waiting.done()
        self._tell(batch)

    def _tell(self, batch: list[_Waiting]) -> None:
        stored: dict[tuple[int, str], list[Receipt]] = {}
        for waiting in batch:
            if isinstance(waiting.outcome, Receipt) and waiting.outcome.id is not None:
                event = waiting.draft.viewer.event_id, waiting.draft.slug
                stored.setdefault(event, []).append(waiting.outcome)
        for (event_id, slug), receipts in stored.items():
            try:
                messages = chat.messages_of(event_id, receipts)
            except Exception as error:
                log.warning("stored messages wait for the sweep: %s", error)
            else:
                self._fanout.tell(slug, "messages_posted", messages)
            # After the telling, which must not wait for a Redis that hangs.
            chat.forget_latest(event_id)


def _seconds_to_next_tick(posts: int) -> float:
    period = TICK_SECONDS if posts < BUSY_POSTS else 2 * TICK_SECONDS
    return period - utcnow().timestamp() % period
