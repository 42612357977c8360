"""Answers on their way into a poll: as they came, checked, and the result of storing them."""

from dataclasses import dataclass

from webapp.domain.attendance.checkin import Viewer
from webapp.domain.events.store import EventInfo
from webapp.errors import EventNotOpen, Invalid, TownhallError
from webapp.i18n import lazy
from webapp.infra.ids import parse_id


class PollClosed(Invalid):
    status = 409
    text = lazy("This poll is closed.")


@dataclass(frozen=True)
class Answer:
    """What a viewer asks to answer: `poll_id` and `options` as they came, not checked yet."""

    slug: str
    viewer: Viewer
    poll_id: object
    options: object


@dataclass(frozen=True, eq=False)
class Ballot:
    """A checked answer, still to be counted: the ids of the chosen options of a poll."""

    event_id: int
    poll_id: int
    viewer: Viewer
    options: frozenset[int]

    @property
    def employee_id(self) -> int:
        """Return the viewer's id."""
        return self.viewer.employee.id


@dataclass(frozen=True)
class Counted:
    """The employee's answer is counted. `repeated`: an earlier one stands in a secret poll."""

    repeated: bool = False

    def as_dict(self) -> dict[str, bool]:
        """Return `{}`, or `{repeated: true}`, as acknowledgements and JSON carry it."""
        return {"repeated": True} if self.repeated else {}


Outcome = Counted | TownhallError


def check_answer(answer: Answer, event: EventInfo) -> Ballot:
    """Return the ballot that `answer` asks to count.

    Raise `EventNotOpen`, or `Invalid` unless the options are a list of different ids.
    """
    if not event.is_open:
        raise EventNotOpen
    poll_id = parse_id(answer.poll_id)
    options = answer.options
    if not isinstance(options, list):
        raise Invalid("`options` must be a list of option ids.")
    if not options:
        raise Invalid("Choose an option first.")
    ids = frozenset(parse_id(option, "options") for option in options)
    if len(ids) < len(options):
        raise Invalid("You can choose each option once.")
    return Ballot(event.id, poll_id, answer.viewer, ids)
