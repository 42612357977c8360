"""Two admins who edit one event: neither overwrites what the other has just changed.

The form brings a digest of each column as it was shown. A column that only one of them changed
takes that change. Where both did, the second one is asked.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from webapp.errors import Invalid
from webapp.i18n import lazy

# Columns that belong together: a start of one plan and an end of another make none.
GROUPS = (
    ("starts_at", "ends_at", "timezone", "opens_at", "closes_at"),
    ("stream_url", "stream_kind", "stream_hosts"),
)
DIGEST_LENGTH = 10


class EditConflict(Invalid):
    """Both admins changed `columns`."""

    status = 409
    text = lazy(
        "Another admin changed this event while you were editing it, and nothing was saved."
        " Compare the fields that are marked, and save again to keep what you have here."
    )

    def __init__(self, columns: Iterable[str]) -> None:
        super().__init__()
        self.columns = list(columns)


def digest_columns(columns: Mapping[str, Any]) -> str:
    """Return the text that a form brings back, from which `merge` sees what has changed since."""
    return json.dumps({name: _digest(value) for name, value in columns.items()})


def merge(now: Mapping[str, Any], wanted: Mapping[str, Any], seen: str) -> dict[str, Any]:
    """Return the columns of `wanted` to store over `now`: those that the form has changed.

    Return all of them where `seen` does not say what the form showed. Raise `EditConflict`.
    """
    shown = _parse(seen)
    if not shown.keys() >= wanted.keys():
        return dict(wanted)
    result: dict[str, Any] = {}
    for group in _groups(wanted):
        theirs = [name for name in group if _digest(now[name]) != shown[name]]
        mine = [name for name in group if _digest(wanted[name]) != shown[name]]
        if theirs and mine and any(now[name] != wanted[name] for name in group):
            raise EditConflict(theirs)
        if mine:
            result |= {name: wanted[name] for name in group}
    return result


def _groups(columns: Mapping[str, Any]) -> list[tuple[str, ...]]:
    grouped = {name for group in GROUPS for name in group}
    return [*GROUPS, *((name,) for name in columns if name not in grouped)]


def _parse(seen: str) -> dict[str, Any]:
    try:
        found = json.loads(seen)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _digest(value: Any) -> str:
    text = value.astimezone(UTC).isoformat() if isinstance(value, datetime) else repr(value)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LENGTH]
