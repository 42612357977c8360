"""Planning events: creating one, and changing what was planned."""

import re
import unicodedata
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy.exc import IntegrityError

from webapp.core import audit
from webapp.core.errors import Invalid
from webapp.core.events import EventInfo, change_columns, get_event
from webapp.core.extensions import db
from webapp.core.models import Event
from webapp.core.streams import parse_stream

SLUG_LENGTH = 60
SLUG_TRIES = 50


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
        if self.ends_at <= self.starts_at:
            raise Invalid("The event must end after it begins.")
        if not 1 <= self.required_share <= 100:
            raise Invalid("Somebody attended who watched 1 to 100 % of the event.")
        if self.stream_url:
            parse_stream(self.stream_url)
        zone = ZoneInfo(self.timezone)
        moments = {
            name: getattr(self, name).replace(tzinfo=zone).astimezone(UTC)
            for name in ("starts_at", "ends_at")
        }
        return asdict(self) | moments


def create_event(plan: Plan) -> EventInfo:
    """Add a scheduled event; its address is made from the title. Raises `Invalid`."""
    columns = plan.checked()
    base = _slug_of(plan.title)
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
            audit.record("event_created", event_id=event.id)
            db.session.commit()
            return get_event(slug)
    raise Invalid("There are too many events of this title. Choose another.")


def change_event(event: EventInfo, plan: Plan) -> None:
    """Change what was planned, and tell the live pages. Raises `Invalid`."""
    change_columns(event, "event_edited", **plan.checked())


def _slug_of(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:SLUG_LENGTH].strip("-") or "event"
