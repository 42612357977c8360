"""The audit log."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def moment() -> sa.types.TypeEngine:
    return sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")


def exact(length: int) -> sa.types.TypeEngine:
    text = mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin")
    return sa.String(length).with_variant(text, "mysql", "mariadb")


def upgrade() -> None:
    op.create_table(
        "audit_log",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("unit", exact(36), nullable=False),
        sa.Column("at", moment(), nullable=False),
        sa.Column("admin_id", sa.Integer, nullable=True),
        sa.Column("action", exact(40), nullable=False),
        sa.Column("event_id", sa.Integer, nullable=True),
        sa.Column("subject", sa.String(254), nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_log"),
        sa.UniqueConstraint("unit", name="uq_audit_log_unit"),
        sa.ForeignKeyConstraint(["admin_id"], ["admins.id"], name="fk_audit_log_admin_id_admins"),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name="fk_audit_log_event_id_events"),
        mysql_charset="utf8mb4",
        mariadb_charset="utf8mb4",
    )
    op.create_index("ix_audit_log_at", "audit_log", ["at"])
    for column in ("admin_id", "event_id", "action"):
        op.create_index(f"ix_audit_log_{column}_id", "audit_log", [column, "id"])


def downgrade() -> None:
    op.drop_table("audit_log")
