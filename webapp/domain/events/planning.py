"""Planning events: creating one, copying one, and changing the plan."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from slugify import slugify
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from webapp.domain.audit import trail
from webapp.domain.events.about import clean_description, clean_speakers, recording_address
from webapp.domain.events.embeds import Site, pasted_address
from webapp.domain.events.merging import digest_columns, merge
from webapp.domain.events.store import MINUTE, EventInfo, edit_columns, get_event
from webapp.domain.events.stream_tests import STREAM, UNTESTED
from webapp.domain.events.streams import parse_hosts, parse_stream
from webapp.domain.models import Event
from webapp.errors import Invalid
from webapp.infra.clock import utcnow
from webapp.infra.extensions import db
from webapp.infra.formats import format_moment
from webapp.infra.timezones import timezone_names

# Of the title; the date and a number follow. The column has 80 characters.
SLUG_TITLE_LENGTH = 60
# Other admins who take the same address at the same moment.
SLUG_RACES = 10
COPIED = (
    "title",
    "description",
    "speakers",
    "timezone",
    "stream_url",
    "stream_kind",
    "stream_hosts",
    "required_share",
    "chat_open",
    "slow_mode_seconds",
    "hold_messages",
    "questions_open",
    "hold_questions",
    "anonymous_questions",
    "export_contributions",
)


PLAN_COLUMNS = (
    *(name for name in COPIED if name not in ("chat_open", "slow_mode_seconds", "hold_messages")),
    "recording_url",
    "starts_at",
    "ends_at",
    "opens_at",
    "closes_at",
)


@dataclass(frozen=True)
class Plan:
    """The plan of an event; `starts_at` and `ends_at` are naive, in the event's own zone.

    It opens `opens_before` minutes before its start and closes `closes_after` minutes after its
    end; with None an admin does.
    """

    title: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    stream_url: str
    description: str = ""
    speakers: str = ""
    recording_url: str = ""
    stream_kind: str = ""
    stream_hosts: str = ""
    required_share: int = 50
    questions_open: bool = True
    hold_questions: bool = False
    anonymous_questions: bool = False
    export_contributions: bool = False
    opens_before: int | None = None
    closes_after: int | None = None

    def columns(self, site: Site | None = None) -> dict[str, Any]:
        """Return the columns to store for an event that `site` shows. Raises `Invalid`."""
        if self.timezone not in timezone_names():
            raise Invalid("Choose a time zone such as Europe/Berlin.", form_field="timezone")
        if not 1 <= self.required_share <= 100:
            raise Invalid(
                "The required share must be between 1 and 100 %.", form_field="required_share"
            )
        values = asdict(self)
        minutes = [values.pop(name) for name in ("opens_before", "closes_after")]
        times = {name: self._utc(name) for name in ("starts_at", "ends_at")}
        if times["ends_at"] <= times["starts_at"]:
            raise Invalid("The event must end after it begins.", form_field="ends_at")
        own = timetable(times["starts_at"], times["ends_at"], *minutes)
        return values | times | own | self._stream_columns(site) | self._text_columns()

    def _utc(self, name: str) -> datetime:
        try:
            return to_utc(getattr(self, name), self.timezone)
        except Invalid as refusal:
            refusal.form_field = name
            raise

    def _stream_columns(self, site: Site | None) -> dict[str, str]:
        address = pasted_address(self.stream_url)
        if address:
            parse_stream(address, self.stream_kind, site)
        return {"stream_url": address, "stream_hosts": " ".join(parse_hosts(self.stream_hosts))}

    def _text_columns(self) -> dict[str, str]:
        return {
            "description": clean_description(self.description),
            "speakers": clean_speakers(self.speakers),
            "recording_url": recording_address(self.recording_url),
        }


def timetable(
    starts_at: datetime, ends_at: datetime, opens_before: int | None, closes_after: int | None
) -> dict[str, datetime | None]:
    """Return when an event opens and closes by itself, from the minutes before and after."""
    return {
        "opens_at": None if opens_before is None else starts_at - opens_before * MINUTE,
        "closes_at": None if closes_after is None else ends_at + closes_after * MINUTE,
    }


def create_event(plan: Plan, site: Site | None = None) -> EventInfo:
    """Add a scheduled event at an address made from its title and date. Raises `Invalid`."""
    return _create(plan.columns(site))


def copy_event(event: EventInfo) -> EventInfo:
    """Add a scheduled event like this one, in the first week to come at the same time of day."""
    starts_at = _next_start(event)
    ends_at = starts_at + (event.ends_at - event.starts_at)
    columns = {name: getattr(event, name) for name in COPIED}
    columns |= timetable(starts_at, ends_at, event.opens_before, event.closes_after)
    return _create(columns | {"starts_at": starts_at, "ends_at": ends_at}, copy_of=event.slug)


def seen_plan(event: EventInfo) -> str:
    """Return what a form that shows the plan of `event` gives back to `change_event`."""
    return digest_columns({name: getattr(event, name) for name in PLAN_COLUMNS})


def change_event(event: EventInfo, plan: Plan, site: Site | None = None, seen: str = "") -> None:
    """Change the plan, and tell the live pages.

    `seen` is that of the form, so that a change by another admin is not overwritten. Raises
    `Invalid`, or `EditConflict` where both changed the same.
    """
    columns = plan.columns(site)
    if event.is_open and columns["closes_at"] and columns["closes_at"] <= utcnow():
        raise Invalid(
            "By this time the event would close at once, for everybody who is watching."
            " Choose a later one, or close it by hand.",
            form_field="closes_after",
        )

    def choose(now: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
        changed = merge(now, wanted, seen)
        is_other = any(changed.get(name, now[name]) != now[name] for name in STREAM)
        return changed | UNTESTED if is_other else changed

    edit_columns(event, "event_edited", columns, choose)


def _create(columns: dict[str, Any], **details: str) -> EventInfo:
    for _ in range(SLUG_RACES):
        slug = _free_slug(columns)
        event = Event(slug=slug, state="scheduled", **columns)
        db.session.add(event)
        try:
            db.session.flush()
        except IntegrityError:
            # Another admin took this address a moment ago.
            db.session.rollback()
        else:
            trail.record("event_created", event_id=event.id, **details)
            db.session.commit()
            return get_event(slug)
    raise Invalid("Others are adding events of this title just now. Try again.")


def _free_slug(columns: dict[str, Any]) -> str:
    """Return `title-2026-01-31`, or the same with the lowest number that nobody has taken."""
    day = columns["starts_at"].astimezone(ZoneInfo(columns["timezone"])).date()
    title = slugify(columns["title"], max_length=SLUG_TITLE_LENGTH, word_boundary=True)
    base = f"{title or 'event'}-{day}"
    like = select(Event.slug).where(Event.slug.startswith(base, autoescape=True))
    taken, slug, number = set(db.session.scalars(like)), base, 1
    while slug in taken:
        number += 1
        slug = f"{base}-{number}"
    return slug


def _next_start(event: EventInfo) -> datetime:
    # Wall time: the time of day stays the same over a change to summer time.
    begin, length = event.local(event.starts_at), event.ends_at - event.starts_at
    while True:
        starts_at = begin.astimezone(UTC)
        end = event.local(starts_at + length)
        if begin > utcnow() and _exists(begin) and not (_is_twice(begin) or _is_twice(end)):
            return starts_at
        begin += timedelta(weeks=1)


def to_utc(wall: datetime, timezone: str) -> datetime:
    """Return a naive time of that zone in UTC. Raises `Invalid` unless it comes exactly once."""
    local = wall.replace(tzinfo=ZoneInfo(timezone), fold=0)
    text = format_moment(local)
    try:
        exists = _exists(local)
    except OverflowError:
        raise Invalid("Choose another year.") from None
    if not exists:
        raise Invalid(
            "%(moment)s does not exist in %(zone)s: the clocks go forward over it.",
            moment=text,
            zone=timezone,
        )
    if _is_twice(local):
        raise Invalid(
            "%(moment)s comes twice in %(zone)s: the clocks go back. Choose another time.",
            moment=text,
            zone=timezone,
        )
    return local.astimezone(UTC)


def _exists(local: datetime) -> bool:
    """Return False for a time of day that the clocks skip."""
    there_and_back = local.astimezone(UTC).astimezone(local.tzinfo)
    return there_and_back.replace(tzinfo=None) == local.replace(tzinfo=None)


def _is_twice(local: datetime) -> bool:
    """Return True for a time of day that comes again after the clocks go back."""
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
