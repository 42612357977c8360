"""One row per employee and event in place of live attendance and its frozen copy."""

import math
from datetime import datetime, timedelta

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

MYSQL = {"mysql_charset": "utf8mb4", "mariadb_charset": "utf8mb4"}
INDEXES = {
    "by_name": ["event_id", "place"],
    "by_department": ["event_id", "department", "place"],
    "by_location": ["event_id", "location", "place"],
    "by_check_in": ["event_id", "checked_in_at"],
}
IDENTITY = "employee_number, email, first_name, last_name, department, location"
FIGURES = "checked_in_at, watched_minutes, first_minute, last_minute"
STEP = 1024

# A closed event keeps the roster of its closing.
FROZEN = f"""
    SELECT employee_id, {IDENTITY}, {FIGURES} FROM frozen_attendance WHERE event_id = :event
"""
# An event that was opened again keeps those names and goes on from its live figures.
REOPENED = f"""
    SELECT f.employee_id, {IDENTITY}, a.checked_in_at, COALESCE(a.watched_minutes, 0)
        AS watched_minutes, a.first_minute, a.last_minute
    FROM frozen_attendance f
    LEFT JOIN attendance_before a ON a.event_id = f.event_id AND a.employee_id = f.employee_id
    WHERE f.event_id = :event
"""
CORRECTED = "e.id IN (SELECT employee_id FROM corrections WHERE event_id = :event)"
# The employee list, with what an open event has recorded.
LIVE = f"""
    SELECT e.id AS employee_id, {IDENTITY}, a.checked_in_at, COALESCE(a.watched_minutes, 0)
        AS watched_minutes, a.first_minute, a.last_minute
    FROM employees e LEFT JOIN attendance_before a ON a.event_id = :event AND a.employee_id = e.id
    WHERE (e.active OR a.employee_id IS NOT NULL OR {CORRECTED})
    AND e.id NOT IN (SELECT employee_id FROM frozen_attendance WHERE event_id = :event)
"""
# Before an event opens, only corrected employees have a row.
PLANNED = f"{LIVE} AND {CORRECTED}"


def upgrade() -> None:
    tables = sa.inspect(op.get_bind()).get_table_names()
    if "frozen_attendance" in tables and "roster_entries" in tables:
        # An earlier run broke off; the tables that it read are still there.
        op.drop_table("roster_entries")
    if "attendance" in tables:
        # A process of the version before is refused from here on, so nothing that it wrote is lost.
        op.rename_table("attendance", "attendance_before")
    _create_roster_entries()
    for event_id, rows in _events():
        _fill(event_id, rows)
    for name, columns in INDEXES.items():
        op.create_index(f"ix_roster_entries_{name}", "roster_entries", columns)
    op.drop_table("frozen_attendance")
    op.drop_table("attendance_before")
    op.drop_index("ix_employees_counted", "employees")
    op.drop_index("ix_employees_by_place", "employees")


def downgrade() -> None:
    op.create_index(
        "ix_employees_by_place",
        "employees",
        ["active", "department", "location", "last_name", "first_name", "email", "employee_number"],
    )
    op.create_index("ix_employees_counted", "employees", ["active", "department", "location"])
    _create_attendance()
    _create_frozen_attendance()
    op.execute(
        f"INSERT INTO attendance (event_id, employee_id, {FIGURES})"
        f" SELECT event_id, employee_id, {FIGURES} FROM roster_entries"
        " WHERE checked_in_at IS NOT NULL AND employee_id IN (SELECT id FROM employees)"
    )
    _freeze()
    op.drop_table("roster_entries")


def _events() -> list[tuple[int, str]]:
    """Return each event's id, and the SELECT of its rows."""
    query = sa.text(
        "SELECT e.id, e.state, c.event_id AS closed FROM events e"
        " LEFT JOIN closings c ON c.event_id = e.id ORDER BY e.id"
    )
    return [
        (
            event.id,
            FROZEN
            if event.closed is not None
            else PLANNED
            if event.state == "scheduled"
            else f"{REOPENED} UNION ALL {LIVE}",
        )
        for event in op.get_bind().execute(query).all()
    ]


def _fill(event_id: int, rows: str) -> None:
    # One event at a time: no statement takes longer than the time that a connection is given.
    insert = sa.text(
        f"INSERT INTO roster_entries (event_id, employee_id, {IDENTITY}, {FIGURES}, correction_id,"
        f" corrected_status, place) SELECT :event, r.employee_id, {IDENTITY}, {FIGURES},"
        " CASE WHEN c.status IS NOT NULL THEN c.id END, c.status,"
        f" {STEP} * ROW_NUMBER() OVER (ORDER BY last_name, first_name, employee_number)"
        f" FROM ({rows}) r LEFT JOIN corrections c ON c.id = (SELECT MAX(id) FROM corrections k"
        " WHERE k.event_id = :event AND k.employee_id = r.employee_id)"
    )
    op.get_bind().execute(insert, {"event": event_id})


def _freeze() -> None:
    """Copy the entries of closed events with the status that each closing gives them."""
    columns = {"starts_at": sa.DateTime(), "ends_at": sa.DateTime()}
    closings = sa.text("SELECT event_id, starts_at, ends_at, required_share FROM closings")
    insert = sa.text(
        f"INSERT INTO frozen_attendance (event_id, employee_id, {IDENTITY}, {FIGURES}, status)"
        f" SELECT event_id, employee_id, {IDENTITY}, {FIGURES},"
        " CASE WHEN watched_minutes >= :needed THEN 'attended'"
        " WHEN watched_minutes > 0 AND last_minute < :early THEN 'left_early'"
        " WHEN watched_minutes > 0 THEN 'partly'"
        " WHEN checked_in_at IS NOT NULL THEN 'checked_in' ELSE 'absent' END"
        " FROM roster_entries WHERE event_id = :event"
    )
    for closing in op.get_bind().execute(closings.columns(**columns)).all():
        length = max(1, math.ceil((closing.ends_at - closing.starts_at) / timedelta(minutes=1)))
        rule = {
            "event": closing.event_id,
            "needed": max(1, math.ceil(length * closing.required_share / 100)),
            "early": (closing.ends_at - datetime(1970, 1, 1)) // timedelta(minutes=1) - 6,
        }
        op.get_bind().execute(insert, rule)


def _create_roster_entries() -> None:
    op.create_table(
        "roster_entries",
        sa.Column("event_id", sa.Integer, nullable=False),
        sa.Column("employee_id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("place", sa.Integer, nullable=False),
        *_identity(),
        sa.Column("checked_in_at", _moment(), nullable=True),
        *_minutes(),
        sa.Column("correction_id", sa.Integer, nullable=True),
        sa.Column("corrected_status", sa.String(16), nullable=True),
        sa.PrimaryKeyConstraint("event_id", "employee_id", name="pk_roster_entries"),
        _foreign_key("roster_entries", "event_id", "events"),
        _foreign_key("roster_entries", "correction_id", "corrections"),
        **MYSQL,
        **_collation_of_employees(),
    )


def _collation_of_employees() -> dict[str, str]:
    """Return the collation that texts of both tables must share to be compared.

    The server's default may have changed since the employees' table was made.
    """
    if op.get_bind().dialect.name == "sqlite":
        return {}
    query = sa.text(
        "SELECT table_collation FROM information_schema.tables"
        " WHERE table_schema = DATABASE() AND table_name = 'employees'"
    )
    collation = op.get_bind().execute(query).scalar_one()
    return {"mysql_collate": collation, "mariadb_collate": collation}


def _create_attendance() -> None:
    op.create_table(
        "attendance",
        sa.Column("event_id", sa.Integer, nullable=False),
        sa.Column("employee_id", sa.Integer, nullable=False),
        sa.Column("checked_in_at", _moment(), nullable=False),
        *_minutes(),
        sa.PrimaryKeyConstraint("event_id", "employee_id", name="pk_attendance"),
        _foreign_key("attendance", "event_id", "events"),
        _foreign_key("attendance", "employee_id", "employees"),
        **MYSQL,
    )
    op.create_index("ix_attendance_employee_id", "attendance", ["employee_id"])


def _create_frozen_attendance() -> None:
    op.create_table(
        "frozen_attendance",
        sa.Column("event_id", sa.Integer, nullable=False),
        sa.Column("employee_id", sa.Integer, nullable=False, autoincrement=False),
        *_identity(),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("checked_in_at", _moment(), nullable=True),
        *_minutes(),
        sa.PrimaryKeyConstraint("event_id", "employee_id", name="pk_frozen_attendance"),
        _foreign_key("frozen_attendance", "event_id", "events"),
        **MYSQL,
    )
    places = ["event_id", "department", "location", "status"]
    names = ["last_name", "first_name"]
    for name, columns in {
        "by_name": ["event_id", *names, "employee_number", "checked_in_at", "email", *places[1:]],
        "counted": places,
        "by_place": [*places, "checked_in_at", *names, "email", "employee_number"],
    }.items():
        op.create_index(f"ix_frozen_attendance_{name}", "frozen_attendance", columns)


def _identity() -> list[sa.Column]:
    texts = ("first_name", "last_name", "department", "location")
    return [
        sa.Column("employee_number", _exact(32), nullable=False),
        sa.Column("email", _exact(254), nullable=False),
        *(sa.Column(name, sa.String(80), nullable=False) for name in texts),
    ]


def _minutes() -> list[sa.Column]:
    return [
        sa.Column("watched_minutes", sa.Integer, nullable=False, server_default="0"),
        sa.Column("first_minute", sa.Integer, nullable=True),
        sa.Column("last_minute", sa.Integer, nullable=True),
    ]


def _moment() -> sa.types.TypeEngine:
    return sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")


def _exact(length: int) -> sa.types.TypeEngine:
    text = mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin")
    return sa.String(length).with_variant(text, "mysql", "mariadb")


def _foreign_key(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}_{other}")
