"""The questions of an event, as this node's viewers know them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from webapp.domain.questions import board, own


class QuestionPart:
    """Keeps every question that viewers know, with the revisions that tell a late packet.

    Text, state and answer go by `revision`, the number of votes by `votes_revision`.
    """

    names = frozenset({"questions_changed", "votes_changed"})

    def __init__(self, event_id: int, questions: Iterable[dict[str, Any]] = ()) -> None:
        self._event_id = event_id
        self._questions = {question["id"]: question for question in questions}
        self._standing: list[dict[str, Any]] | None = None

    @classmethod
    def begin(cls, event_id: int) -> "QuestionPart":
        """Return the questions as the database has them now."""
        return cls(event_id, board.read_published(event_id))

    def take_new(self, name: str, payload: Any) -> Any:
        """Record questions or counts; return those that viewers have not seen, or None."""
        if name == "questions_changed":
            taken = [self._take(question) for question in payload]
            return [board.for_viewers(question) for question in taken if question] or None
        # JSON has turned the ids into texts.
        counts = {int(question_id): tuple(count) for question_id, count in payload.items()}
        return {
            id_: votes for id_, (votes, _) in counts.items() if self._count(id_, counts)
        } or None

    def find_missed(self) -> Iterator[tuple[str, Any]]:
        """Yield the questions and counts that the database has and this node may lack."""
        found = self._read_differing()
        known = self._questions
        changed = [
            id_
            for id_, (revision, *_) in found.items()
            if id_ not in known or known[id_]["revision"] < revision
        ]
        if changed:
            yield "questions_changed", board.read(changed)
        if counts := {id_: (votes, revision) for id_, (_, revision, votes) in found.items()}:
            yield "votes_changed", counts

    @property
    def stands(self) -> bool:
        """Return True if there is a question, a hidden one too."""
        return bool(self._questions)

    def snapshot(self) -> dict[str, Any]:
        """Return `{questions}`: those that stand on the live page."""
        if self._standing is None:
            standing = board.choose_standing(self._questions.values())
            self._standing = [board.for_viewers(question) for question in standing]
        return {"questions": self._standing}

    @staticmethod
    def own_key(event_id: int, employee_id: int) -> str:
        """Return the cache key of what stands for one viewer."""
        return own.own_key(event_id, employee_id)

    @staticmethod
    def find_own(event_id: int, employee_id: int) -> dict[str, Any]:
        """Return `{voted, asked}` of one viewer."""
        return own.find_own(event_id, employee_id)

    def _read_differing(self) -> dict[int, tuple[int, int, int]]:
        """Return the revisions of the blocks of ids whose sums are not those of this node.

        Whatever is known is in the database, and no revision is higher here than there: where the
        sums are the same, all of it is.
        """
        sums = board.sum_revisions(self._event_id)
        known: dict[int, board.Sums] = {}
        for question in self._questions.values():
            block = question["id"] // board.BLOCK
            count, revisions, votes = known.get(block, (0, 0, 0))
            known[block] = (
                count + 1,
                revisions + question["revision"],
                votes + question["votes_revision"],
            )
        differing = [block for block, found in sums.items() if known.get(block) != found]
        return board.read_revisions(self._event_id, differing) if differing else {}

    def _take(self, question: Mapping[str, Any]) -> dict[str, Any] | None:
        known = self._questions.get(question["id"])
        if known and known["revision"] >= question["revision"]:
            return None
        taken = dict(question)
        if known and known["votes_revision"] > question["votes_revision"]:
            taken |= {name: known[name] for name in ("votes", "votes_revision")}
        self._questions[taken["id"]] = taken
        self._standing = None
        return taken

    def _count(self, question_id: int, counts: Mapping[int, tuple[int, int]]) -> bool:
        question, (votes, revision) = self._questions.get(question_id), counts[question_id]
        if question is None or question["votes_revision"] >= revision:
            return False
        question.update(votes=votes, votes_revision=revision)
        self._standing = None
        return question["state"] in board.SHOWN
