"""Store how many reactions of each kind there were in each minute, exactly once."""

import threading
import uuid

from webapp.domain.models import ReactionMinute
from webapp.domain.reactions.kinds import Counts
from webapp.infra.clock import minute_of, utcnow
from webapp.infra.database import insert_or_set, retry_on_outage
from webapp.infra.extensions import db

Key = tuple[int, int, str]  # event id, minute since the Unix epoch, kind

# A minute is stored for the last time well before it is forgotten.
KEPT_MINUTES = 2


class Tally:
    """The reactions that this process has counted.

    It stores its total of each minute under its own name. A statement that is repeated, since
    nobody knows whether the first one was committed, therefore changes nothing.
    """

    def __init__(self) -> None:
        self._source = uuid.uuid4().hex
        self._totals: dict[Key, int] = {}
        self._unstored: set[Key] = set()
        self._lock = threading.Lock()

    def add(self, event_id: int, counts: Counts) -> None:
        """Count reactions of the present minute."""
        minute = minute_of(utcnow())
        with self._lock:
            for kind, amount in counts.items():
                key = (event_id, minute, kind)
                self._totals[key] = self._totals.get(key, 0) + amount
                self._unstored.add(key)

    def store(self) -> None:
        """Store what was counted since the last call. Raise what the database raises; the next call
        then stores it."""
        with self._lock:
            if not self._unstored:
                return
            _store(self._source, {key: self._totals[key] for key in self._unstored})
            self._unstored.clear()
            oldest = minute_of(utcnow()) - KEPT_MINUTES
            self._totals = {key: n for key, n in self._totals.items() if key[1] > oldest}


@retry_on_outage
def _store(source: str, totals: dict[Key, int]) -> None:
    # In one order everywhere, so that no two transactions wait for each other.
    for (event_id, minute, kind), amount in sorted(totals.items()):
        key = {"event_id": event_id, "minute": minute, "kind": kind, "source": source}
        insert_or_set(ReactionMinute, key, {"amount": amount})
    db.session.commit()
