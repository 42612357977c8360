"""Dates and times as the current language writes them."""

from datetime import date, datetime
from functools import lru_cache
from typing import Literal

from babel.dates import format_date, format_skeleton, format_time, get_datetime_format

from webapp.i18n import current_language, current_locale

# Saturday, 28 November 2026, 14:05 | 28 Nov 2026, 14:05:09 | 28 Nov 2026, 14:05 | 28 Nov, 14:05
# | 28 Nov | 14:05
MomentFormat = Literal["full", "exact", "medium", "short", "day", "time"]
SKELETONS = {"exact": "yMMMd", "medium": "yMMMd", "short": "MMMd", "day": "MMMd"}


def format_moment(local: datetime, style: MomentFormat = "full") -> str:
    """Format a moment, which is already in the zone to show."""
    # Without its zone: to a cache, moments of two zones are equal though their clocks differ.
    return _format_moment(current_language(), local.replace(tzinfo=None), style)


@lru_cache(2000)  # Babel takes 0.2 ms, and pages say the same few times again and again
def _format_moment(_language: str, local: datetime, style: MomentFormat) -> str:
    locale = current_locale()
    time = format_time(local, "medium" if style == "exact" else "short", locale=locale)
    if style == "time":
        return time
    if style == "full":
        date = format_date(local, "full", locale=locale)
    else:
        date = format_skeleton(SKELETONS[style], local, locale=locale)
    if style == "day":
        return date
    joined = str(get_datetime_format("medium", locale=locale))
    return joined.replace("{0}", time).replace("{1}", date)


def format_day(day: date) -> str:
    """Format a day with its weekday: `Saturday, 28 November`."""
    return str(format_skeleton("MMMMEEEEd", day, locale=current_locale()))
