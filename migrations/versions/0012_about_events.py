"""Description, speakers and recording of an event; a count of its changes."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TEXTS = {"description": 2000, "speakers": 1000, "recording_url": 2000}


def upgrade() -> None:
    for name, length in TEXTS.items():
        column = sa.Column(name, sa.String(length), nullable=False, server_default="")
        op.add_column("events", column)
    op.add_column("events", sa.Column("revision", sa.Integer, nullable=False, server_default="0"))


def downgrade() -> None:
    for name in (*TEXTS, "revision"):
        op.drop_column("events", name)
