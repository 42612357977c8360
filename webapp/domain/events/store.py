"""Events: which one is current, what is known of one, and changing it."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import case, select, update

from webapp.domain.audit import trail
from webapp.domain.models import Event
from webapp.errors import NotFound
from webapp.infra import cache, publisher
from webapp.infra.clock import from_isoformat, isoformat
from webapp.infra.database import retry_on_outage
from webapp.infra.extensions import db

CACHE_SECONDS = 60


@dataclass(frozen=True)
class EventInfo:
    """What pages and nodes know of an event; moments are aware UTC."""

    id: int
    slug: str
    title: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    stream_url: str
    state: str
    chat_open: bool
    slow_mode_seconds: int
    hold_messages: bool
    required_share: int

    @property
    def is_open(self) -> bool:
        """True while employees may check in and watch."""
        return self.state == "open"

    @property
    def settings(self) -> dict[str, Any]:
        """What open live pages are told when it changes."""
        return {name: getattr(self, name) for name in SETTINGS}

    def local(self, moment: datetime) -> datetime:
        """`moment` in the event's own zone, as pages show it."""
        return moment.astimezone(ZoneInfo(self.timezone))


# An address keeps its event. With the id, all that a request asks the cache is asked at once.
_ids: dict[str, int] = {}

FIELDS = tuple(EventInfo.__dataclass_fields__)
SETTINGS = ("state", "chat_open", "slow_mode_seconds", "hold_messages", "title", "stream_url")


def get_event(slug: str) -> EventInfo:
    """The event of that address, from the cache. Raises `NotFound`."""
    values = cache.remember(cache_key(slug), CACHE_SECONDS, lambda: _read(slug))
    if values is None:
        raise NotFound("There is no such event.")
    _ids[slug] = values["id"]
    return _from_json(values)


def known_id(slug: str) -> int | None:
    """The id of an event that this process has looked up before; of another one, None."""
    return _ids.get(slug)


def current_event() -> EventInfo | None:
    """The event to send people to: the open one, else the next to come, else None."""
    open_first = case((Event.state == "open", 0), else_=1)
    query = (
        select(Event)
        .where(Event.state != "closed")
        .order_by(open_first, Event.starts_at, Event.id)
        .limit(1)
    )
    event = db.session.scalar(query)
    return _info(event) if event else None


def list_events() -> list[EventInfo]:
    """Every event, the latest first."""
    return [
        _info(event) for event in db.session.scalars(select(Event).order_by(Event.starts_at.desc()))
    ]


def refresh_event(slug: str) -> EventInfo | None:
    """The event as the database has it now; a cache that missed a change while Redis was away
    is corrected."""
    values = _read(slug)
    if values is None:
        return None
    cache.correct(cache_key(slug), values)
    return _from_json(values)


def change_columns(event: EventInfo, action: str, /, **values: object) -> None:
    """Change columns of the event that have been checked, and tell the live pages.

    What is different afterwards is on record as `action`. Not its state: opening and closing are
    in `closing`.
    """
    _update(event.id, action, values)
    tell_change(event.slug)


def tell_change(slug: str) -> None:
    """Tell the live pages what the event is now, on the line after the commit."""
    forget_event(slug)
    publisher.publish(slug, "event_changed", get_event(slug).settings)


def forget_event(slug: str) -> None:
    """Drop what is cached of an event, on the line after the commit that changed it."""
    cache.forget(cache_key(slug))


@retry_on_outage
def _update(event_id: int, action: str, values: dict[str, object]) -> None:
    known = db.session.get_one(Event, event_id, populate_existing=True, with_for_update=True)
    before: dict[str, Any] = {name: getattr(known, name) for name in values}
    changes: dict[str, Any] = {n: [before[n], v] for n, v in values.items() if v != before[n]}
    if changes:
        db.session.execute(update(Event).where(Event.id == event_id).values(**values))
        trail.record(action, event_id=event_id, **changes)
    db.session.commit()


def cache_key(slug: str) -> str:
    """Under which an event is cached."""
    return f"event:v3:{slug}"


def _read(slug: str) -> dict[str, Any] | None:
    event = db.session.scalar(select(Event).where(Event.slug == slug))
    # To MySQL a trailing space makes no difference; to the cache it is another key.
    return _to_json(_info(event)) if event and event.slug == slug else None


def _info(event: Event) -> EventInfo:
    return EventInfo(**{name: getattr(event, name) for name in FIELDS})


def _to_json(event: EventInfo) -> dict[str, Any]:
    return asdict(event) | {
        "starts_at": isoformat(event.starts_at),
        "ends_at": isoformat(event.ends_at),
    }


def _from_json(values: dict[str, Any]) -> EventInfo:
    moments = {name: from_isoformat(values[name]) for name in ("starts_at", "ends_at")}
    return EventInfo(**(values | moments))
