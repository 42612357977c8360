"""The rows of messages. Each is rendered once for all viewers, and once more for its author."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import chain, pairwise
from typing import Any
from zoneinfo import ZoneInfo

from flask import get_template_attribute
from markupsafe import Markup

from webapp.i18n import current_language
from webapp.infra.clock import from_isoformat, utcnow
from webapp.infra.formats import format_day

# A page of 50 took 1.3 ms to render, half of the whole live page. Some hundred bytes each.
KEPT_ROWS = 2000
# Messages of one author within this time stand under one name. frontend/live/groups.js agrees.
GROUP = timedelta(minutes=5)

Message = dict[str, Any]


def message_rows(messages: Iterable[Message], timezone: str, viewer_id: int) -> Markup:
    """Return the messages as list items: times of day in `timezone`, the viewer's own marked.

    A message that follows one of the same author within five minutes shows no name. The first
    message of a day says which day; the first one of the list does unless it is of today.
    """
    zone, today = ZoneInfo(timezone), utcnow().astimezone(ZoneInfo(timezone)).date()
    rows = []
    for before, message in pairwise(chain([None], messages)):
        assert message is not None  # noqa: S101 - only the first `before` is None
        at = from_isoformat(message["posted_at"]).astimezone(zone)
        last = from_isoformat(before["posted_at"]).astimezone(zone) if before else None
        new_day = at.date() != (last.date() if last else today)
        follows = not new_day and _is_same_author(before, message) and _is_soon(last, at)
        own = message["author_id"] == viewer_id
        day = at.date() if new_day else None
        rows.append(_row(current_language(), timezone, own, follows, day, *message.items()))
    return Markup().join(rows)


def _is_same_author(before: Message | None, message: Message) -> bool:
    # Hosts have no id: their names tell them apart.
    by = ("author_id", "author")
    return before is not None and all(before[name] == message[name] for name in by)


def _is_soon(last: datetime | None, at: datetime) -> bool:
    return last is not None and at - last < GROUP


@lru_cache(KEPT_ROWS)
def _row(
    _language: str,
    timezone: str,
    own: bool,
    follows: bool,
    day: date | None,
    *message: tuple[str, Any],
) -> Markup:
    # The key holds everything that is shown: a message that changes is another row.
    render = get_template_attribute("live/_message.html", "message_row")
    row: Markup = render(dict(message), timezone, own, follows, format_day(day) if day else "")
    return row
