"""Read the time: aware and in UTC, and in whole minutes for attendance."""

import time
from datetime import UTC, datetime, timedelta

_reference: tuple[datetime, float] | None = None  # a moment, and `time.monotonic()` at it


def utcnow() -> datetime:
    """Return the present moment, aware and in UTC, by the clock that all processes share.

    That is the database server's, if there is one. By its own clock, a node that is a minute ahead
    would let its viewers post too fast, make others wait, and count minutes of the future.
    """
    if _reference is None:
        return datetime.now(UTC)
    moment, at = _reference
    return moment + timedelta(seconds=time.monotonic() - at)


def go_by(moment: datetime, at: float) -> None:
    """Use the clock that showed `moment` when `time.monotonic()` was `at`."""
    global _reference
    _reference = moment, at


def minute_of(moment: datetime) -> int:
    """Return the whole minutes since the Unix epoch, the unit of `watched_minutes.minute`."""
    return int(moment.timestamp()) // 60


def moment_of(minute: int) -> datetime:
    """Return the beginning of that minute, aware, in UTC."""
    return datetime.fromtimestamp(minute * 60, UTC)


def isoformat(moment: datetime) -> str:
    """Return ISO 8601 in UTC with a `Z`, as in JSON answers."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def html_isoformat(moment: datetime) -> str:
    """Return ISO 8601 in milliseconds: `<time datetime>` allows three digits of a second."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_isoformat(text: str) -> datetime:
    """Return the moment that `isoformat` wrote."""
    return datetime.fromisoformat(text)
