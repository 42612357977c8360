"""Roles of admins. Those of before could do everything, and so may what an older release adds."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def exact(length: int) -> sa.types.TypeEngine:
    binary = mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin")
    return sa.String(length).with_variant(binary, "mysql", "mariadb")


def upgrade() -> None:
    role = sa.Column("role", exact(20), nullable=False, server_default="owner")
    op.add_column("admins", role)


def downgrade() -> None:
    # Not in a batch, which would replace a table that others refer to.
    op.drop_column("admins", "role")
