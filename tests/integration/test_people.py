"""The employee list, one person's page, and the comparison of two events."""

import csv
import io
import json
import zipfile
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import insert, update

from tests.support.attended import attend
from tests.support.client import PageClient, parse, text_of
from tests.support.data import ADMIN, add_admin, add_employee, add_event
from tests.support.known import EMAIL, NUMBER, add_known_person
from tests.support.polls import operator
from tests.support.statements import counted_statements
from webapp.domain.attendance.checkin import check_in_known
from webapp.domain.employees import rosters
from webapp.domain.employees.directory import get_employee
from webapp.domain.events.store import get_event
from webapp.domain.models import Employee, RosterEntry
from webapp.domain.people.erasing import erase
from webapp.infra.clock import utcnow
from webapp.infra.extensions import db

XHTML = "{http://www.w3.org/1999/xhtml}"
LIST = "/admin/employees"
COMPARE = "/admin/events/town-hall/attendance/compare"


def names(page_text: str) -> list[str]:
    """Return the first cell of each row of the only table."""
    rows = parse(page_text).iter(f"{XHTML}tbody")
    return ["".join(cell.itertext()).strip() for body in rows for cell in body.iter(f"{XHTML}th")]


def test_the_list_is_filtered_and_sorted(app: Flask, client: PageClient) -> None:
    with app.app_context():
        add_admin()
        add_employee("1", last_name="Zuse", department="Sales", location="Bonn")
        add_employee("2", last_name="Aiken", department="Sales", active=False)
        gone = add_employee("3", last_name="Babbage").id
        with operator():
            erase(gone)
    client.sign_in(*ADMIN)
    shown = {
        "": ["Ada Aiken", "Ada Zuse"],
        "?sort=-name": ["Ada Zuse", "Ada Aiken"],
        "?sort=-number": ["Ada Aiken", "Ada Zuse"],
        "?sort=active": ["Ada Aiken", "Ada Zuse"],
        "?state=active": ["Ada Zuse"],
        "?state=inactive": ["Ada Aiken"],
        "?state=erased": [f"Erased person {gone}"],
        "?department=Sales&location=Bonn": ["Ada Zuse"],
        "?q=aik": ["Ada Aiken"],
    }
    for query, expected in shown.items():
        assert names(client.get(f"{LIST}{query}").text) == expected, query
    for query in ("?sort=password", "?state=gone", "?page=0"):
        assert client.get(f"{LIST}{query}").status_code == 422


def test_a_page_of_the_list_takes_the_same_statements_whatever_its_size(
    app: Flask, client: PageClient
) -> None:
    with app.app_context():
        add_admin()
    client.sign_in(*ADMIN)
    asked = []
    for count in (10, 3000):
        with app.app_context():
            rows = [
                {"email": f"{count}-{n}@x.x", "employee_number": f"{count}-{n}"}
                | dict.fromkeys(("first_name", "last_name", "department", "location"), "A")
                for n in range(count)
            ]
            db.session.execute(insert(Employee), rows)
            db.session.commit()
        with counted_statements(app) as statements:
            client.get(f"{LIST}?q=A&state=active&page=2")
        asked.append(len(statements))
    assert asked[0] == asked[1] <= 5


def test_the_page_of_a_person_tells_what_happened(app: Flask, client: PageClient) -> None:
    with app.app_context():
        person_id = add_known_person()
        for number in range(3):
            add_event(f"more-{number}")
    client.sign_in(*ADMIN)
    with counted_statements(app) as statements:
        page = client.get(f"{LIST}/{person_id}")
    said = text_of(page.text)
    for text in (
        NUMBER,
        EMAIL,
        "3 min",
        "Attended",
        "was ill, says Zoë Quux",
        "for the whole event",
    ):
        assert text in said
    # The anonymous question is not counted.
    assert len(names(page.text)) == 4
    assert len(statements) <= 10, statements
    assert client.get(f"{LIST}/4711").status_code == 404
    roster = client.get("/admin/events/town-hall/attendance").text
    assert f'href="{LIST}/{person_id}"' in roster


def test_an_owner_exports_and_erases_a_person(app: Flask, client: PageClient) -> None:
    with app.app_context():
        person_id = add_known_person()
    client.sign_in(*ADMIN)
    ask = client.get(f"{LIST}/{person_id}/export")
    assert client.submit(ask, "/export", reason="").status_code == 422
    file = client.submit(ask, "/export", reason="Asked by mail")
    assert file.headers["Content-Disposition"] == f"attachment; filename=person-{NUMBER}.zip"
    with zipfile.ZipFile(io.BytesIO(file.data)) as archive:
        assert json.loads(archive.read("person.json"))["person"]["email"] == EMAIL

    ask = client.get(f"{LIST}/{person_id}/erase")
    refused = client.submit(ask, "/erase", name="Ada")
    assert refused.status_code == 422
    assert "Type “Zoë Quux” to confirm" in text_of(refused.text)
    erased = client.submit(refused, "/erase", name=" zoë  quux")
    assert (erased.status_code, erased.location) == (303, f"{LIST}/{person_id}")
    page = client.get(erased.location or "")
    assert "The person was erased." in text_of(page.text)
    assert "Quux" not in page.text
    # A stale page says so.
    assert "This person was erased already." in text_of(
        client.get(f"{LIST}/{person_id}/erase").text
    )
    edit = client.post(f"{LIST}/{person_id}", data={"csrf_token": "x"})
    assert edit.status_code in (400, 422)


@pytest.fixture
def two_events(app: Flask) -> None:
    """Add two events: one came to both, one to each, one to neither; one has joined since."""
    with app.app_context():
        add_admin()
        add_event("first", starts_at=utcnow() - timedelta(minutes=40))
        add_event()
        both = attend("both", utcnow(), range(2))
        second = attend("second", utcnow(), department="Sales")
        only = add_employee("first").id
        add_employee("neither")
        for employee_id in (both, only):
            employee = get_employee(employee_id)
            assert employee
            check_in_known(get_event("first"), employee)
        # `attend` sets the time of the check-in on every roster.
        here = (RosterEntry.event_id == get_event("first").id, RosterEntry.employee_id == second)
        db.session.execute(update(RosterEntry).where(*here).values(checked_in_at=None))
        db.session.commit()


@pytest.mark.usefixtures("two_events")
def test_two_events_are_compared_by_department(app: Flask, client: PageClient) -> None:
    client.sign_in(*ADMIN)
    with app.app_context():
        add_event("planned", "scheduled")
    assert "planned" not in client.get(COMPARE).text
    said = text_of(client.get(f"{COMPARE}?with=first").text)
    assert "1 Came to both (25 %)" in said
    assert "1 Only to this event (25 %)" in said
    assert "1 Only to the other one (25 %)" in said
    assert "1 To neither (25 %)" in said
    file = client.get(f"{COMPARE}.csv?with=first").text.lstrip("\ufeff")
    rows = {row["employee_number"]: row for row in csv.DictReader(io.StringIO(file))}
    assert {number: row["came_to"] for number, row in rows.items()} == {
        "both": "both",
        "second": "first",
        "first": "second",
        "neither": "neither",
    }
    for other, status in (("town-hall", 422), ("planned", 422), ("nowhere", 404)):
        assert client.get(f"{COMPARE}?with={other}").status_code == status
        assert client.get(f"{COMPARE}.csv?with={other}").status_code == status


@pytest.mark.usefixtures("two_events")
def test_a_comparison_takes_the_same_statements_whatever_its_size(
    app: Flask, client: PageClient
) -> None:
    client.sign_in(*ADMIN)
    asked = []
    for count in (0, 2000):
        with app.app_context():
            rows = [
                {"email": f"{n}@x.x", "employee_number": f"x{n}"}
                | dict.fromkeys(("first_name", "last_name", "department", "location"), f"{n % 9}")
                for n in range(count)
            ]
            if rows:
                db.session.execute(insert(Employee), rows)
            for slug in ("first", "town-hall"):
                rosters.fill(get_event(slug).id)
            db.session.commit()
        with counted_statements(app) as statements:
            client.get(f"{COMPARE}?with=first")
        asked.append(len(statements))
    assert asked[0] == asked[1] <= 6
