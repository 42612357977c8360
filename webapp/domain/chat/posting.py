"""The one path of a message: check, store, acknowledge, publish. Pages and nodes both use it."""

import logging
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any

from webapp.domain.chat.messages import forget_latest, read
from webapp.domain.chat.posts import Draft, Outcome, Post, Receipt, check_draft
from webapp.domain.chat.storing import store
from webapp.domain.writing.batches import check_each, sole
from webapp.errors import first_line
from webapp.infra import publisher
from webapp.infra.database import retry_on_outage
from webapp.infra.extensions import db
from webapp.infra.publisher import Publish

log = logging.getLogger(__name__)

Acknowledge = Callable[[Sequence[Outcome]], object]


@retry_on_outage
def post(draft: Draft) -> Receipt:
    """Store and publish one message. Raises what refuses it: see `posts` and `posting_rules`."""
    return sole(post_and_publish([draft]))


def post_and_publish(
    drafts: Sequence[Draft],
    publish: Publish = publisher.publish,
    acknowledge: Acknowledge | None = None,
) -> Sequence[Outcome]:
    """Store the drafts in one transaction and publish the messages; return an outcome for each.

    `acknowledge` gets the outcomes right after the commit. Raises what the database raises until
    then, and nothing after it: viewers who miss a message catch up from the database.
    """
    outcomes = _accept(drafts)
    if acknowledge:
        acknowledge(outcomes)
    stored: dict[tuple[int, str], list[Receipt]] = {}
    for draft, outcome in zip(drafts, outcomes, strict=True):
        if isinstance(outcome, Receipt) and outcome.id is not None:
            stored.setdefault((draft.viewer.event_id, draft.slug), []).append(outcome)
    for (event_id, slug), receipts in stored.items():
        _publish_stored(event_id, slug, receipts, publish)
    return outcomes


def publish_messages(
    event_id: int, slug: str, messages: Iterable[dict[str, Any]], publish: Publish
) -> None:
    """Publish messages that were just committed, in the order of their ids."""
    if ordered := sorted(messages, key=itemgetter("id")):
        publish(slug, "messages_posted", ordered)
    # After publishing, which must not wait for a Redis that hangs.
    forget_latest(event_id)


def _accept(drafts: Sequence[Draft]) -> list[Outcome]:
    """Check the drafts, and store those that pass."""
    checked, _ = check_each(drafts, check_draft)
    stored = iter(store([post for post in checked if isinstance(post, Post)]))
    return [next(stored) if isinstance(post, Post) else post for post in checked]


def _publish_stored(event_id: int, slug: str, receipts: list[Receipt], publish: Publish) -> None:
    messages = [receipt.message for receipt in receipts if receipt.message]
    # Stored earlier, by a commit whose answer was lost: perhaps nobody published them.
    earlier = [receipt.id for receipt in receipts if receipt.id and not receipt.message]
    try:
        if earlier:
            messages += read(event_id, earlier)
    except Exception as error:
        db.session.rollback()
        log.warning("the sweep has to publish stored messages: %s", first_line(error))
    publish_messages(event_id, slug, messages, publish)
