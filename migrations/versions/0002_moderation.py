"""Moderation: held messages, mutes, announcements."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MYSQL = {"mysql_charset": "utf8mb4", "mariadb_charset": "utf8mb4"}


def moment() -> sa.types.TypeEngine:
    return sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")


def big_id() -> sa.types.TypeEngine:
    return sa.BigInteger().with_variant(sa.Integer, "sqlite")


def exact(length: int) -> sa.types.TypeEngine:
    text = mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin")
    return sa.String(length).with_variant(text, "mysql", "mariadb")


def upgrade() -> None:
    op.add_column(
        "events",
        sa.Column("hold_messages", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "held_messages",
        sa.Column("id", big_id(), nullable=False),
        sa.Column("event_id", sa.Integer, nullable=False),
        sa.Column("employee_id", sa.Integer, nullable=False),
        sa.Column("body", sa.String(500), nullable=False),
        sa.Column("posted_at", moment(), nullable=False),
        sa.Column("nonce", exact(64), nullable=False),
        sa.Column("decided_at", moment(), nullable=True),
        sa.Column("decided_by", sa.Integer, nullable=True),
        sa.Column("message_id", big_id(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_held_messages"),
        sa.UniqueConstraint("employee_id", "nonce", name="uq_held_messages_employee_id_nonce"),
        _foreign_key("held_messages", "event_id", "events"),
        _foreign_key("held_messages", "employee_id", "employees"),
        _foreign_key("held_messages", "decided_by", "admins"),
        _foreign_key("held_messages", "message_id", "messages"),
        **MYSQL,
    )
    op.create_index(
        "ix_held_messages_event_id_decided_at", "held_messages", ["event_id", "decided_at"]
    )
    op.create_index(
        "ix_held_messages_employee_id_posted_at", "held_messages", ["employee_id", "posted_at"]
    )
    op.create_table(
        "mutes",
        sa.Column("event_id", sa.Integer, nullable=False),
        sa.Column("employee_id", sa.Integer, nullable=False),
        sa.Column("muted_at", moment(), nullable=False),
        sa.Column("muted_by", sa.Integer, nullable=False),
        sa.Column("until", moment(), nullable=True),
        sa.PrimaryKeyConstraint("event_id", "employee_id", name="pk_mutes"),
        _foreign_key("mutes", "event_id", "events"),
        _foreign_key("mutes", "employee_id", "employees"),
        _foreign_key("mutes", "muted_by", "admins"),
        **MYSQL,
    )
    op.create_index("ix_mutes_employee_id", "mutes", ["employee_id"])
    op.create_table(
        "announcements",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("event_id", sa.Integer, nullable=False),
        sa.Column("body", sa.String(500), nullable=False),
        sa.Column("posted_at", moment(), nullable=False),
        sa.Column("posted_by", sa.Integer, nullable=False),
        sa.Column("removed_at", moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_announcements"),
        _foreign_key("announcements", "event_id", "events"),
        _foreign_key("announcements", "posted_by", "admins"),
        **MYSQL,
    )
    op.create_index("ix_announcements_event_id_id", "announcements", ["event_id", "id"])


def downgrade() -> None:
    for table in ("announcements", "mutes", "held_messages"):
        op.drop_table(table)
    op.drop_column("events", "hold_messages")


def _foreign_key(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}_{other}")
