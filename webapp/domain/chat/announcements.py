"""Announcements, which admins pin above the chat: at most one at a time in an event."""

from typing import Any

from sqlalchemy import Select, insert, select, update

from webapp.domain.audit import trail
from webapp.domain.events.store import EventInfo
from webapp.domain.models import Announcement
from webapp.domain.writing.texts import clean_body
from webapp.infra import cache
from webapp.infra.clock import html_isoformat, utcnow
from webapp.infra.database import begin_to_write, count_changed, retry_on_outage
from webapp.infra.extensions import db
from webapp.infra.publisher import publish

CACHE_SECONDS = 60


def find_announcement(event_id: int) -> dict[str, Any] | None:
    """Return the pinned announcement, `{id, body, posted_at}`, from the cache."""
    # An empty object is cached as well, so that a page without an announcement costs no query.
    found = cache.remember(cache_key(event_id), CACHE_SECONDS, lambda: _read(event_id))
    return found or None


def refresh_announcement(event_id: int) -> dict[str, Any] | None:
    """Return the announcement as the database has it now, and correct a stale cache."""
    found = _read(event_id)
    cache.correct(cache_key(event_id), found)
    return found or None


def pin(event: EventInfo, body: object) -> None:
    """Pin an announcement of 1 to 500 characters in place of the present one. Raises `Invalid`."""
    _replace(event.id, clean_body(body))
    announcement = refresh_announcement(event.id)
    publish(event.slug, "announcement_posted", announcement)


def unpin(event: EventInfo) -> int | None:
    """Take down the pinned announcement and return its id, or None where there was none."""
    pinned = refresh_announcement(event.id)
    _remove(event.id)
    refresh_announcement(event.id)
    if pinned is None:
        return None
    publish(event.slug, "announcement_removed", {"id": pinned["id"]})
    return int(pinned["id"])


def pin_again(event: EventInfo, announcement_id: int) -> bool:
    """Pin an announcement that was taken down, and return whether it is above the chat now.

    One that was pinned meanwhile stays.
    """
    done = _pin_again(event.id, announcement_id)
    if done and (announcement := refresh_announcement(event.id)):
        publish(event.slug, "announcement_posted", announcement)
    return done


@retry_on_outage
def _replace(event_id: int, body: str) -> None:
    _insert(event_id, body)
    db.session.commit()


@retry_on_outage
def _pin_again(event_id: int, announcement_id: int) -> bool:
    begin_to_write()
    latest = db.session.scalar(_latest(event_id).with_for_update())
    # In a row of its own: live pages ignore an announcement whose id is not above the last one.
    if latest and latest.id == announcement_id and latest.removed_at:
        _insert(event_id, latest.body)
        db.session.commit()
        return True
    old = db.session.get(Announcement, announcement_id)
    # A second click, or a commit whose answer was lost: the text is back already.
    done = bool(latest and old and not latest.removed_at and latest.body == old.body)
    db.session.rollback()
    return done


def _insert(event_id: int, body: str) -> None:
    by = trail.acting_admin()
    row = {"event_id": event_id, "body": body, "posted_at": utcnow(), "posted_by": by}
    db.session.execute(insert(Announcement).values(**row))
    trail.record("announcement_pinned", event_id=event_id, body=body)


@retry_on_outage
def _remove(event_id: int) -> None:
    pinned = (Announcement.event_id == event_id, Announcement.removed_at.is_(None))
    change = update(Announcement).where(*pinned).values(removed_at=utcnow())
    if count_changed(change):
        trail.record("announcement_unpinned", event_id=event_id)
    db.session.commit()


def _read(event_id: int) -> dict[str, Any]:
    latest = db.session.scalar(_latest(event_id))
    if latest is None or latest.removed_at:
        return {}
    return {"id": latest.id, "body": latest.body, "posted_at": html_isoformat(latest.posted_at)}


def _latest(event_id: int) -> Select[Announcement]:
    query = select(Announcement).where(Announcement.event_id == event_id)
    return query.order_by(Announcement.id.desc()).limit(1)


def cache_key(event_id: int) -> str:
    """Return the cache key of an event's announcement."""
    return f"announcement:v1:{event_id}"
