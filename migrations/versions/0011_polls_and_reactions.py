"""Polls, their options and answers; reactions by minute; a setting for exports of the roster."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

MYSQL = {"mysql_charset": "utf8mb4", "mariadb_charset": "utf8mb4"}


def moment() -> sa.types.TypeEngine:
    return sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")


def exact(length: int) -> sa.types.TypeEngine:
    text = mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin")
    return sa.String(length).with_variant(text, "mysql", "mariadb")


def upgrade() -> None:
    op.add_column(
        "events",
        sa.Column("export_contributions", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    _create_polls()
    op.create_table(
        "poll_options",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("poll_id", sa.Integer, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("text", sa.String(200), nullable=False),
        sa.Column("votes", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_poll_options"),
        sa.UniqueConstraint("poll_id", "position", name="uq_poll_options_poll_id_position"),
        _of_a_poll("poll_options"),
        **MYSQL,
    )
    op.create_table(
        "poll_answers",
        sa.Column("poll_id", sa.Integer, nullable=False),
        sa.Column("employee_id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("choices", sa.Integer, nullable=True),
        sa.PrimaryKeyConstraint("poll_id", "employee_id", name="pk_poll_answers"),
        _of_a_poll("poll_answers"),
        sqlite_with_rowid=False,
        **MYSQL,
    )
    op.create_table(
        "reaction_minutes",
        sa.Column("event_id", sa.Integer, nullable=False),
        sa.Column("minute", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("kind", exact(16), nullable=False),
        sa.Column("source", exact(32), nullable=False),
        sa.Column("amount", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("event_id", "minute", "kind", "source", name="pk_reaction_minutes"),
        sa.ForeignKeyConstraint(
            ["event_id"], ["events.id"], name="fk_reaction_minutes_event_id_events"
        ),
        **MYSQL,
    )


def downgrade() -> None:
    for table in ("reaction_minutes", "poll_answers", "poll_options", "polls"):
        op.drop_table(table)
    op.drop_column("events", "export_contributions")


def _create_polls() -> None:
    op.create_table(
        "polls",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("event_id", sa.Integer, nullable=False),
        sa.Column("question", sa.String(300), nullable=False),
        sa.Column("multiple", sa.Boolean, nullable=False),
        sa.Column("secret", sa.Boolean, nullable=False),
        sa.Column("live_results", sa.Boolean, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("open_in", sa.Integer, nullable=True),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("answers", sa.Integer, nullable=False),
        sa.Column("opened_at", moment(), nullable=True),
        sa.Column("closed_at", moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_polls"),
        sa.UniqueConstraint("open_in", name="uq_polls_open_in"),
        sa.CheckConstraint("state IN ('draft', 'open', 'closed')", name="ck_polls_state"),
        sa.CheckConstraint("(state = 'open') = (open_in IS NOT NULL)", name="ck_polls_open"),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name="fk_polls_event_id_events"),
        **MYSQL,
    )
    op.create_index("ix_polls_event_id_revision", "polls", ["event_id", "revision"])


def _of_a_poll(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_poll_id_polls"
    return sa.ForeignKeyConstraint(["poll_id"], ["polls.id"], name=name, ondelete="CASCADE")
