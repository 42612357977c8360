"""Store a batch of posts in one transaction; the database numbers the messages."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, false, insert, select, tuple_, union_all
from sqlalchemy.exc import IntegrityError

from webapp.domain.chat.messages import message_json
from webapp.domain.chat.posting_rules import PostingRules
from webapp.domain.chat.posts import Key, Outcome, Post, Receipt, Rejected
from webapp.domain.models import HeldMessage, Message
from webapp.domain.writing.nonces import NonceReused
from webapp.errors import Muted, SlowDown, TownhallError
from webapp.infra.clock import utcnow
from webapp.infra.extensions import db

# Built once, and from tables: see `writing.authors`.
INSERT = {table: insert(cast(Table, table.__table__)) for table in (Message, HeldMessage)}
_MESSAGES, _HELD = (cast(Table, table.__table__).c for table in (Message, HeldMessage))
KNOWN = union_all(
    *(
        select(kept.employee_id, kept.nonce, kept.event_id, kept.body, message_id, rejected).where(
            tuple_(kept.employee_id, kept.nonce).in_(bindparam("keys", expanding=True))
        )
        for kept, message_id, rejected in (
            (_HELD, _HELD.message_id, _HELD.decided_at.is_not(None).label("decided")),
            (_MESSAGES, _MESSAGES.id, false()),
        )
    )
)


@dataclass(frozen=True)
class _Kept:
    """A stored post, with the receipt for it or the refusal of a moderator."""

    event_id: int
    body: str
    outcome: Outcome


class _KnownNonceError(Exception):
    """A post that was about to be stored is stored already."""


def store(posts: Sequence[Post]) -> list[Outcome]:
    """Store the posts and commit; return a receipt for each, or the error that refuses it.

    A post that the same employee sent before under the same nonce gets its first receipt again, a
    different one `NonceReused`. Raises what the database raises; then no post of the batch may be
    acknowledged.
    """
    if not posts:
        return []
    try:
        found = _store(posts)
    except (IntegrityError, _KnownNonceError):
        # Stored by another node, or by a commit whose answer was lost.
        db.session.rollback()
        found = _store(posts, again=True)
    # A stored post is not refused for being sent again too soon.
    found |= _known([post for post in posts if isinstance(found[post.key], SlowDown | Muted)])
    return [_outcome_of(post, found[post.key]) for post in posts]


def _outcome_of(post: Post, found: _Kept | TownhallError) -> Outcome:
    if isinstance(found, TownhallError):
        return found
    same = (found.event_id, found.body) == (post.event_id, post.body)
    return found.outcome if same else NonceReused()


def _store(posts: Sequence[Post], *, again: bool = False) -> dict[Key, _Kept | TownhallError]:
    """Store new posts and commit. With `again`, look for stored ones first: the rules lock the
    authors, so nobody else stores one meanwhile."""
    now = utcnow()
    rules = PostingRules(posts, now)
    found: dict[Key, _Kept | TownhallError] = {**_known(posts)} if again else {}
    fresh: dict[Key, Post] = {}
    for post in posts:
        if post.key in found or post.key in fresh:
            continue
        if refusal := rules.find_refusal(post):
            found[post.key] = refusal
        else:
            fresh[post.key] = post
    for table, held in ((Message, False), (HeldMessage, True)):
        if rows := [_row(post, now) for post in fresh.values() if post.held == held]:
            db.session.execute(INSERT[table], rows)
    # Read within the transaction: another one would ask the pool for a connection once more.
    stored = _read_kept(fresh)
    if len(stored) > len(fresh):
        # One is in the other table too: it was held before, or is held now.
        raise _KnownNonceError
    for key, kept in stored:
        found[key] = _with_message(kept, fresh[key], rules, now)
    db.session.commit()
    return found


def _with_message(kept: _Kept, post: Post, rules: PostingRules, now: datetime) -> _Kept:
    """Add the message that was stored at `now`, without reading it back."""
    receipt = kept.outcome
    if not isinstance(receipt, Receipt) or receipt.id is None:
        return kept
    author = rules.author(post)
    names = (author.id, author.name, author.department)
    message = message_json(receipt.id, *names, post.body, now)
    return replace(kept, outcome=Receipt(receipt.id, message))


def _row(post: Post, now: datetime) -> dict[str, Any]:
    return {
        "event_id": post.event_id,
        "employee_id": post.employee_id,
        "body": post.body,
        "nonce": post.nonce,
        "posted_at": now,
    }


def _known(posts: Sequence[Post]) -> dict[Key, _Kept]:
    """Return those posts that were stored before, by key."""
    return dict(_read_kept([post.key for post in posts]))


def _read_kept(keys: Iterable[Key]) -> list[tuple[Key, _Kept]]:
    """Return what is stored under `keys`. Held posts come first: they stay in their table when
    they become messages."""
    if not (wanted := list(keys)):
        return []
    return [
        ((row.employee_id, row.nonce), _Kept(row.event_id, row.body, _receipt_of(row)))
        for row in db.session.execute(KNOWN, {"keys": wanted})
    ]


def _receipt_of(row: Any) -> Outcome:
    return Rejected() if row.decided and not row.message_id else Receipt(row.message_id)
