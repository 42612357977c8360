"""What templates may ask for beside Jinja's own filters."""

from zoneinfo import ZoneInfo

from flask import Flask

from webapp.core.clock import from_isoformat


def register_filters(app: Flask) -> None:
    """Add the filters to `app`."""
    app.add_template_filter(clock)


def clock(isoformat: str, timezone: str) -> str:
    """The time of day, `14:05`, in that zone; empty for an empty moment."""
    if not isoformat:
        return ""
    return from_isoformat(isoformat).astimezone(ZoneInfo(timezone)).strftime("%H:%M")
