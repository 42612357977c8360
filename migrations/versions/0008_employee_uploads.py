"""Files that wait to be imported; e-mail addresses in the form in which they are compared."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

# The stored addresses must be what check-in and sign-in look for, whatever that function does.
from webapp.domain.employees.identifiers import normal_email

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MYSQL = {"mysql_charset": "utf8mb4", "mariadb_charset": "utf8mb4"}


def moment() -> sa.types.TypeEngine:
    return sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")


def exact(length: int) -> sa.types.TypeEngine:
    text = mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin")
    return sa.String(length).with_variant(text, "mysql", "mariadb")


def upgrade() -> None:
    op.create_table(
        "employee_uploads",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("token", exact(43), nullable=False),
        sa.Column("admin_id", sa.Integer, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("uploaded_at", moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_employee_uploads"),
        sa.UniqueConstraint("token", name="uq_employee_uploads_token"),
        sa.ForeignKeyConstraint(
            ["admin_id"],
            ["admins.id"],
            name="fk_employee_uploads_admin_id_admins",
            ondelete="CASCADE",
        ),
        **MYSQL,
    )
    op.create_index("ix_employee_uploads_admin_id", "employee_uploads", ["admin_id"])
    op.create_table(
        "employee_upload_parts",
        sa.Column("upload_id", sa.Integer, nullable=False),
        sa.Column("position", sa.Integer, nullable=False, autoincrement=False),
        sa.Column(
            "data",
            sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql", "mariadb"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("upload_id", "position", name="pk_employee_upload_parts"),
        sa.ForeignKeyConstraint(
            ["upload_id"],
            ["employee_uploads.id"],
            name="fk_employee_upload_parts_upload_id_employee_uploads",
            ondelete="CASCADE",
        ),
        **MYSQL,
    )
    for table in ("employees", "admins"):
        _normalise_emails(table)


def downgrade() -> None:
    op.drop_table("employee_upload_parts")
    op.drop_table("employee_uploads")


def _normalise_emails(name: str) -> None:
    """Store each address in its normal form, unless another row has it already."""
    table = sa.table(name, sa.column("id", sa.Integer), sa.column("email", sa.String))
    connection = op.get_bind()
    emails = dict(connection.execute(sa.select(table.c.id, table.c.email)).all())
    taken = set(emails.values())
    for row_id, email in emails.items():
        normal = normal_email(email)
        if normal != email and normal not in taken:
            taken.add(normal)
            change = table.update().where(table.c.id == row_id).values(email=normal)
            connection.execute(change)
