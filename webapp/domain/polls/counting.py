"""Count a batch of ballots in one transaction.

The row of the poll is locked first, by nodes, web workers and the close alike: nobody else counts
meanwhile, and no answer is counted after the close. The key of `poll_answers` holds "one person,
one answer" whatever else happens.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import Any, cast

from sqlalchemy import Row, Table, bindparam, case, delete, insert, select, update

from webapp.domain.models import Poll, PollAnswer, PollOption
from webapp.domain.polls.answers import Ballot, Counted, Outcome, PollClosed
from webapp.domain.polls.drafts import MOST_OPTIONS
from webapp.domain.polls.store import poll_json
from webapp.domain.writing.authors import read_versions
from webapp.errors import Invalid, NotCheckedIn, NotFound, TownhallError
from webapp.infra.database import begin_to_write
from webapp.infra.extensions import db

# Built once and from tables: building a statement costs more than executing it.
POLLS, OPTIONS, ANSWERS = (cast(Table, m.__table__) for m in (Poll, PollOption, PollAnswer))
LOCKED = select(POLLS).where(POLLS.c.id == bindparam("poll")).with_for_update()
OPTIONS_OF = (
    select(OPTIONS).where(OPTIONS.c.poll_id == bindparam("poll")).order_by(OPTIONS.c.position)
)
_SOME = (
    ANSWERS.c.poll_id == bindparam("poll"),
    ANSWERS.c.employee_id.in_(bindparam("employees", expanding=True)),
)
KNOWN = select(ANSWERS.c.employee_id, ANSWERS.c.choices).where(*_SOME)
FORGET = delete(ANSWERS).where(*_SOME)
INSERT = insert(ANSWERS)
# All options at once: in a log of statements the chosen one does not stand out by its row.
ADD_VOTES = (
    update(OPTIONS)
    .where(OPTIONS.c.poll_id == bindparam("poll"))
    .values(
        votes=OPTIONS.c.votes
        + case(
            {place: bindparam(f"added_{place}") for place in range(MOST_OPTIONS)},
            value=OPTIONS.c.position,
        )
    )
)
ADD_ANSWERS = (
    update(POLLS)
    .where(POLLS.c.id == bindparam("poll"))
    .values(answers=POLLS.c.answers + bindparam("new"), revision=POLLS.c.revision + 1)
)


@dataclass(frozen=True)
class Result:
    """The outcome of each ballot, the polls that changed, as viewers see them, and whose answers
    changed: pairs of poll and employee id."""

    outcomes: dict[Ballot, Outcome] = field(default_factory=dict)
    polls: list[dict[str, Any]] = field(default_factory=list)
    changed: list[tuple[int, int]] = field(default_factory=list)


def count(ballots: Sequence[Ballot]) -> Result:
    """Count the ballots and commit. Raise what the database raises; then none may be acknowledged.

    Of several ballots of one employee the last one stands, as if they had come one by one.
    """
    result = Result()
    if not ballots:
        return result
    begin_to_write()
    # In one order everywhere, so that no two transactions wait for each other. Ballots from another
    # event are a group of their own: they are refused, and those of the poll's event are counted.
    by_poll = attrgetter("poll_id", "event_id")
    for (poll_id, _), group in groupby(sorted(ballots, key=by_poll), by_poll):
        _count_poll(poll_id, list(group), result)
    db.session.commit()
    return result


def _count_poll(poll_id: int, ballots: Sequence[Ballot], result: Result) -> None:
    poll = db.session.execute(LOCKED, {"poll": poll_id}).one_or_none()
    if refusal := _refusal_of(poll, ballots[0].event_id):
        result.outcomes.update(dict.fromkeys(ballots, refusal))
        return
    counting = _Counting(cast(Row[Any], poll), ballots)
    result.outcomes.update((ballot, counting.take(ballot)) for ballot in ballots)
    if counting.changed:
        result.polls.append(counting.store())
    result.changed.extend((poll_id, one) for one in counting.changed)


def _refusal_of(poll: Row[Any] | None, event_id: int) -> TownhallError | None:
    if poll is None or poll.event_id != event_id or poll.state == "draft":
        return NotFound("There is no such poll.")
    return PollClosed() if poll.state == "closed" else None


class _Counting:
    """The ballots of one locked poll. `choices` begins with what is on record already."""

    def __init__(self, poll: Row[Any], ballots: Iterable[Ballot]) -> None:
        self._poll = poll
        self._options = db.session.execute(OPTIONS_OF, {"poll": poll.id}).all()
        self._places = {option.id: option.position for option in self._options}
        ids = sorted({ballot.employee_id for ballot in ballots})
        self._versions = read_versions(poll.event_id, ids)
        known = db.session.execute(KNOWN, {"poll": poll.id, "employees": ids})
        self.choices: dict[int, int | None] = dict(map(tuple, known))
        self._known = frozenset(self.choices)
        self.changed: set[int] = set()
        self._added = [0] * MOST_OPTIONS

    def take(self, ballot: Ballot) -> Outcome:
        """Count a ballot and return its outcome."""
        employee_id = ballot.employee_id
        version = self._versions.get(employee_id)
        if version is None or version != ballot.viewer.employee.session_version:
            return NotCheckedIn()
        if not self._places.keys() >= ballot.options:
            return Invalid("There is no such option in this poll.")
        if len(ballot.options) > 1 and not self._poll.multiple:
            return Invalid("Choose one option.")
        if self._poll.secret and employee_id in self.choices:
            return Counted(repeated=True)
        bits = sum(1 << self._places[option] for option in ballot.options)
        if employee_id not in self.choices or self.choices[employee_id] != bits:
            self._change(employee_id, bits)
        return Counted()

    def store(self) -> dict[str, Any]:
        """Write what changed, and return the poll as it is now."""
        poll_id, employees = self._poll.id, sorted(self.changed)
        if self.changed & self._known:
            db.session.execute(FORGET, {"poll": poll_id, "employees": employees})
        rows = [
            {"poll_id": poll_id, "employee_id": one, "choices": self.choices[one]}
            for one in employees
        ]
        db.session.execute(INSERT, rows)
        added = {f"added_{place}": amount for place, amount in enumerate(self._added)}
        db.session.execute(ADD_VOTES, {"poll": poll_id} | added)
        new = len(self.changed - self._known)
        db.session.execute(ADD_ANSWERS, {"poll": poll_id, "new": new})
        return self._as_json(new)

    def _change(self, employee_id: int, bits: int) -> None:
        before = self.choices.get(employee_id) or 0
        for place in range(MOST_OPTIONS):
            self._added[place] += (bits >> place & 1) - (before >> place & 1)
        # A secret poll keeps that the employee answered, and nothing else.
        self.choices[employee_id] = None if self._poll.secret else bits
        self.changed.add(employee_id)

    def _as_json(self, new: int) -> dict[str, Any]:
        # Nobody else changes the counts while the poll is locked, so they need not be read again.
        now = {"answers": self._poll.answers + new, "revision": self._poll.revision + 1}
        options = [
            _Columns(o._asdict() | {"votes": o.votes + self._added[o.position]})
            for o in self._options
        ]
        return poll_json(_Columns(self._poll._asdict() | now), options)


class _Columns:
    """Values under the names of columns."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.__dict__.update(values)
