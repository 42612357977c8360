"""The roster: who attended how, for open, closed and future events, and what freezes it."""

from dataclasses import dataclass
from datetime import timedelta

from flask import Flask
from sqlalchemy import select, update

from tests.support.client import PageClient, text_of
from tests.support.data import ADMIN, add_admin, add_employee, add_event
from webapp.domain.attendance import checkin
from webapp.domain.attendance.minutes import record_minute
from webapp.domain.employees import rosters
from webapp.domain.events.store import EventInfo, get_event
from webapp.domain.models import Employee
from webapp.domain.roster import roster
from webapp.domain.running.states import change_state
from webapp.infra.clock import minute_of, utcnow
from webapp.infra.extensions import db
from webapp.infra.rate_limit import Client


@dataclass
class Hour:
    """An open event of an hour that began `past` minutes ago."""

    past: int = 40

    def __post_init__(self) -> None:
        begin = utcnow().replace(second=0, microsecond=0) - timedelta(minutes=self.past)
        add_event(starts_at=begin, ends_at=begin + timedelta(hours=1))
        self.first = minute_of(begin)

    @property
    def event(self) -> EventInfo:
        return get_event("town-hall")

    def come(self, number: str, *minutes: int, **values: object) -> int:
        """Add an employee who checks in and watches from minute `minutes[0]` to before `[1]`."""
        employee = add_employee(number, **values)
        checkin.check_in(self.event, employee.email, number, Client("192.0.2.1"))
        for minute in range(*minutes) if minutes else ():
            record_minute(self.event.id, [employee.id], self.first + minute)
        return employee.id

    def statuses(self, **filters: str) -> dict[str, str]:
        """Return the status of each number on the page; assert that the stream agrees."""
        wanted = roster.parse_filters(filters)
        shown = roster.read_roster(self.event, wanted)
        streamed = list(roster.stream_rows(self.event, wanted))
        assert shown.rows == streamed[: roster.PAGE_ROWS]
        assert shown.counts.matching == len(streamed)
        return {row.employee_number: row.status for row in shown.rows}


def test_while_it_is_open_everybody_has_a_status(app: Flask) -> None:
    with app.app_context():
        hour = Hour(past=40)
        # In this minute, too: the one before would not be enough when the next one begins.
        hour.come("watching", 36, 41)
        hour.come("attended", 0, 30)
        hour.come("left", 0, 29)
        hour.come("idle")
        add_employee("absent")
        add_employee("former", active=False)
        assert hour.statuses() == {
            "absent": "absent",
            "attended": "attended",
            "idle": "checked_in",
            "left": "left_early",
            "watching": "watching",
        }


def test_at_the_close_the_statuses_are_frozen(app: Flask) -> None:
    with app.app_context():
        hour = Hour(past=60)
        hour.come("attended", 0, 30)
        hour.come("early", 0, 29)
        hour.come("late", 31, 60)
        hour.come("edge", 30, 55)
        hour.come("edge-early", 30, 54)
        hour.come("idle")
        gone = add_employee("absent").id
        change_state(hour.event, "closed")
        expected = {
            "absent": "absent",
            "attended": "attended",
            "early": "left_early",
            "edge": "partly",
            "edge-early": "left_early",
            "idle": "checked_in",
            "late": "partly",
        }
        assert hour.statuses() == expected
        record_minute(hour.event.id, [gone], hour.first + 3)
        db.session.execute(update(Employee).values(active=False, last_name="Renamed"))
        rosters.follow(db.session.scalars(select(Employee.id)))
        db.session.commit()
        add_employee("new")
        assert hour.statuses() == expected


def test_a_correction_is_marked_keeps_what_was_and_can_be_taken_back(
    app: Flask, client: PageClient
) -> None:
    address = "/admin/events/town-hall/attendance"
    with app.app_context():
        hour = Hour(past=60)
        hour.come("late", 32, 61, last_name="Late")
        add_employee("ill", last_name="Ill")
        add_admin()
    client.sign_in(*ADMIN)
    for closed in (False, True):
        with app.app_context():
            if closed:
                change_state(hour.event, "closed")
                # Neither the figures nor the correction need the employee any more.
                db.session.execute(update(Employee).values(active=False))
                db.session.commit()
            ill = next(
                r for r in roster.stream_rows(hour.event, roster.Filters()) if r.last_name == "Ill"
            )
        edit = client.get(f"{address}?edit={ill.employee_id}&status=absent")
        without = client.submit(edit, "/corrections", status="excused", note=" ")
        assert without.status_code == 422
        assert "Say why" in text_of(without.text)
        answer = client.submit(without, "/corrections", status="excused", note="=in\tbed")
        assert answer.location == f"{address}?status=absent#employee-{ill.employee_id}"
        page = text_of(client.get(address).text)
        assert "Excused instead of “Absent”; Grace Hopper" in page
        assert "=in bed" in page
        with app.app_context():
            assert hour.statuses()["ill"] == "excused"
            assert hour.statuses(status="excused") == {"ill": "excused"}
            counts = roster.read_roster(hour.event, roster.Filters()).counts
            assert counts.by_status == {"excused": 1, "partly" if closed else "watching": 1}
        edit = client.get(f"{address}?edit={ill.employee_id}")
        client.submit(edit, "/corrections", status="", note="")
        with app.app_context():
            assert hour.statuses()["ill"] == "absent"
        history = text_of(client.get(f"{address}?edit={ill.employee_id}").text)
        assert "Absent → Excused" in history
        assert "Excused → As counted" in history
