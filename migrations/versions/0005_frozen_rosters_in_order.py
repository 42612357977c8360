"""Indexes of the frozen rosters, as the employees have them."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLE = "frozen_attendance"
BY_NAME = [
    "event_id",
    "last_name",
    "first_name",
    "employee_number",
    "checked_in_at",
    "email",
    "department",
    "location",
    "status",
]
BY_PLACE = ["event_id", "department", "location", "status"]


def upgrade() -> None:
    op.create_index("ix_frozen_attendance_by_name", TABLE, BY_NAME)
    op.create_index("ix_frozen_attendance_event_id_department_location_status", TABLE, BY_PLACE)


def downgrade() -> None:
    op.drop_index("ix_frozen_attendance_event_id_department_location_status", TABLE)
    op.drop_index("ix_frozen_attendance_by_name", TABLE)
