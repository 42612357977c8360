"""Add up the reactions of this node's viewers, and pass the sums on once a second."""

import threading
from collections import Counter
from functools import partial

from flask import Flask
from flask_socketio import SocketIO

from realtime.fanout.fanout import Fanout
from webapp.domain.events.store import get_event
from webapp.domain.reactions.limits import PER_SECOND, claim
from webapp.domain.reactions.tally import Tally
from webapp.infra.clock import utcnow
from webapp.infra.loops import attempt, in_app_context, start_loop

LOOP = "reactions"
STORE_LOOP = "reaction_tally"
STORE_SECONDS = 5.0

Kinds = dict[int, list[str]]  # by employee id


class Reactions:
    """The reactions of the present second by event, and the tally of the present minute."""

    def __init__(self, app: Flask, socketio: SocketIO, fanout: Fanout) -> None:
        self._app = app
        self._socketio = socketio
        self._fanout = fanout
        self._recent: dict[str, Kinds] = {}
        self._some = threading.Event()
        self._tally = Tally()

    def start(self) -> None:
        """Start the loops that pass the sums on, and that store them."""
        start_loop(self._socketio.start_background_task, LOOP, self._pass_next)
        start_loop(self._socketio.start_background_task, STORE_LOOP, self._store_next)

    def close(self) -> None:
        """Store what was counted so far."""
        attempt(STORE_LOOP, self.store)

    def add(self, slug: str, employee_id: int, kind: str) -> None:
        """Count a reaction to the event `slug`, unless it is the employee's fourth in a second."""
        kinds = self._recent.setdefault(slug, {}).setdefault(employee_id, [])
        if len(kinds) < PER_SECOND:
            kinds.append(kind)
            self._some.set()

    def pass_on(self) -> None:
        """Send the sums of the last second to the viewers on all nodes."""
        recent, self._recent = self._recent, {}
        self._some.clear()
        second = int(utcnow().timestamp())
        for slug, kinds in recent.items():
            attempt(LOOP, partial(self._pass_sums, slug, kinds, second))

    def store(self) -> None:
        """Store the tally. Raise what the database raises."""
        in_app_context(self._app, self._tally.store)

    def _pass_sums(self, slug: str, kinds: Kinds, second: int) -> None:
        with self._app.app_context():
            event = get_event(slug)
            if not event.is_open:
                return
            allowed = claim(event.id, second, {one: len(sent) for one, sent in kinds.items()})
        counts = Counter(kind for one, sent in kinds.items() for kind in sent[: allowed[one]])
        if counts:
            self._fanout.tell(slug, "reactions", dict(counts))
            self._tally.add(event.id, counts)

    def _pass_next(self) -> None:
        self._some.wait()
        # All nodes at the same moment: their viewers get one frame for all of them.
        self._socketio.sleep(1.0 - utcnow().timestamp() % 1.0)
        self.pass_on()

    def _store_next(self) -> None:
        self._socketio.sleep(STORE_SECONDS)
        attempt(STORE_LOOP, self.store)
