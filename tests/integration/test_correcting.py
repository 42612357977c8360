"""Several attendances are corrected at once, and nobody overwrites what they have not seen."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from tests.support.client import PageClient, text_of
from tests.support.data import ADMIN, add_admin, add_employee, add_event
from webapp.domain.events.store import forget_event, get_event
from webapp.domain.models import Correction, Employee, Event, RosterEntry
from webapp.infra.clock import utcnow
from webapp.infra.extensions import db

ADDRESS = "/admin/events/town-hall/attendance"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def ids(app: Flask, client: PageClient) -> list[int]:
    """Sign an owner in; add an event with five employees, of whom two are in Sales."""
    with app.app_context():
        add_admin()
        add_admin("other@example.com")
        departments = ("Research", "Research", "Research", "Sales", "Sales")
        found = [add_employee(str(n), department=d).id for n, d in enumerate(departments, 1)]
        add_event()
    client.sign_in(*ADMIN)
    return found


@pytest.fixture
def colleague(app: Flask) -> PageClient:
    """Return another browser."""
    client = app.test_client()
    assert isinstance(client, PageClient)
    return client


def last(name: str, page: TestResponse) -> str:
    """Return the value of the last hidden field of that name."""
    value: str = re.findall(rf'name="{name}" value="([^"]+)"', page.text)[-1]
    return value


def correct(client: PageClient, page: TestResponse, *employees: int, **fields: str) -> TestResponse:
    """Tick employees on `page` and correct them."""
    token, seen = (last(name, page) for name in ("csrf_token", "seen"))
    query = page.request.query_string.decode()
    form = {"csrf_token": token, "seen": seen, "status": "excused", "note": "On strike"} | fields
    ticked = {"employee": [str(one) for one in employees]}
    return client.post(
        f"{ADDRESS}/corrections/several?{query}",
        data=form | ticked,
    )


def statuses(app: Flask) -> dict[int, str | None]:
    with app.app_context():
        rows = db.session.execute(select(RosterEntry.employee_id, RosterEntry.corrected_status))
        return {employee_id: status for employee_id, status in rows if status}


def count_corrections(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(Correction)) or 0


def test_ticked_rows_are_corrected_for_one_reason_and_taken_back(
    app: Flask, client: PageClient, ids: list[int]
) -> None:
    page = client.get(ADDRESS)
    assert correct(client, page, note=" ").status_code == 422
    refused = correct(client, page, *ids[:2], note=" ")
    assert refused.status_code == 422
    assert "Say why" in text_of(refused.text)
    # The ticks are kept.
    assert len(re.findall(r'name="employee"[^>]* checked', refused.text)) == 2
    assert not statuses(app)

    answer = correct(client, page, *ids[:3])
    assert (answer.status_code, answer.location) == (303, f"{ADDRESS}#employee-{ids[0]}")
    assert statuses(app) == dict.fromkeys(ids[:3], "excused")
    shown = client.get(ADDRESS)
    assert "3 attendances were corrected." in text_of(shown.text)
    # The same once more changes nothing.
    correct(client, shown, *ids[:3])
    assert count_corrections(app) == 3

    correct(client, client.get(ADDRESS), ids[0], status="attended", note="Was there")
    (undo,) = set(re.findall(r'action="([^"]*/undo[^"]*)"', shown.text))
    assert client.submit(shown, "/undo").status_code == 303
    # One was corrected again meanwhile, and stays.
    assert statuses(app) == {ids[0]: "attended"}
    assert "2 corrections were taken back." in text_of(client.get(ADDRESS).text)
    client.submit(shown, "/undo")
    assert statuses(app) == {ids[0]: "attended"}
    assert client.post(undo.replace("town-hall", "nowhere")).status_code in (400, 404)


def test_everybody_who_matches_is_corrected_unless_the_number_changed(
    app: Flask, client: PageClient, ids: list[int]
) -> None:
    page = client.get(f"{ADDRESS}?department=Sales")
    assert 'name="everyone" value="2"' in page.text
    late = correct(client, page, everyone="3")
    assert late.status_code == 409
    assert "By now 2 employees match." in text_of(late.text)
    assert correct(client, page, everyone="2").status_code == 303
    assert statuses(app) == dict.fromkeys(ids[3:], "excused")
    assert correct(client, page, everyone="5001").status_code == 422


def test_a_row_that_somebody_else_has_corrected_is_left_alone(
    app: Flask, client: PageClient, colleague: PageClient, ids: list[int]
) -> None:
    colleague.sign_in("other@example.com", ADMIN[1])
    edit = client.get(f"{ADDRESS}?edit={ids[0]}")
    page = client.get(ADDRESS)
    theirs = colleague.get(f"{ADDRESS}?edit={ids[0]}")
    colleague.submit(theirs, "/corrections", status="absent", note="Saw them leave")

    answer = correct(client, page, *ids[:2], 4711)
    said = text_of(client.get(answer.location or "").text)
    assert "1 attendance was corrected." in said
    assert "1 was corrected by somebody else meanwhile and stays as it is." in said
    assert "1 is not on the roster any more." in said
    assert statuses(app) == {ids[0]: "absent", ids[1]: "excused"}

    asked = client.submit(edit, "/corrections", status="excused", note="Ill")
    assert asked.status_code == 409
    assert "has corrected this meanwhile, to “Absent”." in text_of(asked.text)
    assert "Saw them leave" in text_of(asked.text)
    assert 'value="Ill"' in asked.text
    # Whoever has seen it may replace it.
    assert client.submit(asked, "/corrections", status="excused", note="Ill").status_code == 303
    assert statuses(app)[ids[0]] == "excused"


def test_a_refused_correction_by_htmx_keeps_what_was_typed(
    client: PageClient, ids: list[int]
) -> None:
    edit = client.get(f"{ADDRESS}?edit={ids[0]}")
    answer = client.submit(edit, "/corrections", headers=HTMX, status="excused", note="")
    assert answer.status_code == 422
    assert answer.data.lstrip().startswith(b'<div id="rows"')


def test_an_archived_event_is_not_corrected(app: Flask, client: PageClient, ids: list[int]) -> None:
    page, edit = client.get(ADDRESS), client.get(f"{ADDRESS}?edit={ids[0]}")
    with app.app_context():
        db.session.execute(db.update(Event).values(archived_at=utcnow(), state="closed"))
        db.session.commit()
        forget_event("town-hall")
    for answer in (
        correct(client, page, *ids),
        client.submit(edit, "/corrections", status="excused", note="Ill"),
    ):
        assert answer.status_code == 409
        assert "This event is archived." in text_of(answer.text)
    assert not statuses(app)
    assert "Correct Ada" not in text_of(client.get(f"{ADDRESS}?edit={ids[0]}").text)


def test_several_are_corrected_before_an_event_opens(
    app: Flask, client: PageClient, ids: list[int]
) -> None:
    with app.app_context():
        add_event("later", "scheduled", starts_at=utcnow() + timedelta(days=1))
        later = get_event("later").id
    page = client.get("/admin/events/later/attendance")
    form = {
        "csrf_token": last("csrf_token", page),
        "everyone": "5",
        "status": "excused",
        "note": "Holidays",
    }
    answer = client.post("/admin/events/later/attendance/corrections/several", data=form)
    assert answer.status_code == 303
    with app.app_context():
        excused = select(RosterEntry.employee_id).where(
            RosterEntry.event_id == later, RosterEntry.corrected_status == "excused"
        )
        assert sorted(db.session.scalars(excused)) == sorted(ids)


def test_the_print_view_has_every_row_that_matches(app: Flask, client: PageClient) -> None:
    with app.app_context():
        add_admin()
        add_event()
        for number in range(60):
            add_employee(f"P{number}", department="Sales" if number % 2 else "Research")
    client.sign_in(*ADMIN)
    page = client.get(f"{ADDRESS}/print?department=Sales")
    assert page.text.count('<tr><th scope="row">') == 30
    said = text_of(page.text)
    assert "Department: Sales" in said
    assert "Attended: watched at least" in said
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Employee)) == 60
