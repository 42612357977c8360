"""Record written, acknowledged and shown messages, and judge the result."""

import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any

from stack.chaos.poll_ledger import PollLedger, PollVerdict
from stack.chaos.question_ledger import QuestionLedger, QuestionVerdict

Row = tuple[int, str]  # id and text of a message


@dataclass(frozen=True)
class Verdict:
    """Counts of broken promises, beside the amount of work. Times are in seconds."""

    acknowledged: int
    refused: int
    lost: int
    doubled: int
    out_of_order: int
    unanswered: int
    asked: int
    voted: int
    answered: int
    miscounted: int
    slowest_answer: float
    slowest_return: float
    slowest_delivery: float

    @property
    def faultless(self) -> bool:
        """Return whether nothing was lost, doubled, miscounted, out of order or unanswered."""
        broken = (self.lost, self.doubled, self.out_of_order, self.unanswered, self.miscounted)
        return not any(broken)

    def lines(self) -> list[str]:
        """Return one line for each figure, for people to read."""
        return [
            f"{field.name.replace('_', ' '):<17} {_format(getattr(self, field.name)):>8}"
            for field in fields(self)
        ]


class Ledger:
    """Records the reports of the pages, from any thread."""

    def __init__(self) -> None:
        self.written: dict[str, tuple[str, str]] = {}  # nonce: page, text
        self.acknowledged: dict[str, int] = {}  # nonce: id
        self.refused: dict[str, str] = {}  # nonce: code
        self.codes: Counter[str] = Counter()
        self.returns: list[float] = []
        self.answers: list[float] = []
        self.deliveries: list[float] = []
        self._shown: dict[str, set[int]] = {}
        self._written_at: dict[str, float] = {}
        self._lost_at: dict[str, float] = {}
        self._acknowledged_at: dict[int, float] = {}
        self._back: set[str] = set()
        self._lock = threading.Lock()
        self.questions = QuestionLedger()
        self.poll = PollLedger()

    def write(self, page: str, nonce: str, body: str) -> None:
        """Record that a page was given a message to send."""
        with self._lock:
            self.written[nonce] = page, body
            self._written_at[nonce] = time.monotonic()

    def note(self, page: str, event: str, values: Mapping[str, Any]) -> None:
        """Record the report of a page, at the moment of the call."""
        if event.startswith("question_"):
            self.questions.note(page, event, values)
            return
        if event.startswith("poll_"):
            self.poll.note(page, event, values)
            return
        with self._lock:
            getattr(self, f"_note_{event}")(page, values)

    @property
    def open(self) -> set[str]:
        """Return the nonces that were neither acknowledged nor refused for good."""
        with self._lock:
            return set(self.written) - set(self.acknowledged) - set(self.refused)

    def is_back(self, page: str) -> bool:
        """Return whether the page is connected and has caught up."""
        return page in self._back

    def missing(self, page: str) -> set[int]:
        """Return the acknowledged ids, of any author, that this page never showed."""
        with self._lock:
            return set(self.acknowledged.values()) - self._shown.get(page, set())

    def verdict(
        self,
        pages: Mapping[str, Sequence[Row]],
        stored: Sequence[Row],
        questions: QuestionVerdict,
        poll: PollVerdict,
    ) -> Verdict:
        """Compare the rows on each page with what was acknowledged and what is in the database.

        `questions` and the `poll` are judged by their own ledgers.
        """
        in_database = dict(stored)
        acknowledged = set(self.acknowledged.values())
        lost = len(acknowledged - set(in_database))
        lost += sum(len(self.missing(page)) for page in pages)
        ours = {body for _, body in self.written.values()}
        doubled = sum(
            _repeats(body for _, body in rows if body in ours) for rows in (stored, *pages.values())
        )
        unordered = sum(_descents(id_ for id_, _ in rows) for rows in pages.values())
        return Verdict(
            acknowledged=len(self.acknowledged),
            refused=len(self.refused),
            lost=lost + questions.lost + poll.lost,
            doubled=doubled + questions.doubled,
            out_of_order=unordered + self._authors_out_of_order(),
            unanswered=len(self.open) + questions.unanswered + poll.unanswered,
            asked=questions.asked,
            voted=questions.voted,
            answered=poll.answered,
            miscounted=questions.miscounted + poll.miscounted,
            slowest_answer=max(self.answers, default=0.0),
            slowest_return=max(self.returns, default=0.0),
            slowest_delivery=max(self.deliveries, default=0.0),
        )

    def _authors_out_of_order(self) -> int:
        """Count the descents of ids: a page sends its messages one at a time, so they ascend."""
        by_page: dict[str, list[int]] = {}
        for nonce, (page, _) in self.written.items():
            if nonce in self.acknowledged:
                by_page.setdefault(page, []).append(self.acknowledged[nonce])
        return sum(_descents(ids) for ids in by_page.values())

    def _note_shown(self, page: str, values: Mapping[str, Any]) -> None:
        self._shown.setdefault(page, set()).add(values["id"])
        if page in self._back and (at := self._acknowledged_at.get(values["id"])):
            self.deliveries.append(time.monotonic() - at)

    def _note_acknowledged(self, page: str, values: Mapping[str, Any]) -> None:
        now = time.monotonic()
        self.acknowledged[values["nonce"]] = values["id"]
        self._acknowledged_at[values["id"]] = now
        self.answers.append(now - self._written_at[values["nonce"]])

    def _note_refused(self, page: str, values: Mapping[str, Any]) -> None:
        self.refused[values["nonce"]] = values["code"]

    def _note_put_off(self, page: str, values: Mapping[str, Any]) -> None:
        self.codes[values["code"]] += 1

    def _note_refused_entry(self, page: str, values: Mapping[str, Any]) -> None:
        self.codes[values["code"]] += 1

    def _note_lost(self, page: str, values: Mapping[str, Any]) -> None:
        self._back.discard(page)
        self._lost_at.setdefault(page, time.monotonic())

    def _note_back(self, page: str, values: Mapping[str, Any]) -> None:
        self._back.add(page)
        if lost_at := self._lost_at.pop(page, None):
            self.returns.append(time.monotonic() - lost_at)


def _format(value: float) -> str:
    return f"{value:.1f} s" if isinstance(value, float) else str(value)


def _repeats(things: Iterable[object]) -> int:
    return sum(count - 1 for count in Counter(things).values())


def _descents(ids: Iterable[int]) -> int:
    return sum(later <= earlier for earlier, later in pairwise(ids))
