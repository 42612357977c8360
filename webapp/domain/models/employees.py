"""The employee list."""

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.domain.models.columns import MYSQL, exact
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
BY_PLACE = (
    "active",
    "department",
    "location",
    "last_name",
    "first_name",
    "email",
    "employee_number",
)


class Employee(Model):
    """A person who may check in. Raising `session_version` ends every session of theirs."""

    __tablename__ = "employees"
    __table_args__ = (
        UniqueConstraint("email"),
        UniqueConstraint("employee_number"),
        Index(None, "department"),
        Index(None, "location"),
        # For the roster, and searched without the table: everyone in the order of their names, and
        # in that of what they are counted by. Who is not searched is counted by a smaller one.
        Index("ix_employees_by_name", *BY_NAME),
        Index("ix_employees_counted", "active", "department", "location"),
        Index("ix_employees_by_place", *BY_PLACE),
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

    @property
    def name(self) -> str:
        """First and last name, as the chat and the roster show them."""
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def label(self) -> str:
        """Name and number, which tell two of one name apart."""
        return f"{self.name} ({self.employee_number})"
