"""Open, close and reopen polls. An event has one open poll at a time; the database holds that."""

from collections.abc import Iterable

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from webapp.domain.audit import trail
from webapp.domain.events.store import EventInfo
from webapp.domain.models import Event, Poll
from webapp.domain.polls.board import BoardPoll
from webapp.domain.polls.drafts import lock_poll
from webapp.domain.polls.store import cache_key, refresh_current
from webapp.errors import EventNotOpen, Invalid
from webapp.i18n import lazy
from webapp.infra import cache
from webapp.infra.clock import utcnow
from webapp.infra.database import begin_to_write, retry_on_outage
from webapp.infra.extensions import db
from webapp.infra.publisher import publish

NOBODY_THERE = lazy("Open the event first: nobody could answer yet.")


class AnotherPollOpen(Invalid):
    status = 409
    text = lazy("Another poll is open. Close that one first.")


class PollNotOpened(Invalid):
    status = 409
    text = lazy("This poll has not been opened yet.")


def why_none_can_open(event: EventInfo, polls: Iterable[BoardPoll]) -> str:
    """Return the reason why no poll of the event can be opened now, or ""."""
    if not event.is_open:
        return str(NOBODY_THERE)
    is_taken = any(poll.state == "open" for poll in polls)
    return str(AnotherPollOpen.text) if is_taken else ""


def open_poll(event: EventInfo, poll_id: int) -> None:
    """Open a draft, or a closed poll again with the answers it has.

    Change nothing where it is open already. Raise `EventNotOpen`, `NotFound`, or `AnotherPollOpen`.
    """
    if not event.is_open:
        raise EventNotOpen(NOBODY_THERE)
    _open(event.id, poll_id)
    tell_poll(event)


def close_poll(event: EventInfo, poll_id: int) -> None:
    """Close a poll; from then on every viewer sees its results.

    Change nothing where it is closed already. Raise `NotFound`, or `PollNotOpened` for a draft.
    """
    _close(event.id, poll_id)
    tell_poll(event)


def close_polls(event_id: int) -> None:
    """Close the polls of an event that closes, in its transaction, which the caller commits."""
    is_open = (Poll.event_id == event_id, Poll.state == "open")
    for poll in db.session.scalars(select(Poll).where(*is_open).with_for_update()).all():
        _set_closed(event_id, poll)


def tell_poll(event: EventInfo) -> None:
    """Send the current poll to the live pages, on the line after the commit."""
    cache.forget(cache_key(event.id))
    if poll := refresh_current(event.id):
        publish(event.slug, "poll_changed", poll)


@retry_on_outage
def _open(event_id: int, poll_id: int) -> None:
    begin_to_write()
    # An event that closes at this moment closes the polls that it finds.
    running = select(Event.state).where(Event.id == event_id).with_for_update(read=True)
    if db.session.scalar(running) != "open":
        db.session.rollback()
        raise EventNotOpen(NOBODY_THERE)
    poll = lock_poll(event_id, poll_id)
    before, question = poll.state, poll.question
    here = update(Poll).where(Poll.id == poll_id)
    if before != "open":
        try:
            opened = {"state": "open", "open_in": event_id}
            db.session.execute(here.values(**opened, opened_at=utcnow(), closed_at=None))
        except IntegrityError:
            db.session.rollback()
            raise AnotherPollOpen from None
        # Read after the row above has its place: a poll that was closed at this moment counts.
        highest = select(func.max(Poll.revision)).where(Poll.event_id == event_id)
        db.session.execute(here.values(revision=(db.session.scalar(highest) or 0) + 1))
        action = "poll_opened" if before == "draft" else "poll_reopened"
        trail.record(action, event_id=event_id, subject=question)
    db.session.commit()


@retry_on_outage
def _close(event_id: int, poll_id: int) -> None:
    begin_to_write()
    poll = lock_poll(event_id, poll_id)
    if poll.state == "draft":
        db.session.rollback()
        raise PollNotOpened
    if poll.state == "open":
        _set_closed(event_id, poll)
    db.session.commit()


def _set_closed(event_id: int, poll: Poll) -> None:
    trail.record("poll_closed", event_id=event_id, subject=poll.question)
    closed = {"state": "closed", "open_in": None, "closed_at": utcnow()}
    change = update(Poll).where(Poll.id == poll.id)
    db.session.execute(change.values(**closed, revision=Poll.revision + 1))
