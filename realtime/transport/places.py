"""Count the connections of a node, so that nobody takes more than a fair number of its places.

An office behind one address is not slowed down: its viewers have signed cookies, and each employee
has places of their own. A client without such a cookie can only be told to check in, so all
clients without one share a few places, fewer from each address, for a short time.
"""

from collections import Counter
from collections.abc import Callable, Hashable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial

# Per employee, who may join with ten (see `handlers`): connections that have not joined yet, or
# died unnoticed, count as well.
EMPLOYEE_PLACES = 20
ADDRESS_PLACES = 10
STRANGER_PLACES = 100


class Places:
    """A number of places, of which each holder gets a few."""

    def __init__(self, most: int, each: int) -> None:
        self._most = most
        self._each = each
        self._taken: Counter[Hashable] = Counter()
        self._total = 0

    @property
    def full(self) -> bool:
        """Return True when all places are taken."""
        return self._total >= self._most

    def take(self, holder: Hashable) -> Callable[[], None] | None:
        """Return a function that gives the place back, or None when `holder` gets none."""
        if self.full or self._taken[holder] >= self._each:
            return None
        self._taken[holder] += 1
        self._total += 1
        return partial(self._give_back, holder)

    def _give_back(self, holder: Hashable) -> None:
        self._total -= 1
        self._taken[holder] -= 1
        if not self._taken[holder]:
            del self._taken[holder]


@dataclass(slots=True)
class Place:
    """The place of one connection: a viewer's, or a stranger's, who cannot join."""

    is_viewer: bool
    give_back: Callable[[], None]
    taken: bool = False

    def leave(self) -> None:
        """Give the place back; a second time changes nothing."""
        give_back, self.give_back = self.give_back, _nothing
        give_back()


def _nothing() -> None:
    """Do nothing."""


# Of the request under way. engineio makes the connection without showing it the request.
PLACE: ContextVar[Place] = ContextVar("place")
