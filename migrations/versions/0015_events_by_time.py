"""When an event opens and closes by itself."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

COLUMNS = ("opens_at", "closes_at")


def moment() -> Any:
    return sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column("events", sa.Column(name, moment()))


def downgrade() -> None:
    for name in COLUMNS:
        op.drop_column("events", name)
