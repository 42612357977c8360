"""The About sheet of a workbook: the event, the filters, and the rule of the statuses."""

from collections.abc import Iterator
from datetime import datetime

from webapp.domain.attendance.statuses import LEFT_EARLY_MINUTES, STATUSES, Rule, rule_of
from webapp.domain.events.store import STATES, EventInfo
from webapp.domain.roster.filters import Filters
from webapp.domain.roster.roster import find_closing
from webapp.i18n import gettext as _

Note = tuple[str, str | int | datetime | None]


def notes(
    event: EventInfo, filters: Filters, rows: int, exported_by: str, exported_at: datetime | None
) -> Iterator[Note]:
    """Yield the rows of the sheet as pairs of a label and a value.

    `rows` is the number of exported rows, `exported_at` a moment in the event's zone.
    """
    closed = find_closing(event.id)
    rule = rule_of(event, closed.closing if closed else None)
    yield _("Event"), event.title
    yield _("Address"), event.slug
    yield _("Time zone"), event.timezone
    yield _("Starts"), event.local(rule.starts_at)
    yield _("Ends"), event.local(rule.ends_at)
    yield _("State"), str(STATES[event.state])
    if closed:
        yield _("Figures frozen at"), event.local(closed.closing.closed_at)
        yield _("Closed by"), closed.admin or _("a program")
    yield "", None
    yield _("Rows"), rows
    yield from _filter_notes(filters)
    yield _("Exported at"), exported_at
    yield _("Exported by"), exported_by
    yield "", None
    yield from rule_notes(rule)


def rule_notes(rule: Rule) -> Iterator[Note]:
    """Yield the rule of the event's statuses as pairs of a label and an explanation."""
    yield _("Length in minutes"), rule.length
    yield _("Required share in %"), rule.required_share
    yield _("Required minutes"), rule.needed
    explanations = {
        "watching": _("The event is open; connected within the last two minutes."),
        "attended": _("Watched at least %(count)s minutes.", count=rule.needed),
        "partly": _("Watched fewer minutes, but stayed to the end: came late, or with gaps."),
        "left_early": _(
            "Watched fewer minutes, and none of the last %(count)s.", count=LEFT_EARLY_MINUTES
        ),
        "checked_in": _("Checked in and never watched."),
        "absent": _("Did not check in."),
        "excused": _("Set by an admin; the note says why. Admins can correct other statuses too."),
    }
    for status, label in STATUSES.items():
        yield label.source, explanations[status]
    yield "counted_status", _("The computed status, without corrections.")
    yield "watched_until", _("The end of the last watched minute.")


def _filter_notes(filters: Filters) -> Iterator[Note]:
    yield _("Search"), filters.q or _("everyone")
    yield _("Department"), filters.department or _("all")
    yield _("Location"), filters.location or _("all")
    yield _("Status"), STATUSES[filters.status].source if filters.status else _("all")
    yield _("Sorted by"), filters.sort.key + (_(", descending") if filters.sort.descending else "")
