"""An upgrade keeps what earlier versions stored: rosters, check-ins, figures and corrections."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_migrate import downgrade, upgrade

from webapp.domain.events.store import get_event
from webapp.domain.roster import roster
from webapp.infra.extensions import db

RELEASED = ["0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008"]
BEGIN = datetime(2026, 1, 15, 10, tzinfo=UTC).replace(tzinfo=None)  # as the columns keep it
END = BEGIN + timedelta(hours=1)
FIRST = 29_474_520  # the minute of BEGIN since the Unix epoch
# Slug and state; `closed` was closed by a version that froze rosters, `legacy` by an earlier one,
# and `reopened` was closed and opened again.
EVENTS = {1: "closed", 2: "open", 3: "scheduled", 4: "reopened", 5: "legacy"}
STATES = {"reopened": "open", "legacy": "closed"}
Row = dict[str, Any]


def people() -> list[Row]:
    """Five employees, of whom the fifth has left."""
    return [
        {
            "id": number,
            "email": f"p{number}@example.com",
            "employee_number": f"N{number}",
            "first_name": "Ada",
            "last_name": f"{'EDCBA'[number - 1]}-now",
            "department": "Research",
            "location": "London",
            "active": number != 5,
            "epoch": 0,
        }
        for number in range(1, 6)
    ]


def events() -> list[Row]:
    return [
        {
            "id": number,
            "slug": slug,
            "title": slug,
            "starts_at": BEGIN,
            "ends_at": END,
            "timezone": "UTC",
            "stream_url": "",
            "state": STATES.get(slug, slug),
            "chat_open": True,
            "slow_mode_seconds": 0,
            "hold_messages": False,
            "required_share": 50,
        }
        for number, slug in EVENTS.items()
    ]


def attendance() -> list[Row]:
    """Return attendance in each open event: employee 1 watched 40 minutes, 2 ten, and 5 none."""
    return [
        {"event_id": event, "employee_id": employee, "checked_in_at": BEGIN} | totals(minutes)
        for event in (1, 2, 4, 5)
        for employee, minutes in ((1, 40), (2, 10), (5, 0))
    ]


def totals(minutes: int) -> Row:
    last = FIRST + minutes - 1 if minutes else None
    first = FIRST if minutes else None
    return {"watched_minutes": minutes, "first_minute": first, "last_minute": last}


def watched_minutes() -> list[Row]:
    return [
        {"event_id": row["event_id"], "employee_id": row["employee_id"], "minute": FIRST + minute}
        for row in attendance()
        for minute in range(row["watched_minutes"])
    ]


def frozen() -> list[Row]:
    """Return the rosters of then: under other names, with 1, 2, 3 and 5; 3 was absent."""
    statuses = {1: "attended", 2: "left_early", 3: "absent", 5: "checked_in"}
    came = {row["employee_id"]: row for row in attendance()}
    identity = ("email", "employee_number", "first_name", "department", "location")
    return [
        {"event_id": event, "employee_id": employee, "status": status, "checked_in_at": None}
        | totals(0)
        | {name: people()[employee - 1][name] for name in identity}
        | {"last_name": f"{'EDCBA'[employee - 1]}-then"}
        | came.get(employee, {})
        | {"event_id": event}
        for event in (1, 4)
        for employee, status in statuses.items()
    ]


def corrections() -> list[Row]:
    """Return two corrections per event: 3 was excused; 1 was excused and that was taken back."""
    said = [(3, "excused"), (1, "excused"), (1, None)]
    return [
        {
            "event_id": event,
            "employee_id": employee,
            "status": status,
            "status_before": "absent",
            "note": "ill",
            "corrected_at": END,
            "corrected_by": 1,
        }
        for event in (1, 2, 3, 4)
        for employee, status in said
    ]


CLOSING = {"event_id": 1, "closed_at": END, "closed_by": 1, "required_share": 50}
ROWS: dict[str, list[Row]] = {
    "admins": [{"id": 1, "email": "a@example.com", "name": "A", "password_hash": "", "epoch": 0}],
    "employees": people(),
    "events": events(),
    "attendance": attendance(),
    "watched_minutes": watched_minutes(),
    "closings": [CLOSING | {"starts_at": BEGIN, "ends_at": END}],
    "frozen_attendance": frozen(),
    "corrections": corrections(),
}
LIVE = [
    ("D-now", "left_early", 10),
    ("C-now", "absent", 0),
    ("B-now", "absent", 0),
    ("A-now", "checked_in", 0),
    ("E-now", "attended", 40),
]


def store(rows: dict[str, list[Row]]) -> None:
    """Insert the rows, as far as the schema has tables and columns for them."""
    schema = sa.MetaData()
    schema.reflect(db.engine)
    for name in (name for name in rows if name in schema.tables):
        columns = schema.tables[name].columns.keys()
        values = [{key: row[key] for key in columns if key in row} for row in rows[name]]
        db.session.execute(sa.insert(schema.tables[name]), values)
    db.session.commit()


def rosters() -> dict[str, list[tuple[str, str, int]]]:
    """Return name, status and minutes of each row, in order of the names."""
    db.session.rollback()
    return {
        slug: [
            (row.last_name, row.status, row.watched_minutes)
            for row in roster.stream_rows(get_event(slug), roster.Filters())
        ]
        for slug in EVENTS.values()
    }


def by_name(rows: list[tuple[str, str, int]], **statuses: str) -> list[tuple[str, str, int]]:
    changed = [(name, statuses.get(name[0], status), minutes) for name, status, minutes in rows]
    return sorted(changed)


@pytest.mark.parametrize("released", RELEASED)
def test_an_upgrade_keeps_every_roster(app: Flask, released: str) -> None:
    with app.app_context():
        downgrade(revision="base")
        upgrade(revision=released)
        store(ROWS)
        upgrade()
        kept = rosters()
        assert kept["legacy"] == by_name(LIVE)
        corrected = {"C": "excused"} if released >= "0003" else {}
        assert kept["open"] == by_name(LIVE, **corrected)
        if released >= "0003":
            then = [(f"{name[0]}-then", status, n) for name, status, n in LIVE if name[0] != "B"]
            assert kept["closed"] == by_name(then, **corrected)
            assert kept["reopened"] == by_name([*then, LIVE[2]], **corrected)
        planned = [(name, "absent", 0) for name, *_ in LIVE if name[0] != "A"]
        assert kept["scheduled"] == by_name(planned, **corrected)


def test_the_roster_entries_can_be_taken_back(app: Flask) -> None:
    with app.app_context():
        downgrade(revision="0008")
        store(ROWS)
        upgrade()
        before = rosters()
        downgrade(revision="0008")
        upgrade()
        after = rosters()
        # Schema 0008 shows a reopened event under the names of now.
        assert {row[0][0]: row[1:] for row in after.pop("reopened")} == {
            row[0][0]: row[1:] for row in before.pop("reopened")
        }
        assert after == before
