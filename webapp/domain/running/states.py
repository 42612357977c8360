"""Open and close events by hand, with all that belongs to it, and tell the live pages."""

from webapp.domain.attendance import closing
from webapp.domain.events.store import EventInfo, tell_change
from webapp.domain.polls.states import close_polls, tell_poll
from webapp.infra.clock import utcnow


def change_state(event: EventInfo, state: str, reason: str = "") -> None:
    """Open or close the event, and tell the live pages. Polls that are open close with it.

    Raise `Invalid` if an admin opens a closed event without a reason.
    """
    if state == "closed":
        closing.close(event.id, utcnow(), ending=close_polls)
        tell_poll(event)
    else:
        closing.open_event(event.id, reason=reason)
    tell_change(event.slug)
