"""Steps that every batch shares: messages, questions, votes, and answers to polls."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from webapp.domain.events import store as event_store
from webapp.domain.events.store import EventInfo
from webapp.errors import SlowDown, TownhallError
from webapp.infra.counters import count_acts


class Draft(Protocol):
    """A viewer's wish for an event, as it came."""

    @property
    def slug(self) -> str:
        """Return the slug of the event."""
        ...


class Checked(Protocol):
    """A wish whose form is right, still to be stored."""

    @property
    def employee_id(self) -> int:
        """Return the viewer's employee id."""
        ...


D = TypeVar("D", bound=Draft)
C = TypeVar("C", bound=Checked)
R = TypeVar("R")


def check_each(
    drafts: Sequence[D], check: Callable[[D, EventInfo], C]
) -> tuple[list[C | TownhallError], dict[str, EventInfo]]:
    """Check each draft against its event, which is read once for all of them.

    Return the checked draft, or the error that refuses it, for each; and the events by slug.
    """
    events: dict[str, EventInfo] = {}

    def check_one(draft: D) -> C | TownhallError:
        try:
            if draft.slug not in events:
                events[draft.slug] = event_store.get_event(draft.slug)
            return check(draft, events[draft.slug])
        except TownhallError as refusal:
            return refusal

    return [check_one(draft) for draft in drafts], events


def within_rate(
    checked: Sequence[C | TownhallError], act: str, most: int, seconds: int
) -> list[C | TownhallError]:
    """Replace what is more than `most` of an employee in `seconds`, over all nodes and tabs.

    `act` names the counter.
    """
    employees = [one.employee_id for one in checked if not isinstance(one, TownhallError)]
    waits = iter(count_acts(act, employees, most, seconds) if employees else ())
    within: list[C | TownhallError] = []
    for one in checked:
        wait = 0 if isinstance(one, TownhallError) else next(waits)
        within.append(SlowDown(retry_after=wait) if wait else one)
    return within


def sole(outcomes: Sequence[R | TownhallError]) -> R:
    """Return the outcome of a batch of one. Raises it when it is an error."""
    (outcome,) = outcomes
    if isinstance(outcome, TownhallError):
        raise outcome
    return outcome
