"""Invitations of admins, and the time at which an admin was removed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
MYSQL = {"mysql_charset": "utf8mb4", "mariadb_charset": "utf8mb4"}


def exact(length: int) -> sa.types.TypeEngine:
    binary = mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin")
    return sa.String(length).with_variant(binary, "mysql", "mariadb")


def upgrade() -> None:
    op.add_column("admins", sa.Column("removed_at", MOMENT, nullable=True))
    op.create_table(
        "admin_invitations",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("email", exact(254), nullable=False),
        sa.Column("role", exact(20), nullable=False),
        sa.Column("token_hash", exact(64), nullable=False),
        sa.Column("invited_by", sa.Integer, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_admin_invitations"),
        sa.UniqueConstraint("email", name="uq_admin_invitations_email"),
        sa.UniqueConstraint("token_hash", name="uq_admin_invitations_token_hash"),
        sa.ForeignKeyConstraint(
            ["invited_by"], ["admins.id"], name="fk_admin_invitations_invited_by_admins"
        ),
        **MYSQL,
    )


def downgrade() -> None:
    op.drop_table("admin_invitations")
    # Not in a batch, which would replace a table that others refer to.
    op.drop_column("admins", "removed_at")
