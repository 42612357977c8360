"""What the last test of an event's stream found."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def columns() -> list[sa.Column[Any]]:
    moment = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
    return [
        sa.Column("stream_tested_at", moment),
        sa.Column("stream_answers", sa.Boolean),
        sa.Column("stream_captions", sa.Boolean),
    ]


def upgrade() -> None:
    for column in columns():
        op.add_column("events", column)


def downgrade() -> None:
    for column in columns():
        op.drop_column("events", column.name)
