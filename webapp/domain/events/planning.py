"""Planning events: creating one, and changing what was planned."""

import re
import unicodedata
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy.exc import IntegrityError

from webapp.domain.audit import trail
from webapp.domain.events.store import EventInfo, change_columns, get_event
from webapp.domain.events.streams import parse_stream
from webapp.domain.models import Event
from webapp.errors import Invalid
from webapp.infra.clock import utcnow
from webapp.infra.extensions import db

SLUG_LENGTH = 60
SLUG_TRIES = 50
COPIED = (
    "title",
    "timezone",
    "stream_url",
    "required_share",
    "chat_open",
    "slow_mode_seconds",
    "hold_messages",
    "required_share",
)


@dataclass(frozen=True)
class Plan:
    """What an admin plans; `starts_at` and `ends_at` are naive, in the event's own zone."""

    title: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    stream_url: str
    required_share: int = 50

    def checked(self) -> dict[str, object]:
        """The columns to store. Raises `Invalid`, saying what cannot be."""
        if self.timezone not in available_timezones():
            raise Invalid("Choose a time zone such as Europe/Berlin.")
        if not 1 <= self.required_share <= 100:
            raise Invalid("Somebody attended who watched 1 to 100 % of the event.")
        if self.stream_url:
            parse_stream(self.stream_url)
        moments = {
            name: _moment(getattr(self, name), self.timezone) for name in ("starts_at", "ends_at")
        }
        if moments["ends_at"] <= moments["starts_at"]:
            raise Invalid("The event must end after it begins.")
        return asdict(self) | moments


def create_event(plan: Plan) -> EventInfo:
    """Add a scheduled event; its address is made from the title. Raises `Invalid`."""
    return _create(plan.title, plan.checked())


def copy_event(event: EventInfo) -> EventInfo:
    """Add a scheduled event like this one, in the first week to come at the same time of day."""
    begin, length = event.local(event.starts_at), event.ends_at - event.starts_at
    while begin <= utcnow():
        # Wall time: the clock on the wall says the same after a change to summer time.
        begin += timedelta(weeks=1)
    starts_at = begin.astimezone(UTC)
    columns = {name: getattr(event, name) for name in COPIED}
    times = {"starts_at": starts_at, "ends_at": starts_at + length}
    return _create(event.title, columns | times, copy_of=event.slug)


def _create(title: str, columns: dict[str, Any], **details: str) -> EventInfo:
    base = _slug_of(title)
    for number in range(1, SLUG_TRIES):
        slug = base if number == 1 else f"{base}-{number}"
        event = Event(slug=slug, state="scheduled", **columns)
        db.session.add(event)
        try:
            db.session.flush()
        except IntegrityError:
            # The address is taken, perhaps since a moment ago: the next number.
            db.session.rollback()
        else:
            trail.record("event_created", event_id=event.id, **details)
            db.session.commit()
            return get_event(slug)
    raise Invalid("There are too many events of this title. Choose another.")


def change_event(event: EventInfo, plan: Plan) -> None:
    """Change what was planned, and tell the live pages. Raises `Invalid`."""
    change_columns(event, "event_edited", **plan.checked())


def _moment(wall: datetime, timezone: str) -> datetime:
    """What the clock on the wall says, as a moment; where it says it once."""
    first, second = (wall.replace(tzinfo=ZoneInfo(timezone), fold=fold) for fold in (0, 1))
    said = f"{wall:%H:%M} on {wall:%-d %B %Y}"
    try:
        moment = first.astimezone(UTC)
    except OverflowError:
        raise Invalid("Choose another year.") from None
    if moment.astimezone(first.tzinfo).replace(tzinfo=None) != wall:
        raise Invalid(f"{said} does not exist in {timezone}: the clocks go forward over it.")
    if first.utcoffset() != second.utcoffset():
        raise Invalid(f"{said} comes twice in {timezone}: the clocks go back. Choose another time.")
    return moment


def _slug_of(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:SLUG_LENGTH].strip("-") or "event"
