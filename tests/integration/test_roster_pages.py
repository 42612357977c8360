"""The pages of a roster: each is a part of the whole, and costs no more when there are more."""

import itertools
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import insert, select

from tests.support.attended import attend
from tests.support.client import PageClient, text_of
from tests.support.data import ADMIN, add_admin, add_employee, add_event
from tests.support.statements import counted_statements
from webapp.domain.admins.accounts import AdminInfo, sign_in
from webapp.domain.audit import trail
from webapp.domain.employees import rosters
from webapp.domain.events.store import EventInfo, get_event
from webapp.domain.models import Employee
from webapp.domain.roster import corrections, roster
from webapp.domain.roster.filters import SORT_KEYS
from webapp.domain.running.states import change_state
from webapp.infra.clock import utcnow
from webapp.infra.extensions import db
from webapp.infra.rate_limit import Client

ADDRESS = "/admin/events/town-hall/attendance"
MOST_STATEMENTS = 6
FILTERS: list[dict[str, str]] = [
    {"status": "absent"},
    {"status": "left_early", "q": "LOVELACE"},
    {"department": "Sales", "q": "ada"},
]


@pytest.fixture
def town_hall(app: Flask) -> EventInfo:
    """Add an open event near its end: some watched, came or were corrected, most did not
    come."""
    begin = utcnow().replace(second=0, microsecond=0) - timedelta(minutes=58)
    with app.app_context():
        add_admin()
        add_event(starts_at=begin, ends_at=begin + timedelta(hours=1))
        event = get_event("town-hall")
        departments = ("Research", "Sales", "sales")  # MySQL takes the last two for one
        for number in range(12, 30):
            add_employee(str(number), department=departments[number % 3])
        came = [
            attend(str(number), begin + timedelta(minutes=number % 3), range(minutes))
            for number, minutes in ((30, 0), (31, 0), (32, 9), (33, 9), (34, 45), (35, 57))
        ]
        away = list(db.session.scalars(select(Employee.id).order_by(Employee.id)))[:2]
        for employee_id, status in zip(
            (*away, came[1]), ("excused", "attended", "absent"), strict=True
        ):
            with trail.acting_as(grace().id):
                corrections.correct(event, employee_id, status, "so it was")
    return event


def grace() -> AdminInfo:
    return sign_in(*ADMIN, Client("192.0.2.1"))


@pytest.mark.parametrize("state", ["open", "closed"])
def test_the_pages_of_every_order_are_the_whole_in_parts(
    app: Flask, town_hall: EventInfo, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roster, "PAGE_ROWS", 7)
    with app.app_context():
        change_state(town_hall, state)
        event = get_event("town-hall")
        orders = (*SORT_KEYS, *(f"-{key}" for key in SORT_KEYS))
        for sort, some in zip(orders, itertools.cycle(FILTERS), strict=False):
            for wanted in ({}, some):
                filters = roster.parse_filters(wanted | {"sort": sort})
                whole = list(roster.stream_rows(event, filters))
                first = roster.read_roster(event, filters)
                assert first.counts.matching == len(whole), filters
                for page in range(1, first.pages + 2):
                    filters = roster.parse_filters(wanted | {"sort": sort, "page": str(page)})
                    part = whole[(page - 1) * 7 : page * 7]
                    assert roster.read_roster(event, filters).rows == part, filters


def test_a_page_after_the_last_one_leads_back_to_it(
    client: PageClient, town_hall: EventInfo
) -> None:
    client.sign_in(*ADMIN)
    answer = client.get(f"{ADDRESS}?page=9").text
    assert "There is no such page." in text_of(answer)
    assert f'rel="prev" href="{ADDRESS}"' in answer


def test_a_page_of_thousands_takes_as_many_statements_as_one_of_fifty(
    app: Flask, client: PageClient, town_hall: EventInfo
) -> None:
    client.sign_in(*ADMIN)
    asked: dict[str, set[int]] = {}
    for state in ("open", "closed"):
        for thousands in (0, 3):
            add_many(app, town_hall, thousands * 1000, state)
            last = (24 + thousands * 1000) // roster.PAGE_ROWS or 1
            for query in ("", "sort=-minutes", "status=absent", "q=ada", "by=department"):
                with counted_statements(app) as statements:
                    page = client.get(f"{ADDRESS}?{query}&page={last}")
                assert page.status_code == 200
                asked.setdefault(query, set()).add(len(statements))
    for query, counts in asked.items():
        assert len(counts) == 1, (query, counts)
        assert max(counts) <= MOST_STATEMENTS, (query, counts)


def add_many(app: Flask, event: EventInfo, count: int, state: str) -> None:
    """Add `count` more employees before the event opens; then open or close it."""
    names = {"first_name": "Ada", "last_name": "Byron", "department": "R", "location": "L"}
    with app.app_context():
        change_state(event, "open")
        rows = [
            {"email": f"many{n}@example.com", "employee_number": f"M{n}"} | names
            for n in range(count if state == "open" else 0)
        ]
        if rows:
            db.session.execute(insert(Employee), rows)
            rosters.fill(event.id)
            db.session.commit()
        change_state(event, state)
