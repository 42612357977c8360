"""Prepare polls: create a draft, change it, throw it away. An opened poll is never changed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import delete, insert, select, update

from webapp.domain.audit import trail
from webapp.domain.events.store import EventInfo
from webapp.domain.models import OPTION_LENGTH, POLL_QUESTION_LENGTH, Poll, PollOption
from webapp.errors import Invalid, NotFound
from webapp.i18n import lazy
from webapp.infra.database import begin_to_write, retry_on_outage
from webapp.infra.extensions import db
from webapp.infra.text import one_line

LEAST_OPTIONS, MOST_OPTIONS = 2, 10


class PollFixed(Invalid):
    status = 409
    text = lazy("This poll was opened already and cannot be changed.")


@dataclass(frozen=True)
class PollDraft:
    """A poll as a moderator writes it. Blank options are left out."""

    question: str
    options: Sequence[str]
    multiple: bool = False
    secret: bool = False
    live_results: bool = True

    def checked(self) -> "PollDraft":
        """Return the draft as it is stored.

        Raise `Invalid`, which names the field, unless it has a question of 1 to 300 characters and
        2 to 10 different options of at most 200 characters.
        """
        question = one_line(self.question)
        if not question:
            raise Invalid("Write a question first.", form_field="question")
        if (length := len(question)) > POLL_QUESTION_LENGTH:
            raise Invalid(
                "Use at most %(most)s characters for the question: this has %(count)s.",
                most=POLL_QUESTION_LENGTH,
                count=length,
                form_field="question",
            )
        return replace(self, question=question, options=self._checked_options())

    def _checked_options(self) -> list[str]:
        options = {place: one_line(option) for place, option in enumerate(self.options)}
        written = {place: text for place, text in options.items() if text}
        if not LEAST_OPTIONS <= len(written) <= MOST_OPTIONS:
            blank = (place for place in range(MOST_OPTIONS) if place not in written)
            raise Invalid(
                "Give %(least)s to %(most)s options: these are %(count)s.",
                least=LEAST_OPTIONS,
                most=MOST_OPTIONS,
                count=len(written),
                form_field=_field(next(blank, MOST_OPTIONS)),
            )
        seen: set[str] = set()
        for place, text in written.items():
            if len(text) > OPTION_LENGTH:
                raise Invalid(
                    "Use at most %(most)s characters for an option: one has %(count)s.",
                    most=OPTION_LENGTH,
                    count=len(text),
                    form_field=_field(place),
                )
            if text.casefold() in seen:
                raise Invalid("Two options are the same.", form_field=_field(place))
            seen.add(text.casefold())
        return list(written.values())

    def columns(self) -> dict[str, Any]:
        """Return the columns of the poll."""
        names = ("question", "multiple", "secret", "live_results")
        return {name: getattr(self, name) for name in names}


def _field(place: int) -> str:
    """Return the name of the form's field for the option at that place."""
    return f"option-{place}"


def create(event: EventInfo, draft: PollDraft) -> int:
    """Add a draft to the event and return its id. Raise `Invalid`."""
    return _create(event.id, draft.checked())


def edit(event: EventInfo, poll_id: int, draft: PollDraft) -> None:
    """Replace a draft. Raise `Invalid`, `NotFound`, or `PollFixed` once it was opened."""
    _edit(event.id, poll_id, draft.checked())


@retry_on_outage
def discard(event: EventInfo, poll_id: int) -> None:
    """Delete a draft. Raise `NotFound`, or `PollFixed` once it was opened."""
    begin_to_write()
    poll = _lock_draft(event.id, poll_id)
    trail.record("poll_discarded", event_id=event.id, subject=poll.question)
    db.session.execute(delete(Poll).where(Poll.id == poll_id))
    db.session.commit()


def lock_poll(event_id: int, poll_id: int) -> Poll:
    """Return a poll of the event, and let nobody else change it in this transaction.

    Raise `NotFound`.
    """
    query = select(Poll).where(Poll.id == poll_id, Poll.event_id == event_id)
    locked = query.with_for_update().execution_options(populate_existing=True)
    if (poll := db.session.scalar(locked)) is None:
        db.session.rollback()
        raise NotFound("There is no such poll.")
    return poll


@retry_on_outage
def _create(event_id: int, draft: PollDraft) -> int:
    poll = Poll(event_id=event_id, **draft.columns())
    db.session.add(poll)
    db.session.flush()
    poll_id = poll.id
    _add_options(poll_id, draft.options)
    trail.record("poll_created", event_id=event_id, subject=draft.question)
    db.session.commit()
    return poll_id


@retry_on_outage
def _edit(event_id: int, poll_id: int, draft: PollDraft) -> None:
    begin_to_write()
    _lock_draft(event_id, poll_id)
    db.session.execute(update(Poll).where(Poll.id == poll_id).values(**draft.columns()))
    db.session.execute(delete(PollOption).where(PollOption.poll_id == poll_id))
    _add_options(poll_id, draft.options)
    trail.record("poll_edited", event_id=event_id, subject=draft.question)
    db.session.commit()


def _add_options(poll_id: int, options: Sequence[str]) -> None:
    rows = [
        {"poll_id": poll_id, "position": position, "text": text, "votes": 0}
        for position, text in enumerate(options)
    ]
    db.session.execute(insert(PollOption), rows)


def _lock_draft(event_id: int, poll_id: int) -> Poll:
    poll = lock_poll(event_id, poll_id)
    if poll.state != "draft":
        db.session.rollback()
        raise PollFixed
    return poll
