"""Record answers to a poll, and judge what the database and the pages have of them."""

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Refusals after which a page sends its answer again.
PASSING = ("unavailable", "internal", "slow_down")

Votes = Mapping[int, int]  # by option id


@dataclass(frozen=True)
class StoredPoll:
    """The votes by option, and the options that each page's person has chosen."""

    votes: Votes
    choices: Mapping[str, frozenset[int]]
    answers: Sequence[frozenset[int]]


@dataclass(frozen=True)
class PollVerdict:
    """Counts of broken promises, beside the amount of work."""

    answered: int
    lost: int
    miscounted: int
    unanswered: int


class PollLedger:
    """Records the reports of the pages, from any thread."""

    def __init__(self) -> None:
        # By page: the answer that was sent last, and the one that was acknowledged last.
        self._sent: dict[str, frozenset[int]] = {}
        self._acknowledged: dict[str, frozenset[int]] = {}
        # Pages that sent another answer while the fate of one before was unknown: a node that was
        # frozen may store the older one last.
        self._doubtful: set[str] = set()
        self._waiting: set[str] = set()
        self._answers = 0
        self._lock = threading.Lock()

    def note(self, page: str, event: str, values: Mapping[str, Any]) -> None:
        """Record the report of a page."""
        with self._lock:
            getattr(self, f"_note_{event}")(page, values)

    @property
    def open(self) -> int:
        """Return the number of answers whose fate is unknown."""
        with self._lock:
            return len(self._waiting)

    def verdict(self, pages: Mapping[str, Votes], stored: StoredPoll) -> PollVerdict:
        """Compare what was acknowledged, what is stored and what the pages show."""
        rows = Counter(option for answer in stored.answers for option in answer)
        wrong = sum(stored.votes[option] != rows[option] for option in stored.votes)
        wrong += sum(votes != stored.votes for votes in pages.values())
        certain = self._acknowledged.keys() - self._doubtful - self._waiting
        lost = sum(stored.choices.get(page) != self._acknowledged[page] for page in certain)
        return PollVerdict(self._answers, lost, wrong, len(self._waiting))

    def _note_poll_answer_sent(self, page: str, values: Mapping[str, Any]) -> None:
        options = frozenset(values["options"])
        if page in self._waiting and self._sent[page] != options:
            self._doubtful.add(page)
        self._sent[page] = options
        self._waiting.add(page)

    def _note_poll_answer_answered(self, page: str, values: Mapping[str, Any]) -> None:
        if values["code"] is None:
            self._answers += 1
            self._acknowledged[page] = frozenset(values["options"])
        if values["code"] not in PASSING:
            self._waiting.discard(page)

    def _note_poll_answer_forgotten(self, page: str, _values: Mapping[str, Any]) -> None:
        # The page was loaded again: an answer without an acknowledgement may be stored or not.
        if page in self._waiting:
            self._doubtful.add(page)
            self._waiting.discard(page)
