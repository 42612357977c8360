"""The moment at which an employee was replaced by a pseudonym."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")


def upgrade() -> None:
    op.add_column("employees", sa.Column("erased_at", MOMENT, nullable=True))


def downgrade() -> None:
    op.drop_column("employees", "erased_at")
