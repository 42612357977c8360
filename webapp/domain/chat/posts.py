"""Posts on their way into the chat: a viewer's draft, the checked post, and its receipt."""

from dataclasses import dataclass, field, replace
from typing import Any

from webapp.domain.attendance.checkin import Viewer
from webapp.domain.events.store import EventInfo
from webapp.domain.writing.nonces import NonceSpent, check_nonce
from webapp.domain.writing.texts import clean_body
from webapp.errors import ChatClosed, EventNotOpen, TownhallError
from webapp.i18n import lazy

Key = tuple[int, str]  # employee id and nonce


@dataclass(frozen=True)
class Draft:
    """What a viewer asks to post: `body` and `nonce` as they came, not checked yet."""

    slug: str
    viewer: Viewer
    body: object
    nonce: object
    moderator: bool = False


@dataclass(frozen=True)
class Post:
    """A checked post that is still to be stored; moderators have neither slow mode nor approval."""

    event_id: int
    viewer: Viewer
    body: str
    nonce: str
    slow_mode_seconds: int = 0
    held: bool = False

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
        """Identify the post when it is sent again."""
        return self.employee_id, self.nonce


@dataclass(frozen=True)
class Receipt:
    """A stored post: the id of its message, or None while it waits for a moderator.

    `message` is set for a post that was stored just now, as viewers receive it.
    """

    id: int | None
    message: dict[str, Any] | None = field(default=None, compare=False)

    def as_dict(self) -> dict[str, Any]:
        """Return `{id}`, or `{id: null, held: true}`, as acknowledgements and JSON carry it."""
        return {"id": self.id} if self.id is not None else {"id": None, "held": True}


Outcome = Receipt | TownhallError


class Rejected(NonceSpent):
    text = lazy("A moderator did not approve this message.")


def check_draft(draft: Draft, event: EventInfo) -> Post:
    """Return the post that `draft` asks for.

    Raises `EventNotOpen`, `ChatClosed`, or `Invalid` for a body that is empty or longer than 500
    characters, or a nonce other than 1 to 64 visible ASCII characters.
    """
    if not event.is_open:
        raise EventNotOpen
    if not event.chat_open:
        raise ChatClosed
    nonce = check_nonce(draft.nonce)
    post = Post(event.id, draft.viewer, clean_body(draft.body), nonce)
    if draft.moderator:
        return post
    return replace(post, slow_mode_seconds=event.slow_mode_seconds, held=event.hold_messages)
