"""The live figures of events, as the overview and the page of each event show them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from webapp.domain.attendance import checkin, viewer_count
from webapp.domain.chat.messages import count_messages
from webapp.domain.events.store import EventInfo
from webapp.domain.models import Question
from webapp.infra.extensions import db


@dataclass(frozen=True)
class Figures:
    """Numbers of people, messages and questions of one event."""

    watching: int
    checked_in: int
    messages: int
    questions: int


def read_figures(events: Sequence[EventInfo]) -> dict[int, Figures]:
    """Return the figures by event id; nobody watches an event that is not open."""
    ids = [event.id for event in events]
    watching = viewer_count.count_watching(event.id for event in events if event.is_open)
    checked_in, messages = checkin.count_checked_in(ids), count_messages(ids)
    questions = _count_questions(ids)
    counts = (watching, checked_in, messages, questions)
    return {i: Figures(*(count.get(i, 0) for count in counts)) for i in ids}


def _count_questions(ids: Sequence[int]) -> dict[int, int]:
    asked = func.count().label("asked")
    query = select(Question.event_id, asked).where(Question.event_id.in_(ids))
    return {
        row.event_id: row.asked for row in db.session.execute(query.group_by(Question.event_id))
    }
