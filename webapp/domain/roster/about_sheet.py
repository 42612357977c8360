"""What an export says of itself: the event, the filter, and by which rule statuses were given."""

from collections.abc import Iterator
from datetime import datetime

from webapp.domain.attendance.statuses import LEFT_EARLY_MINUTES, STATUSES, Rule, rule_of
from webapp.domain.events.store import EventInfo
from webapp.domain.roster.filters import Filters
from webapp.domain.roster.roster import find_frozen

Note = tuple[str, str | int | datetime | None]


def notes(
    event: EventInfo, filters: Filters, rows: int, exported_by: str, exported_at: datetime | None
) -> Iterator[Note]:
    """Pairs of what and which, in the order in which they are read."""
    frozen = find_frozen(event.id)
    rule = rule_of(event, frozen.closing if frozen else None)
    yield "Event", event.title
    yield "Address", event.slug
    yield "Time zone", event.timezone
    yield "Starts", event.local(rule.starts_at)
    yield "Ends", event.local(rule.ends_at)
    yield "State", event.state
    if frozen:
        yield "Figures frozen at", event.local(frozen.closing.closed_at)
        yield "Closed by", frozen.closed_by or "a program"
    yield "", None
    yield "Rows", rows
    yield from _filter_notes(filters)
    yield "Exported at", exported_at
    yield "Exported by", exported_by
    yield "", None
    yield from rule_notes(rule)


def rule_notes(rule: Rule) -> Iterator[Note]:
    """The rule of an event's statuses, in the words of its readers."""
    yield "Length in minutes", rule.length
    yield "Required share in %", rule.required_share
    yield "Required minutes", rule.needed
    said = {
        "watching": "The event is open, and they were connected in the last two minutes.",
        "attended": f"Watched at least {rule.needed} minutes.",
        "partly": "Watched fewer minutes, but stayed to the end: came late, or with gaps.",
        "left_early": f"Watched fewer minutes, and not the last {LEFT_EARLY_MINUTES} of the event.",
        "checked_in": "Checked in, and watched not one minute.",
        "absent": "Did not check in.",
        "excused": "An admin said so, in the note. Admins may correct other statuses, too.",
    }
    for status, label in STATUSES.items():
        yield label, said[status]
    yield "counted_status", "The status without what an admin corrected."
    yield "watched_until", "The end of the last minute that was watched."


def _filter_notes(filters: Filters) -> Iterator[Note]:
    yield "Search", filters.q or "everyone"
    yield "Department", filters.department or "all"
    yield "Location", filters.location or "all"
    yield "Status", STATUSES[filters.status] if filters.status else "all"
    down = filters.sort.startswith("-")
    yield "Sorted by", filters.sort.removeprefix("-") + (", descending" if down else "")
