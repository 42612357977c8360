"""Messages that an admin posts as the host, and a count of removals and restorations."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

UNIQUE = "uq_messages_admin_id_nonce"
FOREIGN_KEY = "fk_messages_admin_id_admins"


def upgrade() -> None:
    with _without_foreign_keys(), op.batch_alter_table("messages") as messages:
        messages.alter_column("employee_id", existing_type=sa.Integer, nullable=True)
        messages.add_column(sa.Column("admin_id", sa.Integer, nullable=True))
        messages.add_column(sa.Column("revision", sa.Integer, nullable=False, server_default="0"))
        messages.create_foreign_key(FOREIGN_KEY, "admins", ["admin_id"], ["id"])
        messages.create_unique_constraint(UNIQUE, ["admin_id", "nonce"])


def downgrade() -> None:
    messages = sa.table("messages", sa.column("employee_id", sa.Integer))
    op.execute(sa.delete(messages).where(messages.c.employee_id.is_(None)))
    with _without_foreign_keys(), op.batch_alter_table("messages") as table:
        table.drop_constraint(FOREIGN_KEY, type_="foreignkey")
        table.drop_constraint(UNIQUE, type_="unique")
        table.drop_column("admin_id")
        table.drop_column("revision")
        table.alter_column("employee_id", existing_type=sa.Integer, nullable=False)


@contextmanager
def _without_foreign_keys() -> Iterator[None]:
    """Let SQLite copy the table, to which held messages refer, and replace it by the copy."""
    if op.get_bind().dialect.name != "sqlite":
        yield
        return
    # The pragma has no effect within a transaction.
    with op.get_context().autocommit_block():
        op.execute("PRAGMA foreign_keys=OFF")
    yield
    with op.get_context().autocommit_block():
        op.execute("PRAGMA foreign_keys=ON")
