"""The roster of an open event follows the employee list; a closed one never changes."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy.event
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from tests.support.data import ADMIN, add_admin, add_event
from webapp.domain.admins.accounts import sign_in
from webapp.domain.attendance import checkin
from webapp.domain.audit import trail
from webapp.domain.employees import editing, rosters
from webapp.domain.employees.directory import FIELDS
from webapp.domain.employees.importing import import_employees
from webapp.domain.events.store import get_event
from webapp.domain.models import Correction, Employee, RosterEntry
from webapp.domain.roster import corrections, roster
from webapp.domain.running.states import change_state
from webapp.errors import EventNotOpen
from webapp.infra.clock import utcnow
from webapp.infra.extensions import db
from webapp.infra.rate_limit import Client

OFFICE = Client("192.0.2.1")
NAMES = ("Adams", "Brown", "Clark", "Davis")
HEADER = "employee_number,email,first_name,last_name,department,location,active\n"


@pytest.fixture
def event_open(app: Flask) -> Iterator[None]:
    with app.app_context():
        add_event()
        add_admin()
        yield


def employee(number: str, last_name: str = "Brown", **values: Any) -> dict[str, Any]:
    defaults = {
        "employee_number": number,
        "email": f"p{number}@example.com",
        "first_name": "Ada",
        "last_name": last_name,
        "department": "Research",
        "location": "London",
        "active": True,
    }
    return defaults | values


def line(values: dict[str, Any]) -> str:
    return ",".join(str(int(v) if isinstance(v, bool) else v) for v in values.values()) + "\n"


def import_rows(*rows: dict[str, Any], sync: bool = False) -> None:
    data = (HEADER + "".join(map(line, rows))).encode()
    import_employees(data, sync=sync, confirmed=True)


def id_of(number: str) -> int:
    return db.session.scalars(select(Employee.id).where(Employee.employee_number == number)).one()


def change(number: str, **values: Any) -> None:
    known = db.session.get_one(Employee, id_of(number), populate_existing=True)
    editing.change_employee(known.id, {name: getattr(known, name) for name in FIELDS} | values)


def come(number: str, slug: str = "town-hall") -> None:
    checkin.check_in(get_event(slug), f"p{number}@example.com", number, OFFICE)


def excuse(number: str, status: str = "excused", slug: str = "town-hall") -> None:
    admin = sign_in(*ADMIN, OFFICE)
    with trail.acting_as(admin.id):
        corrections.correct(get_event(slug), id_of(number), status, "ill" if status else "")


def listed(slug: str = "town-hall") -> list[str]:
    """Return number, last name and department of each row, in order of the names."""
    db.session.rollback()
    rows = roster.stream_rows(get_event(slug), roster.Filters())
    return [f"{row.employee_number} {row.last_name} {row.department}" for row in rows]


@pytest.mark.usefixtures("event_open")
def test_employees_join_an_open_event_in_their_place() -> None:
    editing.add_employee(employee("1", "Clark"))
    editing.add_employee(employee("2", "Adams"))
    import_rows(employee("3", "Brown"), employee("4", "Davis"))
    assert [row.split()[0] for row in listed()] == ["2", "3", "1", "4"]
    come("3")
    rows = roster.stream_rows(get_event("town-hall"), roster.Filters())
    assert [row.status for row in rows] == ["absent", "checked_in", "absent", "absent"]


@pytest.mark.usefixtures("event_open")
def test_changes_of_employees_show_at_once() -> None:
    import_rows(employee("1", "Adams"), employee("2", "Brown"))
    change("1", last_name="Clark", department="Sales")
    assert listed() == ["2 Brown Research", "1 Clark Sales"]
    import_rows(employee("2", "Davis", department="Legal"))
    assert listed() == ["1 Clark Sales", "2 Davis Legal"]


@pytest.mark.usefixtures("event_open")
def test_leavers_go_unless_they_came_or_were_corrected() -> None:
    import_rows(*(employee(number) for number in "1234"))
    come("1")
    excuse("2")
    change("3", active=False)
    assert listed() == ["1 Brown Research", "2 Brown Research", "4 Brown Research"]
    import_rows(employee("5", "Adams"), sync=True)
    assert listed() == ["5 Adams Research", "1 Brown Research", "2 Brown Research"]
    change("3", active=True)
    assert len(listed()) == 4


@pytest.mark.usefixtures("event_open")
def test_a_closed_roster_stays_as_it_is() -> None:
    import_rows(*(employee(number) for number in "123"))
    come("1")
    change_state(get_event("town-hall"), "closed")
    before = listed()
    change("1", last_name="Davis", department="Sales")
    change("2", active=False)
    import_rows(employee("3", "Adams"), employee("4"), sync=True)
    assert listed() == before


@pytest.mark.usefixtures("event_open")
def test_a_reopened_event_keeps_its_rows_and_then_follows() -> None:
    import_rows(*(employee(number) for number in "123"))
    change_state(get_event("town-hall"), "closed")
    change("1", last_name="Adams")
    change("2", active=False)
    editing.add_employee(employee("4", "Clark"))
    change_state(get_event("town-hall"), "open")
    # Nobody who has left since is lost, and who has joined since is there.
    reopened = ["1 Brown Research", "2 Brown Research", "3 Brown Research", "4 Clark Research"]
    assert listed() == reopened
    change_state(get_event("town-hall"), "closed")
    assert listed() == reopened
    change_state(get_event("town-hall"), "open")
    change("3", department="Sales")
    assert listed() == [*reopened[:2], "3 Brown Sales", reopened[3]]


def test_before_it_opens_an_event_shows_the_employee_list(app: Flask) -> None:
    with app.app_context():
        add_admin()
        add_event("soon", state="scheduled")
        import_rows(*(employee(number) for number in "123"))
        excuse("2", slug="soon")
        change("1", last_name="Davis")
        change("2", last_name="Clark")
        change("3", active=False)
        planned = roster.read_roster(get_event("soon"), roster.Filters())
        assert [(row.employee_number, row.status) for row in planned.rows] == [
            ("2", "excused"),
            ("1", "absent"),
        ]
        assert planned.counts.by_status == {"excused": 1, "absent": 1}
        change_state(get_event("soon"), "open")
        assert listed("soon") == ["2 Clark Research", "1 Davis Research"]
        excuse("2", status="", slug="soon")
        change_state(get_event("soon"), "closed")
        closed = roster.read_roster(get_event("soon"), roster.Filters())
        assert closed.counts.by_status == {"absent": 2}


def test_an_event_that_closes_without_opening_has_a_roster(app: Flask) -> None:
    with app.app_context():
        add_event("soon", state="scheduled")
        import_rows(employee("1"), employee("2"))
        change_state(get_event("soon"), "closed")
        assert listed("soon") == ["1 Brown Research", "2 Brown Research"]


@pytest.mark.usefixtures("event_open")
def test_hundreds_who_join_between_two_others_are_in_order() -> None:
    import_rows(employee("1", "Adams"), employee("9", "Davis"))
    for number in range(30):
        editing.add_employee(employee(f"A{number}", f"B{number:02}"))
    import_rows(*(employee(f"C{number}", f"C{number:03}") for number in range(200)))
    names = [row.split()[1] for row in listed()]
    assert len(names) == 232
    assert names == sorted(names)


@pytest.mark.usefixtures("event_open")
def test_an_employee_whom_another_program_added_can_check_in() -> None:
    import_rows(employee("1"))
    db.session.add(Employee(**employee("2", "Adams")))
    db.session.commit()
    come("2")
    assert listed() == ["2 Adams Research", "1 Brown Research"]


@dataclass
class Model:
    """The roster of an open event, computed in the plainest way."""

    employees: dict[str, dict[str, Any]] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)

    def rows(self) -> list[str]:
        shown = [e for n, e in self.employees.items() if e["active"] or n in self.kept]
        shown.sort(key=lambda e: (e["last_name"], e["first_name"], e["employee_number"]))
        return [f"{e['employee_number']} {e['last_name']} {e['department']}" for e in shown]


@st.composite
def changes(draw: st.DrawFn) -> tuple[str, list[dict[str, Any]]]:
    """Draw one change of the employees or of the event, with the employees it concerns."""
    action = draw(st.sampled_from(["import", "import", "sync", "come", "excuse", "take back"]))
    numbers = draw(st.sets(st.sampled_from("123456"), min_size=1, max_size=4))
    rows = [
        employee(
            number,
            draw(st.sampled_from(NAMES)),
            department=draw(st.sampled_from(["Sales", "Legal"])),
            active=draw(st.booleans()),
        )
        for number in sorted(numbers)
    ]
    return action, rows


@settings(
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(changes(), max_size=8))
@pytest.mark.usefixtures("event_open")
def test_after_any_changes_the_roster_is_that_of_the_list(
    steps: list[tuple[str, list[dict[str, Any]]]],
) -> None:
    for table in (RosterEntry, Correction, Employee):
        db.session.execute(table.__table__.delete())  # type: ignore[attr-defined]
    db.session.commit()
    model = Model()
    for action, rows in steps:
        apply(model, action, rows)
        assert listed() == model.rows(), (action, rows)


def apply(model: Model, action: str, rows: list[dict[str, Any]]) -> None:
    if action in ("import", "sync"):
        import_rows(*rows, sync=action == "sync")
        model.employees |= {row["employee_number"]: row for row in rows}
        if action == "sync":
            gone = model.employees.keys() - {row["employee_number"] for row in rows}
            model.employees |= {n: model.employees[n] | {"active": False} for n in gone}
        # An employee who leaves while the event is open is off the roster for good.
        return
    for number in {row["employee_number"] for row in rows} & model.employees.keys():
        if not model.employees[number]["active"] and number not in model.kept:
            continue
        if action == "come" and model.employees[number]["active"]:
            come(number)
        elif action != "come":
            excuse(number, "excused" if action == "excuse" else "")
        if action != "take back" and (action == "excuse" or model.employees[number]["active"]):
            model.kept.add(number)


def test_whoever_joins_while_the_event_opens_is_on_the_roster(app: Flask) -> None:
    with app.app_context():
        for number in range(8):
            slug = f"race-{number}"
            add_event(slug, state="scheduled")
            run_together(
                app,
                partial(set_state, slug, "open"),
                partial(import_rows, employee(f"I{number}")),
                partial(editing.add_employee, employee(f"H{number}")),
            )
            active = select(Employee.employee_number).where(Employee.active)
            assert sorted(row.split()[0] for row in listed(slug)) == sorted(
                db.session.scalars(active)
            )
            change_state(get_event(slug), "closed")


@pytest.mark.parametrize("settings", ["full"], indirect=True)
@pytest.mark.usefixtures("event_open")
def test_an_entry_that_another_process_places_meanwhile_keeps_its_place(app: Flask) -> None:
    editing.add_employee(employee("1"))
    db.session.execute(update(RosterEntry).values(place=rosters.UNPLACED))
    db.session.commit()

    def place_first(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        # After the entries without a place are counted, and before their places are chosen.
        if statement.startswith("SELECT roster_entries.employee_id, roster_entries.place"):
            with db.engine.begin() as other:
                other.execute(update(RosterEntry).values(place=7))

    sqlalchemy.event.listen(db.engine, "before_cursor_execute", place_first)
    try:
        rosters.arrange(get_event("town-hall").id)
    finally:
        sqlalchemy.event.remove(db.engine, "before_cursor_execute", place_first)
    assert db.session.scalars(select(RosterEntry.place)).all() == [7]


def test_a_check_in_during_the_close_counts_or_is_refused(app: Flask) -> None:
    with app.app_context():
        import_rows(*(employee(str(number)) for number in range(6)))
        for attempt in range(6):
            slug = f"race-{attempt}"
            begin = utcnow() - timedelta(minutes=5)
            add_event(slug, starts_at=begin, ends_at=begin + timedelta(hours=1))
            accepted: list[str] = []

            run_together(
                app,
                partial(set_state, slug, "closed"),
                *(partial(check_in, str(number), slug, accepted) for number in range(6)),
            )
            db.session.rollback()
            rows = roster.stream_rows(get_event(slug), roster.Filters(sort=roster.Sort("number")))
            assert [row.employee_number for row in rows if row.checked_in_at] == sorted(accepted)


def check_in(number: str, slug: str, accepted: list[str]) -> None:
    try:
        come(number, slug)
    except EventNotOpen:
        return
    accepted.append(number)


def set_state(slug: str, state: str) -> None:
    change_state(get_event(slug), state)


def run_together(app: Flask, *works: Callable[[], object]) -> None:
    """Do all of this at the same time, and raise what failed."""
    start = threading.Barrier(len(works), timeout=30)
    errors: list[BaseException] = []

    def run(work: Callable[[], object]) -> None:
        with app.app_context():
            start.wait()
            try:
                work()
            except BaseException as error:
                errors.append(error)

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
