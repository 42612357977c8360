"""Time, in one place: aware UTC in code, whole minutes for attendance."""

import time
from datetime import UTC, datetime, timedelta

_reference: tuple[datetime, float] | None = None  # a moment, and `time.monotonic()` at it


def utcnow() -> datetime:
    """The present moment, aware, in UTC, by the clock that all processes share.

    That is the database server's where there is one. By its own, a node that is a minute ahead
    would let its viewers write too fast, make others wait, and count minutes that are not yet.
    """
    if _reference is None:
        return datetime.now(UTC)
    moment, at = _reference
    return moment + timedelta(seconds=time.monotonic() - at)


def go_by(moment: datetime, at: float) -> None:
    """Go by the clock that showed `moment` when `time.monotonic()` was `at`."""
    global _reference
    _reference = moment, at


def minute_of(moment: datetime) -> int:
    """Whole minutes since the Unix epoch, the unit of `watched_minutes.minute`."""
    return int(moment.timestamp()) // 60


def moment_of(minute: int) -> datetime:
    """Return the beginning of that minute, aware, in UTC."""
    return datetime.fromtimestamp(minute * 60, UTC)


def isoformat(moment: datetime) -> str:
    """ISO 8601 in UTC with a `Z`, as JSON answers and `<time datetime>` carry it."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def from_isoformat(text: str) -> datetime:
    """Return the moment that `isoformat` wrote."""
    return datetime.fromisoformat(text)
