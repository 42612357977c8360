"""Polls and viewers for tests, through the product's own functions."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import select

from tests.support.data import add_employee
from webapp.domain.attendance.checkin import Viewer, check_in_known
from webapp.domain.audit import trail
from webapp.domain.employees.directory import get_employee
from webapp.domain.events.store import get_event
from webapp.domain.models import PollOption
from webapp.domain.polls import drafts, states
from webapp.domain.polls.drafts import PollDraft
from webapp.infra.extensions import db

LUNCH = PollDraft("What is for lunch?", ["Soup", "Salad", "Cake"])


@contextmanager
def operator() -> Iterator[None]:
    """Act as an operator, whom the audit log needs no account for."""
    with trail.acting_as(None):
        yield


def add_poll(
    draft: PollDraft = LUNCH, slug: str = "town-hall", *, opened: bool = True
) -> tuple[int, list[int]]:
    """Add a poll to the event, opened unless said otherwise; return its id and its options' ids."""
    event = get_event(slug)
    with operator():
        poll_id = drafts.create(event, draft)
        if opened:
            states.open_poll(event, poll_id)
    query = select(PollOption.id).where(PollOption.poll_id == poll_id)
    return poll_id, list(db.session.scalars(query.order_by(PollOption.position)))


def close_poll(poll_id: int, slug: str = "town-hall") -> None:
    """Close a poll."""
    with operator():
        states.close_poll(get_event(slug), poll_id)


def add_viewers(count: int, slug: str = "town-hall") -> Sequence[Viewer]:
    """Add employees who have checked in to the event."""
    event, viewers = get_event(slug), []
    for number in range(count):
        employee = get_employee(add_employee(f"{slug}-{number}").id)
        assert employee is not None
        viewers.append(check_in_known(event, employee))
    return viewers


def count_votes(poll_id: int) -> list[int]:
    """Return the votes of each option, as the database has them."""
    db.session.rollback()
    query = select(PollOption.votes).where(PollOption.poll_id == poll_id)
    return list(db.session.scalars(query.order_by(PollOption.position)))


def rows_of(model: Any) -> list[dict[str, Any]]:
    """Return every row of a table."""
    db.session.rollback()
    return [dict(row) for row in db.session.execute(select(model.__table__)).mappings()]
