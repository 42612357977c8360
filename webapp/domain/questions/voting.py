"""The one path of a vote: check, store, acknowledge, publish. Pages and nodes both use it.

A vote is a row whose key is question and employee, so it counts once whatever is sent. One
transaction locks the questions of a batch, changes the rows, and adds to each count the number of
rows that were really inserted or deleted.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import BindParameter, CursorResult, Table, bindparam, delete, insert, select, update

from webapp.domain.attendance.checkin import Viewer
from webapp.domain.events.store import EventInfo
from webapp.domain.models import Question, QuestionVote
from webapp.domain.questions.board import PUBLISHED, forget_standing
from webapp.domain.questions.drafts import check_open
from webapp.domain.questions.own import forget_own
from webapp.domain.writing.authors import read_versions
from webapp.domain.writing.batches import check_each, sole, within_rate
from webapp.errors import Invalid, NotCheckedIn, NotFound, TownhallError
from webapp.infra import publisher
from webapp.infra.database import begin_to_write, retry_on_outage
from webapp.infra.extensions import db
from webapp.infra.ids import parse_id
from webapp.infra.publisher import Publish

RATE_VOTES = 10
RATE_SECONDS = 10
# States in which a question takes votes.
VOTABLE = ("open", "answering")

# Built once, and from tables: see `writing.authors`.
_VOTES = cast(Table, QuestionVote.__table__)
_QUESTIONS = cast(Table, Question.__table__)
_ID: BindParameter[int] = bindparam("question")
LOCKED = (
    select(
        _QUESTIONS.c.id,
        _QUESTIONS.c.event_id,
        _QUESTIONS.c.state,
        _QUESTIONS.c.votes,
        _QUESTIONS.c.votes_revision,
    )
    .where(_QUESTIONS.c.id.in_(bindparam("ids", expanding=True)))
    # In one order on every node, so that two batches cannot wait for each other.
    .order_by(_QUESTIONS.c.id)
    .with_for_update()
)
# Ignores a vote that is there already; the count of rows tells how many were not.
ADD = (
    insert(_VOTES)
    .prefix_with("IGNORE", dialect="mysql")
    .prefix_with("IGNORE", dialect="mariadb")
    .prefix_with("OR IGNORE", dialect="sqlite")
    .execution_options(preserve_rowcount=True)
)
TAKE_BACK = delete(_VOTES).where(
    _VOTES.c.question_id == _ID,
    _VOTES.c.employee_id.in_(bindparam("employees", expanding=True)),
)
COUNT = (
    update(_QUESTIONS)
    .where(_QUESTIONS.c.id == _ID)
    .values(
        votes=_QUESTIONS.c.votes + bindparam("change"),
        votes_revision=_QUESTIONS.c.votes_revision + 1,
    )
)


@dataclass(frozen=True)
class Vote:
    """A viewer's wish: `question_id` and `vote` as they came, not checked yet.

    `recheck` has the transaction check the viewer's session again, which may have ended on an open
    socket.
    """

    slug: str
    viewer: Viewer
    question_id: object
    vote: object
    recheck: bool = False

    @property
    def employee_id(self) -> int:
        """Return the voter's id."""
        return self.viewer.employee.id


@dataclass(frozen=True)
class Votes:
    """The receipt of a vote: the number of votes that the question has now."""

    votes: int

    def as_dict(self) -> dict[str, Any]:
        """Return `{votes}`, as acknowledgements and JSON carry it."""
        return {"votes": self.votes}


Outcome = Votes | TownhallError
Acknowledge = Callable[[Sequence[Outcome]], object]
Count = tuple[int, int]  # votes, and their revision


@dataclass(frozen=True)
class _Checked:
    """A vote for a question that may not exist. `session_version` is None without a recheck."""

    event_id: int
    employee_id: int
    session_version: int | None
    question_id: int
    vote: bool


@retry_on_outage
def vote(draft: Vote) -> Votes:
    """Store and publish one vote, or take it back.

    Raises `EventNotOpen`, `QuestionsClosed`, `SlowDown`, `NotFound`, or `Invalid` for a question
    that takes no votes.
    """
    receipt = sole(vote_and_publish([draft]))
    # The form's next page shows the own vote at once.
    forget_standing(draft.viewer.event_id)
    return receipt


def vote_and_publish(
    drafts: Sequence[Vote],
    publish: Publish = publisher.publish,
    acknowledge: Acknowledge | None = None,
) -> Sequence[Outcome]:
    """Store the votes in one transaction and publish the counts; return an outcome for each.

    `acknowledge` gets the outcomes right after the commit. Raises what the database raises until
    then, and nothing after it: the sweep finds counts that were not published.
    """
    checked, events = check_each(drafts, _check)
    checked = within_rate(checked, "vote", RATE_VOTES, RATE_SECONDS)
    votes = [one for one in checked if isinstance(one, _Checked)]
    stored, changed = _store(votes) if votes else ({}, {})
    outcomes = [stored[one] if isinstance(one, _Checked) else one for one in checked]
    if acknowledge:
        acknowledge(outcomes)
    for slug, event in events.items():
        here = [
            one
            for one, outcome in stored.items()
            if one.event_id == event.id and isinstance(outcome, Votes)
        ]
        ids = {one.question_id for one in here} & changed.keys()
        if ids:
            publish(
                slug, "votes_changed", {question_id: changed[question_id] for question_id in ids}
            )
        forget_own(event.id, {one.employee_id for one in here})
    return outcomes


def _check(draft: Vote, event: EventInfo) -> _Checked:
    check_open(event)
    if not isinstance(draft.vote, bool):
        raise Invalid("`vote` must be true or false.")
    question_id = parse_id(draft.question_id)
    employee = draft.viewer.employee
    version = employee.session_version if draft.recheck else None
    return _Checked(event.id, employee.id, version, question_id, draft.vote)


def _store(votes: Sequence[_Checked]) -> tuple[dict[_Checked, Outcome], dict[int, Count]]:
    """Store the votes and commit; return outcomes by vote, and changed counts by question id."""
    begin_to_write()
    ids = sorted({one.question_id for one in votes})
    rows = {row.id: row for row in db.session.execute(LOCKED, {"ids": ids})}
    refusals: dict[_Checked, Outcome] = dict.fromkeys(_find_signed_out(votes), NotCheckedIn())
    wanted: dict[int, dict[int, bool]] = {}
    for one in votes:
        if one in refusals:
            continue
        if refusal := _find_refusal(rows.get(one.question_id), one):
            refusals[one] = refusal
        else:
            # The last one counts where an employee sent several.
            wanted.setdefault(one.question_id, {})[one.employee_id] = one.vote
    changes = {question_id: _apply(question_id, those) for question_id, those in wanted.items()}
    changed = {
        question_id: (rows[question_id].votes + change, rows[question_id].votes_revision + 1)
        for question_id, change in changes.items()
        if change
    }
    for question_id in changed:
        db.session.execute(COUNT, {"question": question_id, "change": changes[question_id]})
    db.session.commit()
    counts = {row.id: row.votes for row in rows.values()}
    counts |= {question_id: count for question_id, (count, _) in changed.items()}
    return {one: refusals.get(one) or Votes(counts[one.question_id]) for one in votes}, changed


def _find_signed_out(votes: Sequence[_Checked]) -> list[_Checked]:
    """Return the votes to recheck whose session has ended."""
    doubtful = [one for one in votes if one.session_version is not None]
    versions = {
        event_id: read_versions(event_id, {one.employee_id for one in doubtful})
        for event_id in {one.event_id for one in doubtful}
    }
    return [
        one
        for one in doubtful
        if versions[one.event_id].get(one.employee_id) != one.session_version
    ]


def _find_refusal(question: Any, one: _Checked) -> TownhallError | None:
    if question is None or question.event_id != one.event_id or question.state not in PUBLISHED:
        return NotFound("There is no such question.")
    return None if question.state in VOTABLE else Invalid("This question takes no votes any more.")


def _apply(question_id: int, votes: Mapping[int, bool]) -> int:
    """Add and take back votes; return by how much the count changes."""
    added = [employee_id for employee_id, wanted in votes.items() if wanted]
    taken = [employee_id for employee_id, wanted in votes.items() if not wanted]
    return _add(question_id, added) - _take_back(question_id, taken)


def _add(question_id: int, employee_ids: Sequence[int]) -> int:
    if not employee_ids:
        return 0
    rows = [{"question_id": question_id, "employee_id": id_} for id_ in employee_ids]
    return cast(CursorResult[Any], db.session.execute(ADD, rows)).rowcount


def _take_back(question_id: int, employee_ids: Sequence[int]) -> int:
    if not employee_ids:
        return 0
    key = {"question": question_id, "employees": employee_ids}
    return cast(CursorResult[Any], db.session.execute(TAKE_BACK, key)).rowcount
