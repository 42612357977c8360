"""The rows of messages: every viewer of a page sees the same, so each is rendered once."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from flask import get_template_attribute
from markupsafe import Markup

# A page of 50 took 1.3 ms to render, half of the whole live page. Some hundred bytes each.
KEPT_ROWS = 2000


def message_rows(messages: Iterable[dict[str, Any]], timezone: str) -> Markup:
    """The messages as list items, times of day in that zone."""
    return Markup().join(_row(timezone, *message.items()) for message in messages)


@lru_cache(KEPT_ROWS)
def _row(timezone: str, *message: tuple[str, Any]) -> Markup:
    # All that is shown is in the key: a message that changes is another row.
    row: Markup = get_template_attribute("live/_message.html", "message_row")(
        dict(message), timezone
    )
    return row
