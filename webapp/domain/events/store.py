"""Events: finding the current one, reading one from the cache, and changing it."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, Select, and_, case, or_, select, update

from webapp.domain.audit import trail
from webapp.domain.models import Closing, Event
from webapp.errors import NotFound
from webapp.i18n import lazy
from webapp.infra import cache, publisher
from webapp.infra.clock import from_isoformat, isoformat, utcnow
from webapp.infra.database import begin_to_write, retry_on_outage
from webapp.infra.extensions import db

# From the columns as they are and the wanted ones, those to change.
Choose = Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]

CACHE_SECONDS = 60
# An event is usually opened shortly before it begins, for a test of the stream.
EARLY = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
STATES = {"scheduled": lazy("scheduled"), "open": lazy("open"), "closed": lazy("closed")}


@dataclass(frozen=True)
class EventInfo:
    """An event as pages and nodes know it. Times are aware UTC; `closed_at` is None unless it is
    closed."""

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
    stream_kind: str = ""
    stream_hosts: str = ""
    description: str = ""
    speakers: str = ""
    recording_url: str = ""
    revision: int = 0
    questions_open: bool = True
    hold_questions: bool = False
    anonymous_questions: bool = False
    archived_at: datetime | None = None
    closed_at: datetime | None = None
    export_contributions: bool = False
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    stream_tested_at: datetime | None = None
    stream_answers: bool | None = None
    stream_captions: bool | None = None

    @property
    def is_open(self) -> bool:
        """Return True while employees may check in and watch."""
        return self.state == "open"

    @property
    def is_overdue(self) -> bool:
        """Return True if the event should have begun and nobody has opened it."""
        return self.state == "scheduled" and self.starts_at <= utcnow()

    @property
    def is_over(self) -> bool:
        """Return True if the planned end has passed."""
        return self.ends_at <= utcnow()

    @property
    def is_near(self) -> bool:
        """Return True from an hour before the planned start to the planned end."""
        return self.starts_at - EARLY <= utcnow() < self.ends_at

    @property
    def opens_before(self) -> int | None:
        """Return how many minutes before its start the event opens by itself, or None."""
        return (self.starts_at - self.opens_at) // MINUTE if self.opens_at else None

    @property
    def closes_after(self) -> int | None:
        """Return how many minutes after its end the event closes by itself, or None."""
        return (self.closes_at - self.ends_at) // MINUTE if self.closes_at else None

    @property
    def settings(self) -> dict[str, Any]:
        """Return the settings that open live pages receive when one of them changes."""
        return {name: getattr(self, name) for name in SETTINGS}

    def local(self, moment: datetime) -> datetime:
        """Return `moment` in the event's own zone, as pages show it."""
        return moment.astimezone(ZoneInfo(self.timezone))


# The id of each address that this process has looked up, so that a request can ask the cache for
# all its keys at once.
_ids: dict[str, int] = {}

FIELDS = tuple(EventInfo.__dataclass_fields__)
TIMES = (
    "starts_at",
    "ends_at",
    "archived_at",
    "closed_at",
    "opens_at",
    "closes_at",
    "stream_tested_at",
)
SETTINGS = (
    "state",
    "chat_open",
    "slow_mode_seconds",
    "hold_messages",
    "questions_open",
    "hold_questions",
    "anonymous_questions",
    "title",
    "stream_url",
    "stream_kind",
    "stream_hosts",
)


def get_event(slug: str) -> EventInfo:
    """Return the event at that address, from the cache. Raises `NotFound`."""
    values = cache.remember(cache_key(slug), CACHE_SECONDS, lambda: _read(slug), FIELDS)
    if values is None:
        raise NotFound("There is no such event.")
    _ids[slug] = values["id"]
    return _from_json(values)


def known_id(slug: str) -> int | None:
    """Return the id of an event that this process has looked up before, else None."""
    return _ids.get(slug)


def current_event() -> EventInfo | None:
    """Return the event that `/` leads to: the open one that began last, else the next one.

    An open event that has not begun comes after those that have. A scheduled one whose end has
    passed is not the next.
    """
    now = utcnow()
    is_open = Event.state == "open"
    begun = and_(is_open, Event.starts_at <= now)
    upcoming = and_(Event.state == "scheduled", Event.ends_at > now)
    query = (
        _events()
        .where(Event.archived_at.is_(None), or_(is_open, upcoming))
        .order_by(
            case((begun, 0), (is_open, 1), else_=2),
            case((begun, Event.starts_at)).desc(),
            Event.starts_at,
            Event.id,
        )
        .limit(1)
    )
    row = db.session.execute(query).one_or_none()
    return _info(row) if row else None


def list_events() -> list[EventInfo]:
    """Return the events that are not archived, the latest first."""
    return find_events(Event.archived_at.is_(None), Event.starts_at.desc())


def find_events(
    where: ColumnElement[bool], *order: Any, first: int = 0, rows: int | None = None
) -> list[EventInfo]:
    """Return the events that meet `where`, in this order; `rows` of them, from the `first` on."""
    query = _events().where(where).order_by(*order)
    page = query.offset(first).limit(rows) if rows else query
    return [_info(row) for row in db.session.execute(page)]


def read_events(event_ids: Sequence[int]) -> list[EventInfo]:
    """Return the events with these ids, archived ones too; the latest first."""
    query = _events().where(Event.id.in_(event_ids)).order_by(Event.starts_at.desc(), Event.id)
    return [_info(row) for row in db.session.execute(query)]


def refresh_event(slug: str) -> EventInfo | None:
    """Return the event from the database, or None; correct a cache that missed a change."""
    values = _read(slug)
    if values is None:
        return None
    cache.correct(cache_key(slug), values)
    return _from_json(values)


def change_columns(event: EventInfo, action: str, /, **values: object) -> None:
    """Change checked columns of the event, record the difference as `action`, tell live pages.

    Not for `state`: opening and closing are in `webapp.domain.running`.
    """
    edit_columns(event, action, values)


def edit_columns(
    event: EventInfo, action: str, values: dict[str, Any], choose: Choose | None = None
) -> None:
    """Change those of `values` that `choose` picks, all by default, as `change_columns` does.

    While it picks, nobody else changes the event.
    """
    _update(event.id, action, values, choose)
    tell_change(event.slug)


def tell_change(slug: str) -> None:
    """Send the event's settings to its live pages, on the line after the commit."""
    forget_event(slug)
    publisher.publish(slug, "event_changed", get_event(slug).settings)


def forget_event(slug: str) -> None:
    """Drop the cached event, on the line after the commit that changed it."""
    cache.forget(cache_key(slug))


def cache_key(slug: str) -> str:
    """Return the key under which the event is cached."""
    return f"event:v7:{slug}"


@retry_on_outage
def _update(
    event_id: int, action: str, values: dict[str, Any], choose: Choose | None = None
) -> None:
    begin_to_write()
    event = db.session.get_one(Event, event_id, populate_existing=True, with_for_update=True)
    before: dict[str, Any] = {name: getattr(event, name) for name in values}
    values = choose(before, values) if choose else values
    changes: dict[str, Any] = {
        name: [getattr(event, name), value]
        for name, value in values.items()
        if value != getattr(event, name)
    }
    if changes:
        changed = update(Event).where(Event.id == event_id)
        db.session.execute(changed.values(**values, revision=Event.revision + 1))
        trail.record(action, event_id=event_id, **changes)
    db.session.commit()


def _events() -> Select[Event, datetime]:
    return select(Event, Closing.closed_at).outerjoin(Closing, Closing.event_id == Event.id)


def _read(slug: str) -> dict[str, Any] | None:
    row = db.session.execute(_events().where(Event.slug == slug)).one_or_none()
    # MySQL ignores trailing spaces when it compares; the cache does not.
    return _to_json(_info(row)) if row and row[0].slug == slug else None


def _info(row: Row[Event, datetime]) -> EventInfo:
    event, closed_at = row
    values = {name: getattr(event, name) for name in FIELDS if name != "closed_at"}
    return EventInfo(**values, closed_at=closed_at)


def _to_json(event: EventInfo) -> dict[str, Any]:
    values = asdict(event)
    return values | {name: isoformat(values[name]) for name in TIMES if values[name]}


def _from_json(values: dict[str, Any]) -> EventInfo:
    moments = {name: from_isoformat(values[name]) for name in TIMES if values.get(name)}
    return EventInfo(**(values | moments))
