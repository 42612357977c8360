"""Filters for templates, beside Jinja's own."""

from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Flask
from markupsafe import Markup, escape

from webapp.http.access import may_open
from webapp.i18n import format_number
from webapp.infra.avatars import avatar_color, initials
from webapp.infra.clock import from_isoformat
from webapp.infra.formats import format_moment
from webapp.infra.links import split_links
from webapp.infra.text import one_line

_LINK = Markup('<a href="{0}" target="_blank" rel="noopener noreferrer nofollow">{0}</a>')


def register_filters(app: Flask) -> None:
    """Add the filters to `app`, and `may_open(endpoint)`."""
    app.add_template_global(may_open)
    app.add_template_filter(clock)
    app.add_template_filter(day_and_time)
    app.add_template_filter(format_number, "number")
    app.add_template_filter(format_moment, "moment")
    app.add_template_filter(one_line)
    app.add_template_filter(linked)
    app.add_template_filter(initials)
    app.add_template_filter(avatar_color)


def clock(isoformat: str, timezone: str) -> str:
    """Format a moment as the time of day in that zone, `14:05`.

    An empty moment is `00:00`: a row that scripts copy has none, and `<time>` needs a valid text.
    """
    if not isoformat:
        return "00:00"
    # 24 hours in every language: Babel would take ten times as long for each message of a page.
    return from_isoformat(isoformat).astimezone(ZoneInfo(timezone)).strftime("%H:%M")


def linked(text: str | None) -> Markup:
    """Return the text as HTML in which addresses are links."""
    parts = split_links(text or "")
    return Markup().join(_LINK.format(part) if is_link else escape(part) for part, is_link in parts)


def day_and_time(moment: datetime, timezone: str) -> str:
    """Format a moment in that zone: `31 Jan 2026, 14:05:09`."""
    return format_moment(moment.astimezone(ZoneInfo(timezone)), "exact")
