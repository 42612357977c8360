"""The overview of events: today, upcoming, past, and what needs a hand first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, func, or_, select

from webapp.domain.events.store import EventInfo, find_events
from webapp.domain.models import Event
from webapp.infra.clock import utcnow
from webapp.infra.extensions import db
from webapp.infra.search import contains

PAGE_ROWS = 20
# An event that is open this long after its planned end was probably forgotten.
FORGOTTEN = timedelta(minutes=30)
# Streams are set up in the last days.
SOON = timedelta(days=7)


@dataclass(frozen=True)
class Task:
    """Something that an admin should do: `kind` is overdue, forgotten, no_stream or silent."""

    kind: str
    event: EventInfo


@dataclass(frozen=True)
class Current:
    """The events that are not past, the earliest first: those of today or open, and later ones."""

    today: list[EventInfo]
    upcoming: list[EventInfo]

    @property
    def events(self) -> list[EventInfo]:
        """Return all of them."""
        return [*self.today, *self.upcoming]

    @property
    def tasks(self) -> list[Task]:
        """Return what needs a hand, what is most urgent first."""
        found = [task for event in self.events for task in _tasks(event)]
        return sorted(found, key=lambda task: URGENCY.index(task.kind))


@dataclass(frozen=True)
class PastPage:
    """A page of past or archived events, the latest first."""

    events: list[EventInfo]
    total: int
    page: int

    @property
    def pages(self) -> int:
        """Return the number of pages, at least one."""
        return max(1, -(-self.total // PAGE_ROWS))


URGENCY = ("overdue", "forgotten", "no_stream", "silent")


def read_current(timezone: str) -> Current:
    """Return the events that are not past; days are those of `timezone`."""
    begin, end = _today(timezone)
    events = find_events(_is_current(begin), Event.starts_at, Event.id)
    is_today = {event.id: event.is_open or event.starts_at < end for event in events}
    return Current(
        [event for event in events if is_today[event.id]],
        [event for event in events if not is_today[event.id]],
    )


def read_past(timezone: str, q: str, page: int, *, archived: bool = False) -> PastPage:
    """Return a page of the past or of the archived events whose title contains `q`."""
    begin, _ = _today(timezone)
    past = and_(Event.archived_at.is_(None), ~_is_current(begin))
    where = Event.archived_at.is_not(None) if archived else past
    if q:
        where = and_(where, contains(q, Event.title))
    total = db.session.scalar(select(func.count()).select_from(Event).where(where)) or 0
    order = (Event.starts_at.desc(), Event.id.desc())
    first = (page - 1) * PAGE_ROWS
    return PastPage(find_events(where, *order, first=first, rows=PAGE_ROWS), total, page)


def _is_current(begin: datetime) -> ColumnElement[bool]:
    planned = and_(Event.state == "scheduled", Event.ends_at > utcnow())
    current = or_(Event.state == "open", planned, Event.starts_at >= begin)
    return and_(Event.archived_at.is_(None), current)


def _today(timezone: str) -> tuple[datetime, datetime]:
    zone = ZoneInfo(timezone)
    day = utcnow().astimezone(zone).date()
    begin, end = (datetime.combine(day + timedelta(days=n), time(), zone) for n in (0, 1))
    return begin, end


def _tasks(event: EventInfo) -> Iterator[Task]:
    now = utcnow()
    opens_later = event.opens_at is not None and event.opens_at > now
    if event.is_overdue and not event.is_over and not opens_later:
        yield Task("overdue", event)
    if event.is_open and event.closes_at is None and event.ends_at + FORGOTTEN <= now:
        yield Task("forgotten", event)
    is_soon = event.is_open or (event.state == "scheduled" and event.starts_at - now < SOON)
    if is_soon and not event.is_over and not event.stream_url:
        yield Task("no_stream", event)
    elif is_soon and not event.is_over and event.stream_answers is False:
        yield Task("silent", event)
