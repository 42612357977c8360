"""The first schema: employees, events, attendance, watched minutes, messages, admins."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MYSQL = {"mysql_charset": "utf8mb4", "mariadb_charset": "utf8mb4"}


def moment() -> sa.types.TypeEngine:
    return sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")


def exact(length: int) -> sa.types.TypeEngine:
    text = mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin")
    return sa.String(length).with_variant(text, "mysql", "mariadb")


def upgrade() -> None:
    op.create_table(
        "admins",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("email", exact(254), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("password_hash", sa.String(255), nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("id", name="pk_admins"),
        sa.UniqueConstraint("email", name="uq_admins_email"),
        **MYSQL,
    )
    op.create_table(
        "employees",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("email", exact(254), nullable=False),
        sa.Column("employee_number", exact(32), nullable=False),
        sa.Column("first_name", sa.String(80), nullable=False),
        sa.Column("last_name", sa.String(80), nullable=False),
        sa.Column("department", sa.String(80), nullable=False),
        sa.Column("location", sa.String(80), nullable=False),
        sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.Column("epoch", sa.Integer, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("id", name="pk_employees"),
        sa.UniqueConstraint("email", name="uq_employees_email"),
        sa.UniqueConstraint("employee_number", name="uq_employees_employee_number"),
        **MYSQL,
    )
    op.create_index("ix_employees_department", "employees", ["department"])
    op.create_index("ix_employees_location", "employees", ["location"])
    op.create_table(
        "events",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("slug", exact(80), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("starts_at", moment(), nullable=False),
        sa.Column("ends_at", moment(), nullable=False),
        sa.Column("timezone", sa.String(64), nullable=False),
        sa.Column("stream_url", sa.String(500), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("chat_open", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.Column("slow_mode_seconds", sa.Integer, nullable=False, server_default="0"),
        sa.CheckConstraint("state IN ('scheduled', 'open', 'closed')", name="ck_events_state"),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sa.UniqueConstraint("slug", name="uq_events_slug"),
        **MYSQL,
    )
    op.create_index("ix_events_state_starts_at", "events", ["state", "starts_at"])
    op.create_table(
        "attendance",
        sa.Column("event_id", sa.Integer, nullable=False),
        sa.Column("employee_id", sa.Integer, nullable=False),
        sa.Column("checked_in_at", moment(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "employee_id", name="pk_attendance"),
        _foreign_key("attendance", "event_id", "events"),
        _foreign_key("attendance", "employee_id", "employees"),
        **MYSQL,
    )
    op.create_index("ix_attendance_employee_id", "attendance", ["employee_id"])
    op.create_table(
        "watched_minutes",
        sa.Column("event_id", sa.Integer, nullable=False),
        sa.Column("employee_id", sa.Integer, nullable=False),
        sa.Column("minute", sa.Integer, nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("event_id", "employee_id", "minute", name="pk_watched_minutes"),
        _foreign_key("watched_minutes", "event_id", "events"),
        _foreign_key("watched_minutes", "employee_id", "employees"),
        **MYSQL,
    )
    op.create_index("ix_watched_minutes_employee_id", "watched_minutes", ["employee_id"])
    op.create_table(
        "messages",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("event_id", sa.Integer, nullable=False),
        sa.Column("employee_id", sa.Integer, nullable=False),
        sa.Column("body", sa.String(500), nullable=False),
        sa.Column("posted_at", moment(), nullable=False),
        sa.Column("nonce", exact(64), nullable=False),
        sa.Column("removed_at", moment(), nullable=True),
        sa.Column("removed_by", sa.Integer, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sa.UniqueConstraint("employee_id", "nonce", name="uq_messages_employee_id_nonce"),
        _foreign_key("messages", "event_id", "events"),
        _foreign_key("messages", "employee_id", "employees"),
        _foreign_key("messages", "removed_by", "admins"),
        **MYSQL,
    )
    op.create_index("ix_messages_event_id_id", "messages", ["event_id", "id"])
    op.create_index("ix_messages_employee_id_posted_at", "messages", ["employee_id", "posted_at"])


def downgrade() -> None:
    for table in ("messages", "watched_minutes", "attendance", "events", "employees", "admins"):
        op.drop_table(table)


def _foreign_key(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}_{other}")
