"""Attendance: totals beside the minutes, what is frozen when an event closes, corrections."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BY_NAME = [
    "last_name",
    "first_name",
    "employee_number",
    "active",
    "email",
    "department",
    "location",
]
MYSQL = {"mysql_charset": "utf8mb4", "mariadb_charset": "utf8mb4"}


def moment() -> sa.types.TypeEngine:
    return sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")


def exact(length: int) -> sa.types.TypeEngine:
    text = mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin")
    return sa.String(length).with_variant(text, "mysql", "mariadb")


def upgrade() -> None:
    op.add_column(
        "events", sa.Column("required_share", sa.Integer, nullable=False, server_default="50")
    )
    op.add_column(
        "attendance", sa.Column("watched_minutes", sa.Integer, nullable=False, server_default="0")
    )
    op.add_column("attendance", sa.Column("first_minute", sa.Integer, nullable=True))
    op.add_column("attendance", sa.Column("last_minute", sa.Integer, nullable=True))
    op.create_table(
        "audience_minutes",
        sa.Column("event_id", sa.Integer, nullable=False),
        sa.Column("minute", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("viewers", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("event_id", "minute", name="pk_audience_minutes"),
        _foreign_key("audience_minutes", "event_id", "events"),
        **MYSQL,
    )
    op.create_table(
        "closings",
        sa.Column("event_id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("closed_at", moment(), nullable=False),
        sa.Column("closed_by", sa.Integer, nullable=True),
        sa.Column("starts_at", moment(), nullable=False),
        sa.Column("ends_at", moment(), nullable=False),
        sa.Column("required_share", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("event_id", name="pk_closings"),
        _foreign_key("closings", "event_id", "events"),
        _foreign_key("closings", "closed_by", "admins"),
        **MYSQL,
    )
    op.create_table(
        "frozen_attendance",
        sa.Column("event_id", sa.Integer, nullable=False),
        sa.Column("employee_id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("employee_number", exact(32), nullable=False),
        sa.Column("email", exact(254), nullable=False),
        sa.Column("first_name", sa.String(80), nullable=False),
        sa.Column("last_name", sa.String(80), nullable=False),
        sa.Column("department", sa.String(80), nullable=False),
        sa.Column("location", sa.String(80), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("checked_in_at", moment(), nullable=True),
        sa.Column("watched_minutes", sa.Integer, nullable=False),
        sa.Column("first_minute", sa.Integer, nullable=True),
        sa.Column("last_minute", sa.Integer, nullable=True),
        sa.PrimaryKeyConstraint("event_id", "employee_id", name="pk_frozen_attendance"),
        _foreign_key("frozen_attendance", "event_id", "events"),
        **MYSQL,
    )
    op.create_table(
        "corrections",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("event_id", sa.Integer, nullable=False),
        sa.Column("employee_id", sa.Integer, nullable=False),
        sa.Column("status", sa.String(16), nullable=True),
        sa.Column("status_before", sa.String(16), nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("corrected_at", moment(), nullable=False),
        sa.Column("corrected_by", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_corrections"),
        _foreign_key("corrections", "event_id", "events"),
        _foreign_key("corrections", "corrected_by", "admins"),
        **MYSQL,
    )
    op.create_index(
        "ix_corrections_event_id_employee_id", "corrections", ["event_id", "employee_id"]
    )
    op.create_index("ix_employees_by_name", "employees", BY_NAME)
    op.create_index(
        "ix_employees_active_department_location", "employees", ["active", "department", "location"]
    )
    _count_what_is_there()


def downgrade() -> None:
    op.drop_index("ix_employees_active_department_location", "employees")
    op.drop_index("ix_employees_by_name", "employees")
    for table in ("corrections", "frozen_attendance", "closings", "audience_minutes"):
        op.drop_table(table)
    for column in ("last_minute", "first_minute", "watched_minutes"):
        op.drop_column("attendance", column)
    op.drop_column("events", "required_share")


def _count_what_is_there() -> None:
    own = (
        "FROM watched_minutes w WHERE w.event_id = attendance.event_id"
        " AND w.employee_id = attendance.employee_id"
    )
    op.execute(
        f"UPDATE attendance SET watched_minutes = (SELECT COUNT(*) {own}),"
        f" first_minute = (SELECT MIN(minute) {own}), last_minute = (SELECT MAX(minute) {own})"
    )
    op.execute(
        "INSERT INTO audience_minutes (event_id, minute, viewers)"
        " SELECT event_id, minute, COUNT(*) FROM watched_minutes GROUP BY event_id, minute"
    )


def _foreign_key(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}_{other}")
