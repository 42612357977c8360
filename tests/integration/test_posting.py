"""The one path of a message, as pages and nodes call it."""

from collections.abc import Sequence
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.support.data import add_admin, add_employee, add_event
from tests.support.statements import counted_statements
from webapp.domain.attendance.checkin import Viewer, check_in_known
from webapp.domain.audit import trail
from webapp.domain.chat import posting
from webapp.domain.chat.hosting import post_as_host
from webapp.domain.chat.messages import latest
from webapp.domain.chat.posts import Draft, Outcome, Receipt
from webapp.domain.employees.directory import get_employee
from webapp.domain.events.store import change_columns, get_event
from webapp.domain.models import Admin
from webapp.domain.writing.nonces import NonceReused
from webapp.errors import SlowDown
from webapp.infra.extensions import db

PEOPLE = 40


@pytest.fixture
def viewers(app: Flask) -> list[Viewer]:
    with app.app_context():
        add_event()
        event, viewers = get_event("town-hall"), []
        for number in range(PEOPLE):
            employee = get_employee(add_employee(f"{number}").id)
            assert employee is not None
            viewers.append(check_in_known(event, employee))
        return viewers


def draft(viewer: Viewer, nonce: str = "n", body: str = "Hello") -> Draft:
    return Draft("town-hall", viewer, body, nonce)


class Room:
    """Notes in which order acknowledgements and broadcasts happen."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.published: list[list[dict[str, Any]]] = []

    def post(self, *drafts: Draft) -> Sequence[Outcome]:
        return posting.post_and_publish(drafts, self._publish, self._acknowledge)

    def _acknowledge(self, outcomes: Sequence[Outcome]) -> None:
        self.steps.append(f"acknowledged {len(outcomes)}")

    def _publish(self, slug: str, name: str, payload: Any) -> None:
        assert (slug, name) == ("town-hall", "messages_posted")
        self.steps.append(f"published {len(payload)}")
        self.published.append(payload)


def test_a_batch_is_acknowledged_and_then_published_as_one(
    app: Flask, viewers: list[Viewer]
) -> None:
    room = Room()
    with app.app_context():
        outcomes = room.post(*map(draft, viewers), draft(viewers[0], "m", "\u200b"))
    assert room.steps == [f"acknowledged {PEOPLE + 1}", f"published {PEOPLE}"]
    ids = [outcome.id for outcome in outcomes if isinstance(outcome, Receipt)]
    assert len(ids) == PEOPLE
    (messages,) = room.published
    assert [message["id"] for message in messages] == sorted(filter(None, ids))


def test_a_large_batch_needs_no_more_statements_than_one_post(
    app: Flask, viewers: list[Viewer]
) -> None:
    counts = []
    for batch in ([draft(viewers[0], "first")], [draft(v, "second") for v in viewers]):
        with app.app_context():
            get_event("town-hall")
            with counted_statements(app) as statements:
                Room().post(*batch)
        counts.append(len(statements))
    assert counts[1] == counts[0] <= 5, counts


def test_a_post_sent_again_is_published_again_and_not_refused(
    app: Flask, viewers: list[Viewer]
) -> None:
    room, ada = Room(), viewers[0]
    with app.app_context():
        (first, *_, refused) = room.post(*[draft(ada, f"n{n}", f"{n}") for n in range(6)])
        assert isinstance(refused, SlowDown)
        # As after a commit whose answer was lost: perhaps nobody received it.
        (again,) = room.post(draft(ada, "n0", "0"))
    assert again == first
    assert [message["body"] for message in room.published[-1]] == ["0"]


@pytest.mark.parametrize("held", [False, True])
def test_another_text_under_the_same_nonce_is_refused(
    app: Flask, viewers: list[Viewer], held: bool
) -> None:
    ada = viewers[0]
    with app.app_context():
        change_columns(get_event("town-hall"), "chat_settings_changed", hold_messages=held)
        drafts = [draft(ada, body=body) for body in ("one", "two", "one")]
        first, reused, again = posting.post_and_publish(drafts)
        assert isinstance(first, Receipt)
        assert isinstance(reused, NonceReused)
        assert again == first
        # Also where the author writes too fast, and in another event.
        refused = posting.post_and_publish([draft(ada, f"n{n}") for n in range(5)])[-1]
        assert isinstance(refused, SlowDown)
        add_event("another")
        elsewhere = check_in_known(get_event("another"), ada.employee)
        for other in (draft(ada, body="two"), Draft("another", elsewhere, "one", "n")):
            with pytest.raises(NonceReused):
                posting.post(other)


def test_another_text_of_the_host_under_the_same_nonce_is_refused(
    app: Flask, viewers: list[Viewer]
) -> None:
    with app.app_context():
        add_admin()
        event = get_event("town-hall")
        with trail.acting_as(db.session.scalars(select(Admin.id)).one()):
            for _ in range(2):
                post_as_host(event, "Welcome", "n")
            with pytest.raises(NonceReused):
                post_as_host(event, "Goodbye", "n")
        assert [message["body"] for message in latest(event)] == ["Welcome"]
