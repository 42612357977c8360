"""Reasons of mutes, and the admins who restored a message or decided on a question."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("mutes", sa.Column("reason", sa.String(200), nullable=False, server_default=""))
    op.add_column("messages", sa.Column("restored_by", sa.Integer, nullable=True))
    op.add_column("questions", sa.Column("decided_by", sa.Integer, nullable=True))


def downgrade() -> None:
    for table, column in (
        ("questions", "decided_by"),
        ("messages", "restored_by"),
        ("mutes", "reason"),
    ):
        # Not in a batch, which would replace a table that others refer to.
        op.drop_column(table, column)
