"""The live figures of an event, as its page and the overview of all events show them."""

from dataclasses import dataclass

from webapp.domain.attendance import checkin, viewer_count
from webapp.domain.chat import messages as chat_messages
from webapp.domain.events.store import EventInfo


@dataclass(frozen=True)
class Figures:
    """Numbers of people and messages of one event."""

    watching: int
    checked_in: int
    messages: int


def figures_of(event: EventInfo) -> Figures:
    """Return the figures of one event; nobody watches one that is not open."""
    watching = viewer_count.count_watching([event.id] if event.is_open else [])
    return Figures(
        watching.get(event.id, 0),
        checkin.count_checked_in([event.id]).get(event.id, 0),
        chat_messages.count_messages().get(event.id, 0),
    )
