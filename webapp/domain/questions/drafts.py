"""Questions on their way: a viewer's draft, the checked question, and its receipt."""

from dataclasses import dataclass
from typing import Any

from webapp.domain.attendance.checkin import Viewer
from webapp.domain.events.store import EventInfo
from webapp.domain.writing.nonces import NonceSpent, check_nonce
from webapp.domain.writing.texts import clean_body
from webapp.errors import EventNotOpen, Invalid, TownhallError
from webapp.i18n import lazy

Key = tuple[int, str]  # employee id and nonce
Content = tuple[int, str, bool]  # event id, text, and whether it is anonymous


@dataclass(frozen=True)
class Draft:
    """What a viewer asks: `body`, `nonce` and `anonymous` as they came, not checked yet."""

    slug: str
    viewer: Viewer
    body: object
    nonce: object
    anonymous: object = False
    moderator: bool = False


@dataclass(frozen=True)
class NewQuestion:
    """A checked question that is still to be stored; a moderator's does not wait for approval."""

    event_id: int
    viewer: Viewer
    body: str
    nonce: str
    anonymous: bool
    held: bool

    @property
    def employee_id(self) -> int:
        """Return the author's id."""
        return self.viewer.employee.id

    @property
    def session_version(self) -> int:
        """Return the session version in the author's cookie."""
        return self.viewer.employee.session_version

    @property
    def key(self) -> Key:
        """Identify the question when it is sent again."""
        return self.employee_id, self.nonce

    @property
    def content(self) -> Content:
        """Return what makes it the same question, under the same key."""
        return self.event_id, self.body, self.anonymous


@dataclass(frozen=True)
class Receipt:
    """A stored question: its id, or None while it waits for a moderator."""

    id: int | None

    def as_dict(self) -> dict[str, Any]:
        """Return `{id}`, or `{id: null, held: true}`, as acknowledgements and JSON carry it."""
        return {"id": self.id} if self.id is not None else {"id": None, "held": True}


Outcome = Receipt | TownhallError


class QuestionsClosed(Invalid):
    status = 409
    text = lazy("Questions are closed in this event.")


class Rejected(NonceSpent):
    text = lazy("A moderator did not approve this question.")


def check_draft(draft: Draft, event: EventInfo) -> NewQuestion:
    """Return the question that `draft` asks for.

    Raises `EventNotOpen`, `QuestionsClosed`, or `Invalid` for a body or nonce that a message could
    not have, and for an anonymous question where the event allows none.
    """
    check_open(event)
    if not isinstance(draft.anonymous, bool):
        raise Invalid("`anonymous` must be true or false.")
    if draft.anonymous and not event.anonymous_questions:
        raise Invalid("This event takes no questions without a name.")
    nonce, body = check_nonce(draft.nonce), clean_body(draft.body)
    held = event.hold_questions and not draft.moderator
    return NewQuestion(event.id, draft.viewer, body, nonce, draft.anonymous, held)


def check_open(event: EventInfo) -> None:
    """Raise `EventNotOpen` or `QuestionsClosed` unless viewers may ask and vote now."""
    if not event.is_open:
        raise EventNotOpen
    if not event.questions_open:
        raise QuestionsClosed
