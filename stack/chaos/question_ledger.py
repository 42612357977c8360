"""Record asked questions and votes, what pages show of them, and judge the result."""

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Vote = tuple[str, int]  # page, question id
# Refusals after which a page sends a vote again.
PASSING = ("unavailable", "internal")


@dataclass(frozen=True)
class StoredQuestions:
    """What the database has: text and count by question id, and the votes by page and id."""

    questions: Mapping[int, tuple[str, int]]
    votes: frozenset[Vote]


@dataclass(frozen=True)
class QuestionVerdict:
    """Counts of broken promises, beside the amount of work."""

    asked: int
    voted: int
    lost: int
    doubled: int
    miscounted: int
    unanswered: int


class QuestionLedger:
    """Records the reports of the pages, from any thread."""

    def __init__(self) -> None:
        self.written: dict[str, str] = {}  # nonce: text
        self.acknowledged: dict[str, int] = {}  # nonce: id
        self._refused: set[str] = set()
        self._shown: dict[str, set[int]] = {}
        # The last wish of a page for a question, and the last one that was answered.
        self._sent: dict[Vote, bool] = {}
        self._answered: dict[Vote, bool] = {}
        self.voted = 0  # answers to votes
        self._lock = threading.Lock()

    def write(self, nonce: str, body: str) -> None:
        """Record that a page was given a question to ask."""
        with self._lock:
            self.written[nonce] = body

    def note(self, page: str, event: str, values: Mapping[str, Any]) -> None:
        """Record the report of a page."""
        with self._lock:
            getattr(self, f"_note_{event}")(page, values)

    @property
    def open(self) -> int:
        """Return the number of questions and votes without an answer."""
        with self._lock:
            return self._count_open()

    def missing(self, page: str) -> set[int]:
        """Return the acknowledged questions that this page never showed."""
        with self._lock:
            return set(self.acknowledged.values()) - self._shown.get(page, set())

    def verdict(
        self, pages: Mapping[str, Sequence[tuple[int, int]]], stored: StoredQuestions
    ) -> QuestionVerdict:
        """Compare the numbers on each page with what was acknowledged and the database."""
        ours = Counter(text for text, _ in stored.questions.values())
        texts = set(self.written.values())
        lost = len(set(self.acknowledged.values()) - set(stored.questions))
        lost += sum(len(self.missing(page)) for page in pages)
        answered = {v: wish for v, wish in self._answered.items() if not self._is_open(v)}
        lost += sum((vote in stored.votes) != wish for vote, wish in answered.items())
        return QuestionVerdict(
            asked=len(self.acknowledged),
            voted=self.voted,
            lost=lost,
            doubled=sum(count - 1 for text, count in ours.items() if text in texts),
            miscounted=self._count_wrong(pages, stored),
            unanswered=self._count_open(),
        )

    def _count_wrong(
        self, pages: Mapping[str, Sequence[tuple[int, int]]], stored: StoredQuestions
    ) -> int:
        """Count the numbers that differ from the count of the database, on every page."""
        ours = set(self.acknowledged.values())
        return sum(
            stored.questions[id_][1] != votes
            for rows in pages.values()
            for id_, votes in rows
            if id_ in ours and id_ in stored.questions
        )

    def _count_open(self) -> int:
        waiting = set(self.written) - set(self.acknowledged) - self._refused
        return len(waiting) + sum(map(self._is_open, self._sent))

    def _is_open(self, vote: Vote) -> bool:
        return vote in self._sent and self._answered.get(vote) != self._sent[vote]

    def _note_question_stored(self, page: str, values: Mapping[str, Any]) -> None:
        self.acknowledged[values["nonce"]] = values["id"]

    def _note_question_refused(self, page: str, values: Mapping[str, Any]) -> None:
        self._refused.add(values["nonce"])

    def _note_question_shown(self, page: str, values: Mapping[str, Any]) -> None:
        self._shown.setdefault(page, set()).update(values["ids"])

    def _note_question_vote_sent(self, page: str, values: Mapping[str, Any]) -> None:
        self._sent[page, values["id"]] = values["vote"]

    def _note_question_vote_answered(self, page: str, values: Mapping[str, Any]) -> None:
        vote, code = (page, values["id"]), values["code"]
        if code is None:
            self.voted += 1
            self._answered[vote] = values["vote"]
        elif code not in PASSING:
            # An attempt before, whose answer was lost, may be stored all the same.
            self._forget(vote)

    def _note_question_votes_forgotten(self, page: str, values: Mapping[str, Any]) -> None:
        # The page was loaded again: a vote without an answer may be stored or not.
        for vote in [vote for vote in self._sent if vote[0] == page and self._is_open(vote)]:
            self._forget(vote)

    def _forget(self, vote: Vote) -> None:
        self._sent.pop(vote, None)
        self._answered.pop(vote, None)
