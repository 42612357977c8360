"""Messages that an admin posts as the host of an event.

An admin need not be an employee and may write while the chat is frozen, in slow mode or moderated:
the rules for viewers do not apply.
"""

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from webapp.domain.audit import trail
from webapp.domain.chat import messages as chat_messages
from webapp.domain.chat.posting import publish_messages
from webapp.domain.events.store import EventInfo
from webapp.domain.models import Message
from webapp.domain.writing.nonces import NonceReused, check_nonce
from webapp.domain.writing.texts import clean_body
from webapp.errors import EventNotOpen
from webapp.infra.clock import utcnow
from webapp.infra.database import retry_on_outage
from webapp.infra.extensions import db
from webapp.infra.publisher import publish


def post_as_host(event: EventInfo, body: object, nonce: object) -> None:
    """Store and publish a message of the acting admin; the same nonce never makes a second one.

    Raises `EventNotOpen`, `NonceReused`, or `Invalid` for the body or the nonce.
    """
    if not event.is_open:
        raise EventNotOpen
    message_id = _store(event.id, clean_body(body), check_nonce(nonce))
    posted = chat_messages.read(event.id, [message_id])
    publish_messages(event.id, event.slug, posted, publish)


@retry_on_outage
def _store(event_id: int, body: str, nonce: str) -> int:
    """Store a message and return its id, or the id of the one that has this nonce already."""
    admin_id = trail.acting_admin()
    posted = Message(
        event_id=event_id, admin_id=admin_id, body=body, posted_at=utcnow(), nonce=nonce
    )
    db.session.add(posted)
    try:
        db.session.flush()
    except IntegrityError:
        db.session.rollback()
        same = (Message.admin_id == admin_id, Message.nonce == nonce)
        first = db.session.scalars(select(Message).where(*same)).one()
        if (first.event_id, first.body) != (event_id, body):
            raise NonceReused from None
        return first.id
    message_id = posted.id
    trail.record("message_posted_as_host", event_id=event_id, subject=f"message {message_id}")
    db.session.commit()
    return message_id
