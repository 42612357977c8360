"""Read an event's polls as moderators see them: drafts too, and the votes at any time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from webapp.domain.models import Poll, PollOption
from webapp.domain.polls.store import read_options, share_of
from webapp.errors import NotFound
from webapp.infra.extensions import db

STATE_ORDER = {"open": 0, "draft": 1, "closed": 2}


@dataclass(frozen=True)
class BoardPoll:
    """A poll with the votes of each option; `answers` is the number of employees who answered."""

    id: int
    question: str
    multiple: bool
    secret: bool
    live_results: bool
    state: str
    answers: int
    opened_at: datetime | None
    closed_at: datetime | None
    options: list[tuple[str, int]]

    def share(self, votes: int) -> int:
        """Return the share of the employees who answered, in whole per cent."""
        return share_of(votes, self.answers)


def read_board(event_id: int) -> list[BoardPoll]:
    """Return the open poll, the drafts, and the closed polls, the latest of each first.

    Takes two statements.
    """
    found = _read(db.session.scalars(select(Poll).where(Poll.event_id == event_id)).all())
    return sorted(found, key=lambda poll: (STATE_ORDER[poll.state], -poll.id))


def find_poll(event_id: int, poll_id: int) -> BoardPoll:
    """Return a poll of the event. Raise `NotFound`."""
    query = select(Poll).where(Poll.event_id == event_id, Poll.id == poll_id)
    if not (found := _read(db.session.scalars(query).all())):
        raise NotFound("There is no such poll.")
    return found[0]


def _read(polls: Iterable[Poll]) -> list[BoardPoll]:
    options = read_options(poll.id for poll in polls)
    return [_board_poll(poll, options[poll.id]) for poll in polls]


def _board_poll(poll: Poll, options: Iterable[PollOption]) -> BoardPoll:
    names = [name for name in BoardPoll.__dataclass_fields__ if name != "options"]
    values = {name: getattr(poll, name) for name in names}
    return BoardPoll(**values, options=[(option.text, option.votes) for option in options])
