"""The employee list, and files that wait to be imported into it."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import Mapped, mapped_column

from webapp.domain.models.columns import MYSQL, UtcDateTime, exact
from webapp.infra.extensions import Model

BY_NAME = (
    "last_name",
    "first_name",
    "employee_number",
    "active",
    "email",
    "department",
    "location",
)


class Employee(Model):
    """A person who may check in. Raising `session_version` ends every session of theirs.

    From `erased_at` on the row holds a pseudonym (see
    docs/decisions/0014-erasing-a-person.md).
    """

    __tablename__ = "employees"
    __table_args__ = (
        UniqueConstraint("email"),
        UniqueConstraint("employee_number"),
        Index(None, "department"),
        Index(None, "location"),
        # The roster of an event that has not opened yet reads the employees by name.
        Index("ix_employees_by_name", *BY_NAME),
        MYSQL,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(exact(254))
    employee_number: Mapped[str] = mapped_column(exact(32))
    first_name: Mapped[str] = mapped_column(String(80))
    last_name: Mapped[str] = mapped_column(String(80))
    department: Mapped[str] = mapped_column(String(80))
    location: Mapped[str] = mapped_column(String(80))
    active: Mapped[bool] = mapped_column(default=True)
    session_version: Mapped[int] = mapped_column("epoch", default=0)
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def name(self) -> str:
        """Return first and last name, of which one may be empty."""
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def label(self) -> str:
        """Name and number, which tell two employees of one name apart."""
        return f"{self.name} ({self.employee_number})"


class EmployeeUpload(Model):
    """A file that an admin has uploaded and looks at before it is imported."""

    __tablename__ = "employee_uploads"
    __table_args__ = (UniqueConstraint("token"), Index(None, "admin_id"), MYSQL)

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(exact(43))
    admin_id: Mapped[int] = mapped_column(ForeignKey("admins.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200))
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime)


class EmployeeUploadPart(Model):
    """A part of an uploaded file, compressed: 20 MB do not fit into one packet of MariaDB."""

    __tablename__ = "employee_upload_parts"
    __table_args__ = (MYSQL,)

    upload_id: Mapped[int] = mapped_column(
        ForeignKey("employee_uploads.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    data: Mapped[bytes] = mapped_column(
        LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql", "mariadb")
    )
