"""Long stream addresses, their kinds and hosts; archived events; closings that were taken back."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

MYSQL = {"mysql_charset": "utf8mb4", "mariadb_charset": "utf8mb4"}


def moment() -> sa.types.TypeEngine:
    return sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")


def upgrade() -> None:
    op.add_column("events", _text("stream_kind", 8))
    op.add_column("events", _text("stream_hosts", 2000))
    op.add_column("events", sa.Column("archived_at", moment(), nullable=True))
    _resize_stream_url(4000)
    op.create_table(
        "reopenings",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("event_id", sa.Integer, nullable=False),
        sa.Column("closed_at", moment(), nullable=False),
        sa.Column("closed_by", sa.Integer, nullable=True),
        sa.Column("reopened_at", moment(), nullable=False),
        sa.Column("reopened_by", sa.Integer, nullable=True),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reopenings"),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name="fk_reopenings_event_id_events"),
        sa.ForeignKeyConstraint(
            ["closed_by"], ["admins.id"], name="fk_reopenings_closed_by_admins"
        ),
        sa.ForeignKeyConstraint(
            ["reopened_by"], ["admins.id"], name="fk_reopenings_reopened_by_admins"
        ),
        **MYSQL,
    )
    op.create_index(
        "ix_reopenings_event_id_reopened_at", "reopenings", ["event_id", "reopened_at"]
    )


def downgrade() -> None:
    op.drop_table("reopenings")
    # A longer address would not fit; without one the event shows that none was set.
    events = sa.table("events", sa.column("stream_url", sa.String))
    op.execute(
        sa.update(events).where(sa.func.length(events.c.stream_url) > 500).values(stream_url="")
    )
    _resize_stream_url(500)
    for column in ("archived_at", "stream_hosts", "stream_kind"):
        op.drop_column("events", column)


def _text(name: str, length: int) -> sa.Column:
    return sa.Column(name, sa.String(length), nullable=False, server_default="")


def _resize_stream_url(length: int) -> None:
    # By a new column: SQLite cannot change a type, and copying the table, as Alembic does there,
    # would break the references to it.
    op.add_column("events", _text("new_stream_url", length))
    events = sa.table("events", sa.column("stream_url"), sa.column("new_stream_url"))
    op.execute(sa.update(events).values(new_stream_url=events.c.stream_url))
    op.drop_column("events", "stream_url")
    op.alter_column(
        "events",
        "new_stream_url",
        new_column_name="stream_url",
        existing_type=sa.String(length),
        existing_nullable=False,
    )
