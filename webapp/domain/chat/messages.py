"""The chat: what may be posted, storing a batch of posts in one transaction, reading back.

A message is stored first and told afterwards; the database numbers it. Whoever misses the
telling catches up by id.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any, cast

from sqlalchemy import (
    Row,
    Select,
    Table,
    bindparam,
    false,
    func,
    insert,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.exc import IntegrityError

from webapp.domain.attendance.checkin import Viewer
from webapp.domain.chat.posting_rules import PostingRules
from webapp.domain.employees.directory import FULL_NAME
from webapp.domain.events import store as event_store
from webapp.domain.events.store import EventInfo
from webapp.domain.models import BODY_LENGTH, NONCE_LENGTH, Employee, HeldMessage, Message
from webapp.errors import (
    ChatClosed,
    EventNotOpen,
    Invalid,
    Muted,
    SlowDown,
    TownhallError,
)
from webapp.infra import cache
from webapp.infra.clock import isoformat, utcnow
from webapp.infra.database import retry_on_outage
from webapp.infra.extensions import db
from webapp.infra.text import printable

LATEST = 50
PAGE = 200
# Only bounds how stale a page may start; its script catches up by id right after.
LATEST_CACHE_SECONDS = 5

NONCE = re.compile(rf"[!-~]{{1,{NONCE_LENGTH}}}")
# Message ids as an id column holds them: anything larger is nobody's.
MAX_ID = 2**63 - 1


# Built once, and of tables: see `posting_rules`.
INSERT = {table: insert(cast(Table, table.__table__)) for table in (Message, HeldMessage)}
_MESSAGES, _HELD = (cast(Table, table.__table__).c for table in (Message, HeldMessage))
KNOWN = union_all(
    *(
        select(kept.employee_id, kept.nonce, message_id, rejected).where(
            tuple_(kept.employee_id, kept.nonce).in_(bindparam("keys", expanding=True))
        )
        for kept, message_id, rejected in (
            (_HELD, _HELD.message_id, _HELD.decided_at.is_not(None)),
            (_MESSAGES, _MESSAGES.id, false()),
        )
    )
)
VISIBLE: Select[*tuple[Any, ...]] = (
    select(
        Message.id,
        Message.body,
        Message.posted_at,
        FULL_NAME.label("author"),
        Employee.department,
    )
    .join(Employee, Employee.id == Message.employee_id)
    .where(Message.removed_at.is_(None))
)
VISIBLE_OF = VISIBLE.where(
    Message.event_id == bindparam("event_id"), Message.id.in_(bindparam("ids", expanding=True))
).order_by(Message.id)


@dataclass(frozen=True)
class Post:
    """A message that is still to be stored; the text and nonce have been checked."""

    event_id: int
    viewer: Viewer
    body: str
    nonce: str
    slow_mode_seconds: int = 0
    held: bool = False

    @property
    def employee_id(self) -> int:
        """Whose post it is."""
        return self.viewer.employee.id

    @property
    def session_version(self) -> int:
        """The session version that its author's cookie named."""
        return self.viewer.employee.session_version

    @property
    def key(self) -> "Key":
        """What makes it the same post when it is sent again."""
        return self.employee_id, self.nonce


@dataclass(frozen=True)
class Draft:
    """What a viewer asks to post: text and nonce as they came."""

    slug: str
    viewer: Viewer
    body: object
    nonce: object
    moderator: bool = False


@dataclass(frozen=True)
class Receipt:
    """A post is kept: as the message of that id, or, without one, until a moderator decides.

    One that was stored just now has the `message` as well, as viewers are told of it.
    """

    id: int | None
    message: dict[str, Any] | None = field(default=None, compare=False)

    def as_dict(self) -> dict[str, Any]:
        """As acknowledgements and JSON carry it: `{id}`, or `{id: null, held: true}`."""
        return {"id": self.id} if self.id is not None else {"id": None, "held": True}


class _KnownNonceError(Exception):
    """Something that was to be stored is kept already."""


class Rejected(Invalid):
    message = "A moderator did not let this message through."


Outcome = Receipt | TownhallError
Key = tuple[int, str]  # employee id and nonce


def check_post(
    event: EventInfo, viewer: Viewer, body: object, nonce: object, *, moderator: bool = False
) -> Post:
    """The post that a form or packet asks for. Neither slow mode nor approval is for moderators.

    Raises `EventNotOpen`, `ChatClosed`, or `Invalid` for a text that is empty or longer than
    500 characters, or a nonce that is not 1 to 64 visible ASCII characters.
    """
    if not event.is_open:
        raise EventNotOpen
    if not event.chat_open:
        raise ChatClosed
    if not isinstance(nonce, str) or not NONCE.fullmatch(nonce):
        raise Invalid(f"A nonce has 1 to {NONCE_LENGTH} visible ASCII characters.")
    text = clean_body(body)
    if moderator:
        return Post(event.id, viewer, text, nonce)
    return Post(event.id, viewer, text, nonce, event.slow_mode_seconds, event.hold_messages)


@retry_on_outage
def post(wished: Post) -> Receipt:
    """Store one post. Raises `SlowDown`, `Muted`, or `Rejected` when it is known and was."""
    outcome = store([wished])[0]
    forget_latest(wished.event_id)
    if isinstance(outcome, TownhallError):
        raise outcome
    return outcome


def accept(drafts: Sequence[Draft]) -> list[Outcome]:
    """Check what several viewers ask to post, and store it; see `store`."""
    known: dict[str, EventInfo] = {}
    checked = [_check(draft, known) for draft in drafts]
    stored = iter(store([post for post in checked if isinstance(post, Post)]))
    return [next(stored) if isinstance(post, Post) else post for post in checked]


def store(posts: Sequence[Post]) -> list[Outcome]:
    """Store the posts in one transaction; for each its receipt, or the error that refuses it.

    A post that was stored before, under the same nonce of the same employee, gets the receipt
    it has. Raises what the database raises; then nothing of the batch may be acknowledged.
    The caller forgets the latest messages; a node tells its viewers first.
    """
    if not posts:
        return []
    try:
        outcomes = _store(posts)
    except (IntegrityError, _KnownNonceError):
        # From another node, or from a commit whose answer was lost.
        db.session.rollback()
        outcomes = _store(posts, again=True)
    # What is kept already is not refused for being repeated too soon.
    outcomes |= _known([post for post in posts if isinstance(outcomes[post.key], SlowDown | Muted)])
    return [outcomes[post.key] for post in posts]


def latest(event: EventInfo) -> list[dict[str, Any]]:
    """The latest messages as the page shows them, oldest first; from the cache."""
    found = cache.remember(
        latest_key(event.id), LATEST_CACHE_SECONDS, lambda: _read_latest(event.id)
    )
    return found or []


def count_messages() -> dict[int, int]:
    """How many were posted, removed ones too, by event id; from the index alone."""
    posted = func.count().label("posted")
    query = select(Message.event_id, posted).group_by(Message.event_id)
    return {row.event_id: row.posted for row in db.session.execute(query)}


def forget_latest(*event_ids: int) -> None:
    """Drop the cached latest messages, on the line after the commit that changed them."""
    cache.forget(*(latest_key(event_id) for event_id in event_ids))


def since(event_id: int, after: int) -> tuple[list[dict[str, Any]], bool]:
    """Messages with an id above `after`, oldest first, at most 200, and whether more follow."""
    rows = db.session.execute(
        _visible(event_id).where(Message.id > after).order_by(Message.id).limit(PAGE + 1)
    ).all()
    return [_as_json(row) for row in rows[:PAGE]], len(rows) > PAGE


def floor_of_latest(event_id: int, count: int) -> int:
    """The id above which the event has its latest `count` messages, removed ones too; 0 where it
    has no more than that."""
    ids = select(Message.id).where(Message.event_id == event_id).order_by(Message.id.desc())
    return db.session.scalar(ids.offset(count).limit(1)) or 0


def count_above(event_id: int, floor: int) -> tuple[int, int]:
    """How many messages above that id there are, and how many of them were removed."""
    query = select(func.count(), func.count(Message.removed_at)).where(
        Message.event_id == event_id, Message.id > floor
    )
    total, removed = db.session.execute(query).one()
    return total, removed


def read_marks(event_id: int, after: int) -> tuple[list[int], list[int]]:
    """The ids above `after`, ascending: those to be seen, and those that were removed."""
    query = select(Message.id, Message.removed_at.is_not(None)).where(
        Message.event_id == event_id, Message.id > after
    )
    marks = db.session.execute(query.order_by(Message.id)).all()
    return [i for i, removed in marks if not removed], [i for i, removed in marks if removed]


def read(event_id: int, ids: Iterable[int]) -> list[dict[str, Any]]:
    """The messages with these ids, ascending; removed ones are left out."""
    found = db.session.execute(VISIBLE_OF, {"event_id": event_id, "ids": list(ids)})
    return [_as_json(row) for row in found]


def messages_of(event_id: int, receipts: Iterable[Receipt]) -> list[dict[str, Any]]:
    """The messages that viewers are told of, ascending. Only what was stored earlier, by a commit
    whose answer was lost, is read: nobody may have been told."""
    kept = [receipt for receipt in receipts if receipt.id is not None]
    messages = [receipt.message for receipt in kept if receipt.message]
    if earlier := [receipt.id for receipt in kept if receipt.id and not receipt.message]:
        messages += read(event_id, earlier)
    return sorted(messages, key=itemgetter("id"))


def parse_after(value: object) -> int:
    """The id after which somebody asks for messages: a number or its digits. Raises `Invalid`."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,19}", value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_ID:
        raise Invalid("`after` is the id of a message, or 0.")
    return value


def clean_body(body: object) -> str:
    """A text of 1 to 500 characters, trimmed. Raises `Invalid`."""
    if not isinstance(body, str):
        raise Invalid("A message is a text.")
    text = printable(body).strip()
    if not text:
        raise Invalid("Write something first.")
    if len(text) > BODY_LENGTH:
        raise Invalid(f"A message has at most {BODY_LENGTH} characters.")
    return text


def _check(draft: Draft, known: dict[str, EventInfo]) -> Post | TownhallError:
    try:
        event = known.get(draft.slug) or event_store.get_event(draft.slug)
        known[draft.slug] = event
        return check_post(event, draft.viewer, draft.body, draft.nonce, moderator=draft.moderator)
    except TownhallError as refusal:
        return refusal


def _store(posts: Sequence[Post], *, again: bool = False) -> dict[Key, Outcome]:
    """What becomes of each; `again` looks first for those that are kept already. Nobody else
    stores one meanwhile: the rules hold the authors."""
    now = utcnow()
    rules = PostingRules(posts, now)
    outcomes = _known(posts) if again else {}
    fresh: dict[Key, Post] = {}
    for post in posts:
        if post.key in outcomes or post.key in fresh:
            continue
        if refusal := rules.refusal(post):
            outcomes[post.key] = refusal
        else:
            fresh[post.key] = post
    for table, held in ((Message, False), (HeldMessage, True)):
        if rows := [_row(post, now) for post in fresh.values() if post.held == held]:
            db.session.execute(INSERT[table], rows)
    # Within the transaction, which would else need a second one, and a second look at the pool.
    stored = _read_kept(fresh)
    if len(stored) > len(fresh):
        # One is in the other table: it was held before, or is now.
        raise _KnownNonceError
    for key, receipt in stored:
        outcomes[key] = _with_message(receipt, fresh[key], rules, now)
    db.session.commit()
    return outcomes


def _with_message(receipt: Outcome, post: Post, rules: PostingRules, now: datetime) -> Outcome:
    """The receipt of what was stored `now`, without reading it once more."""
    if not isinstance(receipt, Receipt) or receipt.id is None:
        return receipt
    author = rules.author(post)
    message = _message(receipt.id, author.name, author.department, post.body, now)
    return Receipt(receipt.id, message)


def _row(post: Post, now: datetime) -> dict[str, Any]:
    return {
        "event_id": post.event_id,
        "employee_id": post.employee_id,
        "body": post.body,
        "nonce": post.nonce,
        "posted_at": now,
    }


def _known(posts: Sequence[Post]) -> dict[Key, Outcome]:
    """What became of those of the posts that were kept before."""
    return dict(_read_kept([post.key for post in posts]))


def _read_kept(keys: Iterable[Key]) -> list[tuple[Key, Outcome]]:
    """What is kept under these keys: held posts first, which stay in their table when they become
    messages."""
    if not (wanted := list(keys)):
        return []
    return [
        ((employee_id, nonce), Rejected() if decided and not message_id else Receipt(message_id))
        for employee_id, nonce, message_id, decided in db.session.execute(KNOWN, {"keys": wanted})
    ]


def _visible(event_id: int) -> Select[*tuple[Any, ...]]:
    return VISIBLE.where(Message.event_id == event_id)


def _read_latest(event_id: int) -> list[dict[str, Any]]:
    query = _visible(event_id).order_by(Message.id.desc()).limit(LATEST)
    return [_as_json(row) for row in reversed(db.session.execute(query).all())]


def _as_json(row: Row[*tuple[Any, ...]]) -> dict[str, Any]:
    return _message(row.id, row.author, row.department, row.body, row.posted_at)


def _message(
    message_id: int, author: str, department: str, body: str, posted_at: datetime
) -> dict[str, Any]:
    return {
        "id": message_id,
        "author": author,
        "department": department,
        "body": body,
        "posted_at": isoformat(posted_at),
    }


def latest_key(event_id: int) -> str:
    """Under which the latest messages of an event are cached."""
    return f"messages:v1:{event_id}"
