"""The parts of the live page beside messages, such as questions; each has a memory of its own."""

from collections.abc import Iterator
from typing import Any, Protocol, Self


class StandingPart(Protocol):
    """A part of an event that stands on the live page, such as its questions.

    A node keeps one for each event that it serves, from the first viewer to the last.
    """

    # The socket events that it takes, in the form in which they are published to nodes.
    names: frozenset[str]

    @classmethod
    def begin(cls, event_id: int) -> Self:
        """Return the part as the database has it now."""
        ...

    def take_new(self, name: str, payload: Any) -> Any:
        """Record a payload; return the part that viewers have not seen, or None.

        `payload` comes from this process or, with string keys, from JSON. What is returned is sent
        to viewers.
        """
        ...

    def find_missed(self) -> Iterator[tuple[str, Any]]:
        """Yield names and payloads that the database has and this node may lack."""
        ...

    @property
    def stands(self) -> bool:
        """Return False while there is nothing, so that nothing can stand for a viewer either."""
        ...

    def snapshot(self) -> dict[str, Any]:
        """Return fields of the answer to `messages_since`, which every viewer gets alike."""
        ...

    @staticmethod
    def own_key(event_id: int, employee_id: int) -> str:
        """Return the cache key that `find_own` reads."""
        ...

    @staticmethod
    def find_own(event_id: int, employee_id: int) -> dict[str, Any]:
        """Return further fields of that answer, for one viewer, from the cache."""
        ...
