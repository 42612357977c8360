"""The About sheet of a workbook: the event, the filters, and the rule of the statuses."""

from collections.abc import Iterator
from datetime import datetime

from webapp.domain.attendance.statuses import LEFT_EARLY_MINUTES, STATUSES, Rule, rule_of
from webapp.domain.events.store import EventInfo
from webapp.domain.roster.filters import Filters
from webapp.domain.roster.roster import find_closing

Note = tuple[str, str | int | datetime | None]


def notes(
    event: EventInfo, filters: Filters, rows: int, exported_by: str, exported_at: datetime | None
) -> Iterator[Note]:
    """Yield the rows of the sheet as pairs of a label and a value.

    `rows` is the number of exported rows, `exported_at` a moment in the event's zone.
    """
    closed = find_closing(event.id)
    rule = rule_of(event, closed.closing if closed else None)
    yield "Event", event.title
    yield "Address", event.slug
    yield "Time zone", event.timezone
    yield "Starts", event.local(rule.starts_at)
    yield "Ends", event.local(rule.ends_at)
    yield "State", event.state
    if closed:
        yield "Figures frozen at", event.local(closed.closing.closed_at)
        yield "Closed by", closed.admin or "a program"
    yield "", None
    yield "Rows", rows
    yield from _filter_notes(filters)
    yield "Exported at", exported_at
    yield "Exported by", exported_by
    yield "", None
    yield from rule_notes(rule)


def rule_notes(rule: Rule) -> Iterator[Note]:
    """Yield the rule of the event's statuses as pairs of a label and an explanation."""
    yield "Length in minutes", rule.length
    yield "Required share in %", rule.required_share
    yield "Required minutes", rule.needed
    explanations = {
        "watching": "The event is open; connected within the last two minutes.",
        "attended": f"Watched at least {rule.needed} minutes.",
        "partly": "Watched fewer minutes, but stayed to the end: came late, or with gaps.",
        "left_early": f"Watched fewer minutes, and none of the last {LEFT_EARLY_MINUTES}.",
        "checked_in": "Checked in and never watched.",
        "absent": "Did not check in.",
        "excused": "Set by an admin; the note says why. Admins can correct other statuses too.",
    }
    for status, label in STATUSES.items():
        yield label, explanations[status]
    yield "counted_status", "The computed status, without corrections."
    yield "watched_until", "The end of the last watched minute."


def _filter_notes(filters: Filters) -> Iterator[Note]:
    yield "Search", filters.q or "everyone"
    yield "Department", filters.department or "all"
    yield "Location", filters.location or "all"
    yield "Status", STATUSES[filters.status] if filters.status else "all"
    yield "Sorted by", filters.sort.key + (", descending" if filters.sort.descending else "")
