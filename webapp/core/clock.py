"""Time, in one place: aware UTC in code, whole minutes for attendance."""

from datetime import UTC, datetime


def utcnow() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def minute_of(moment: datetime) -> int:
    """Whole minutes since the Unix epoch, the unit of `watched_minutes.minute`."""
    return int(moment.timestamp()) // 60


def isoformat(moment: datetime) -> str:
    """ISO 8601 in UTC with a `Z`, as JSON answers and `<time datetime>` carry it."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def from_isoformat(text: str) -> datetime:
    """The moment that `isoformat` wrote."""
    return datetime.fromisoformat(text)
