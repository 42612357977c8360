"""Rows for every table of every released schema, as people and the releases of then left them.

`ROWS` has all columns that a table ever had; `store` leaves out those that a schema lacks.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

from webapp.domain.passwords import hash_password
from webapp.infra.extensions import db

Row = dict[str, Any]
Content = dict[str, list[Row]]

# The last migration of each release.
RELEASES = {"0.1.0": "0006", "0.2.0": "0009", "0.3.0": "0013"}

PASSWORD = "correct horse battery"
BEGIN = datetime(2026, 1, 15, 10, 0, 0, 123456, tzinfo=UTC).replace(tzinfo=None)
END = BEGIN + timedelta(hours=1)
FIRST = 29_474_520  # the minute of BEGIN since the Unix epoch
# `closed` was closed by a version that froze rosters, `legacy` by an earlier one, and `reopened`
# was closed and opened again.
EVENTS = {1: "closed", 2: "open", 3: "scheduled", 4: "reopened", 5: "legacy"}
STATES = {"reopened": "open", "legacy": "closed"}
STEP = 1024
# Minutes that the employees who came have watched; the fourth came to no event, the third neither.
WATCHED = {1: 40, 2: 10, 5: 0}
OPENED = (1, 2, 4, 5)
CORRECTED = (1, 2, 3, 4)
BODIES = ["Grüße 👋 <b>", "=1+1", "second\nline"]


def store(rows: Content) -> None:
    """Insert the rows, as far as the schema has tables and columns for them."""
    schema = reflected()
    for name in (name for name in rows if name in schema.tables):
        columns = schema.tables[name].columns.keys()
        values = [{key: row[key] for key in columns if key in row} for row in rows[name]]
        db.session.execute(sa.insert(schema.tables[name]), values)
    db.session.commit()


def read() -> Content:
    """Return every row of every table."""
    db.session.rollback()
    return {
        table.name: [
            dict(row)
            for row in db.session.execute(sa.select(table).order_by(*table.primary_key)).mappings()
        ]
        for table in reflected().sorted_tables
        if table.name != "alembic_version"
    }


def broken_references() -> list[str]:
    """Return the foreign keys with rows that refer to nothing."""
    return [
        f"{key.parent} -> {key.column}"
        for table in reflected().sorted_tables
        for key in table.foreign_keys
        if db.session.scalar(_lost(key))
    ]


def reflected() -> sa.MetaData:
    schema = sa.MetaData()
    schema.reflect(db.engine)
    return schema


def _lost(key: sa.ForeignKey) -> sa.Select[int]:
    other = key.column.table.alias()
    there = sa.select(1).where(other.c[key.column.name] == key.parent)
    lost = key.parent.is_not(None) & ~sa.exists(there)
    return sa.select(sa.func.count()).select_from(key.parent.table).where(lost)


def _named(number: int, suffix: str) -> Row:
    return {
        "email": f"p{number}@example.com",
        "employee_number": f"N{number}",
        "first_name": "Ada",
        "last_name": f"{'EDCBA'[number - 1]}-{suffix}",
        "department": "Research",
        "location": "São Paulo",
    }


def _employees() -> list[Row]:
    """Return five employees, of whom the fifth has left."""
    return [
        {"id": number, "active": number != 5, "epoch": number} | _named(number, "now")
        for number in range(1, 6)
    ]


def _events() -> list[Row]:
    return [
        {
            "id": number,
            "slug": slug,
            "title": f"Event {slug}",
            "starts_at": BEGIN,
            "ends_at": END,
            "timezone": "Europe/Berlin",
            "stream_url": "https://video.example/live.m3u8",
            "stream_kind": "hls",
            "stream_hosts": "https://cdn.example",
            "description": "Über alles",
            "speakers": "Grace Hopper, Admiral",
            "recording_url": "https://video.example/recording",
            "revision": 3,
            "state": STATES.get(slug, slug),
            "chat_open": number != 3,
            "slow_mode_seconds": 5,
            "hold_messages": number == 3,
            "questions_open": True,
            "hold_questions": number == 3,
            "anonymous_questions": True,
            "required_share": 50,
            "archived_at": END if slug == "legacy" else None,
            "export_contributions": True,
        }
        for number, slug in EVENTS.items()
    ]


def _totals(minutes: int) -> Row:
    last = FIRST + minutes - 1 if minutes else None
    first = FIRST if minutes else None
    return {"watched_minutes": minutes, "first_minute": first, "last_minute": last}


def _attendance() -> list[Row]:
    return [
        {"event_id": event, "employee_id": employee, "checked_in_at": BEGIN} | _totals(minutes)
        for event in OPENED
        for employee, minutes in WATCHED.items()
    ]


def _watched_minutes() -> list[Row]:
    return [
        {"event_id": row["event_id"], "employee_id": row["employee_id"], "minute": FIRST + minute}
        for row in _attendance()
        for minute in range(row["watched_minutes"])
    ]


def _frozen() -> list[Row]:
    """Return the rosters of then: under other names, with 1, 2, 3 and 5; 3 was absent."""
    statuses = {1: "attended", 2: "left_early", 3: "absent", 5: "checked_in"}
    return [
        {"event_id": event, "status": status} | _entry(employee, "then")
        for event in (1, 4)
        for employee, status in statuses.items()
    ]


def _entry(employee: int, suffix: str) -> Row:
    came = employee in WATCHED
    figures = {"checked_in_at": BEGIN if came else None} | _totals(WATCHED.get(employee, 0))
    return {"employee_id": employee} | _named(employee, suffix) | figures


def _corrections() -> list[Row]:
    """Return three corrections per event: 3 was excused; 1 was excused and that was taken back."""
    given = [(3, "excused"), (1, "excused"), (1, None)]
    return [
        {
            "id": len(given) * place + number,
            "event_id": event,
            "employee_id": employee,
            "status": status,
            "status_before": "absent",
            "note": "ill",
            "corrected_at": END,
            "corrected_by": 1,
        }
        for place, event in enumerate(CORRECTED)
        for number, (employee, status) in enumerate(given, 1)
    ]


def _roster_entries() -> list[Row]:
    """Return the rosters that 0.2.0 keeps in the place of `attendance` and `frozen_attendance`."""
    then = [_entry(number, "then") for number in (1, 2, 3, 5)]
    now = [_entry(number, "now") for number in range(1, 6)]
    # Before an event opens, only employees whose attendance was corrected have a row.
    planned = [row | {"checked_in_at": None} | _totals(0) for row in (now[0], now[2])]
    rosters = {1: then, 2: now, 3: planned, 4: [*then, now[3]], 5: now}
    return [
        row | {"event_id": event, "place": STEP * place} | _correction_of(event, row["employee_id"])
        for event, rows in rosters.items()
        for place, row in enumerate(sorted(rows, key=itemgetter("last_name")), 1)
    ]


def _correction_of(event: int, employee: int) -> Row:
    """Return the columns of the correction that is in force."""
    for row in _corrections():
        if (row["event_id"], row["employee_id"], employee) == (event, 3, 3):
            return {"correction_id": row["id"], "corrected_status": row["status"]}
    return {"correction_id": None, "corrected_status": None}


def _messages() -> list[Row]:
    written: list[Row] = [
        {"id": number, "employee_id": number, "body": body, "removed_at": None}
        for number, body in enumerate(BODIES, 1)
    ]
    written[2] |= {"removed_at": END, "removed_by": 1, "revision": 1}
    return [
        {
            "event_id": 2,
            "posted_at": BEGIN,
            "nonce": f"n-{row['id']}",
            "removed_by": None,
            "revision": 0,
        }
        | row
        for row in written
    ]


def _held() -> list[Row]:
    decided: Row = {"decided_at": END, "decided_by": 1}
    waiting: Row = {"decided_at": None, "decided_by": None, "message_id": None}
    return [
        {"id": number, "event_id": 2, "employee_id": number, "body": "May I?", "posted_at": BEGIN}
        | {"nonce": f"h-{number}"}
        | state
        for number, state in enumerate(
            [waiting, decided | {"message_id": 2}, decided | {"message_id": None}], 1
        )
    ]


def _questions() -> list[Row]:
    return [
        {
            "id": 7,
            "author_id": 1,
            "state": "answered",
            "votes": 2,
            "answer": "Soon.",
            "answered_at": END,
        },
        {
            "id": 8,
            "author_id": None,
            "state": "open",
            "votes": 0,
            "answer": None,
            "answered_at": None,
        },
    ]


def _polls() -> Iterable[tuple[str, list[Row]]]:
    shared: Row = {"multiple": False, "live_results": True, "opened_at": BEGIN}
    closed: Row = {"state": "closed", "open_in": None, "closed_at": END}
    opened: Row = {"state": "open", "open_in": 2, "closed_at": None}
    yield (
        "polls",
        [
            {
                "id": 1,
                "event_id": 2,
                "question": "Lunch?",
                "secret": False,
                "revision": 2,
                "answers": 2,
            }
            | shared
            | closed,
            {
                "id": 2,
                "event_id": 2,
                "question": "Pay?",
                "secret": True,
                "revision": 3,
                "answers": 1,
            }
            | shared
            | opened,
        ],
    )
    yield (
        "poll_options",
        [
            {
                "id": 10 * poll + place,
                "poll_id": poll,
                "position": place,
                "text": f"O{place}",
                "votes": 1,
            }
            for poll in (1, 2)
            for place in (0, 1)
        ],
    )
    yield (
        "poll_answers",
        [
            {"poll_id": 1, "employee_id": 1, "choices": 1},
            {"poll_id": 1, "employee_id": 2, "choices": 2},
            {"poll_id": 2, "employee_id": 1, "choices": None},
        ],
    )


ADMIN = "grace@example.com"
CLOSING: Row = {"event_id": 1, "closed_at": END, "closed_by": 1, "required_share": 50}
ROWS: Content = {
    "admins": [
        {"id": 1, "email": ADMIN, "name": "Grace Hopper", "epoch": 2}
        | {"password_hash": hash_password(PASSWORD)}
    ],
    "admin_invitations": [
        {"id": 1, "email": "new@example.com", "role": "moderator", "token_hash": "0" * 64}
        | {"invited_by": 1, "expires_at": END}
    ],
    "employees": _employees(),
    "events": _events(),
    "attendance": _attendance(),
    "watched_minutes": _watched_minutes(),
    "audience_minutes": [{"event_id": 1, "minute": FIRST + n, "viewers": 2} for n in range(40)],
    "closings": [CLOSING | {"starts_at": BEGIN, "ends_at": END}],
    "reopenings": [
        {"id": 1, "event_id": 4, "closed_at": END, "closed_by": 1, "reopened_at": END}
        | {"reopened_by": None, "reason": "too early"}
    ],
    "frozen_attendance": _frozen(),
    "corrections": _corrections(),
    "roster_entries": _roster_entries(),
    "messages": _messages(),
    "held_messages": _held(),
    "mutes": [{"event_id": 2, "employee_id": 5, "muted_at": BEGIN, "muted_by": 1, "until": None}],
    "announcements": [
        {"id": 1, "event_id": 2, "body": "Coffee", "posted_at": BEGIN, "posted_by": 1}
        | {"removed_at": None}
    ],
    "audit_log": [
        {"id": 1, "unit": "6f1c", "at": BEGIN, "admin_id": 1, "action": "event_opened"}
        | {"event_id": 2, "subject": "Event open", "details": "{}"}
    ],
    "employee_uploads": [
        {"id": 1, "token": "t" * 43, "admin_id": 1, "name": "staff.csv", "uploaded_at": BEGIN}
    ],
    "employee_upload_parts": [{"upload_id": 1, "position": 0, "data": b"\x00\xff\x80"}],
    "question_authors": [
        {"id": number, "event_id": 2, "employee_id": 1, "nonce": f"q-{number}", "asked_at": BEGIN}
        for number in (7, 8)
    ],
    "questions": [
        {"event_id": 2, "body": "Why?", "asked_at": BEGIN, "revision": 2, "votes_revision": 2} | row
        for row in _questions()
    ],
    "question_votes": [{"question_id": 7, "employee_id": employee} for employee in (1, 2)],
    **dict(_polls()),
    "reaction_minutes": [
        {"event_id": 2, "minute": FIRST, "kind": "like", "source": "node", "amount": 12}
    ],
}
