"""The rows of questions. Each is rendered once for all viewers, and again for its voters."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from flask import get_template_attribute
from markupsafe import Markup

from webapp.domain.events.store import EventInfo
from webapp.i18n import current_language

# Some hundred bytes each; see `live.rows`.
KEPT_ROWS = 2000


def question_rows(
    questions: Iterable[dict[str, Any]], event: EventInfo, own: Mapping[str, Sequence[int]]
) -> Markup:
    """Return the questions as list items, with the viewer's votes and own questions marked."""
    voted, asked = own.get("voted", ()), own.get("asked", ())
    language, open_ = current_language(), event.questions_open and event.is_open
    return Markup().join(
        _row(
            language,
            event.slug,
            event.timezone,
            open_,
            question["id"] in voted,
            question["id"] in asked,
            *question.items(),
        )
        for question in questions
    )


@lru_cache(KEPT_ROWS)
def _row(
    _language: str,
    slug: str,
    timezone: str,
    open_: bool,
    voted: bool,
    own: bool,
    *question: tuple[str, Any],
) -> Markup:
    # The key holds everything that is shown: a question that changes is another row.
    render = get_template_attribute("questions/_row.html", "question_row")
    row: Markup = render(dict(question), slug, timezone, open_, voted, own)
    return row
