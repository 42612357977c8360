"""The poll on the live page: the one that was opened last, open or closed."""

from collections.abc import Iterator
from typing import Any, Self

from webapp.domain.polls import store


class PollPart:
    """The current poll of an event as this node's viewers have it."""

    names = frozenset({"poll_changed"})

    def __init__(self, event_id: int, poll: dict[str, Any] | None) -> None:
        self._event_id = event_id
        self._poll = poll

    @classmethod
    def begin(cls, event_id: int) -> Self:
        """Return the part as the database has it now."""
        return cls(event_id, store.refresh_current(event_id))

    def take_new(self, _name: str, payload: dict[str, Any]) -> dict[str, Any] | None:
        """Record a poll; return it for the viewers, or None unless it is newer than theirs."""
        if self._poll and payload["revision"] <= self._poll["revision"]:
            return None
        self._poll = payload
        return store.without_revision(payload)

    def find_missed(self) -> Iterator[tuple[str, Any]]:
        """Yield the poll as the database has it."""
        if poll := store.refresh_current(self._event_id):
            yield "poll_changed", poll

    @property
    def stands(self) -> bool:
        """Return True once a poll was opened."""
        return self._poll is not None

    def snapshot(self) -> dict[str, Any]:
        """Return `{poll}`, which is None before the first one was opened."""
        return {"poll": self._poll and store.without_revision(self._poll)}

    @staticmethod
    def own_key(event_id: int, _employee_id: int) -> str:
        """Return the cache key of the poll."""
        return store.cache_key(event_id)

    @staticmethod
    def find_own(event_id: int, employee_id: int) -> dict[str, Any]:
        """Return `{answered: {poll, options}}` for the current poll; None where it is unanswered.

        Of a secret poll `options` is empty.
        """
        poll = store.find_current(event_id)
        options = store.find_answer(poll, event_id, employee_id) if poll else None
        if not poll or options is None:
            return {"answered": None}
        return {"answered": {"poll": poll["id"], "options": options}}
