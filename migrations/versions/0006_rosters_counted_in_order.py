"""The rosters are counted, searched or not, in the order of an index: no groups beside it."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SEARCHED = ["last_name", "first_name", "email", "employee_number"]
INDEXES = {
    "employees": (["active", "department", "location"], SEARCHED),
    "frozen_attendance": (
        ["event_id", "department", "location", "status"],
        ["checked_in_at", *SEARCHED],
    ),
}


def upgrade() -> None:
    for table, (places, more) in INDEXES.items():
        op.create_index(f"ix_{table}_by_place", table, [*places, *more])
        op.create_index(f"ix_{table}_counted", table, places)
        op.drop_index(f"ix_{table}_{'_'.join(places)}", table)


def downgrade() -> None:
    for table, (places, _) in INDEXES.items():
        op.create_index(f"ix_{table}_{'_'.join(places)}", table, places)
        op.drop_index(f"ix_{table}_counted", table)
        op.drop_index(f"ix_{table}_by_place", table)
