"""The tables. Migrations are the schema's only source; a test compares the two."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import DateTime, TypeEngine

from webapp.core.extensions import Model

BODY_LENGTH = 500
NONCE_LENGTH = 64
NOTE_LENGTH = 200
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
FROZEN_BY_NAME = (
    "event_id",
    "last_name",
    "first_name",
    "employee_number",
    "checked_in_at",
    "email",
    "department",
    "location",
    "status",
)
FROZEN_BY_PLACE = (
    "event_id",
    "department",
    "location",
    "status",
    "checked_in_at",
    "last_name",
    "first_name",
    "email",
    "employee_number",
)
SUBJECT_LENGTH = 254


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC moment, kept without its zone; DATETIME(6) on MySQL."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name in ("mysql", "mariadb"):
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value else None


def exact(length: int) -> TypeEngine[str]:
    """A string that equals only itself: MySQL's default collations equate case and accents."""
    return String(length).with_variant(
        mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb"
    )


MYSQL = {"mysql_charset": "utf8mb4", "mariadb_charset": "utf8mb4"}
# SQLite numbers rows by itself only where the key is a plain INTEGER.
BigId = BigInteger().with_variant(Integer, "sqlite")


class Employee(Model):
    """Somebody who may check in. `epoch` is in their cookie; raising it ends every session."""

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
    epoch: Mapped[int] = mapped_column(default=0)

    @property
    def name(self) -> str:
        """First and last name, as the chat and the roster show them."""
        return f"{self.first_name} {self.last_name}"

    @property
    def label(self) -> str:
        """Name and number, which tell two of one name apart."""
        return f"{self.name} ({self.employee_number})"


class Event(Model):
    """A meeting. `state` is what an admin made it, whatever the clock says."""

    __tablename__ = "events"
    __table_args__ = (
        UniqueConstraint("slug"),
        CheckConstraint("state IN ('scheduled', 'open', 'closed')", name="state"),
        Index(None, "state", "starts_at"),
        MYSQL,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(exact(80))
    title: Mapped[str] = mapped_column(String(200))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    timezone: Mapped[str] = mapped_column(String(64))
    stream_url: Mapped[str] = mapped_column(String(500))
    state: Mapped[str] = mapped_column(String(16), default="scheduled")
    chat_open: Mapped[bool] = mapped_column(default=True)
    slow_mode_seconds: Mapped[int] = mapped_column(default=0)
    hold_messages: Mapped[bool] = mapped_column(default=False)
    required_share: Mapped[int] = mapped_column(default=50)


class Attendance(Model):
    """One check-in of one employee at one event; the key makes it count once.

    Beside it what their watched minutes come to, written in the transaction that adds one.
    """

    __tablename__ = "attendance"
    __table_args__ = (Index(None, "employee_id"), MYSQL)

    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"), primary_key=True)
    employee_id: Mapped[int] = mapped_column(ForeignKey("employees.id"), primary_key=True)
    checked_in_at: Mapped[datetime] = mapped_column(UtcDateTime)
    watched_minutes: Mapped[int] = mapped_column(default=0)
    first_minute: Mapped[int | None]
    last_minute: Mapped[int | None]


class WatchedMinute(Model):
    """An employee was connected in this minute (whole minutes since the Unix epoch)."""

    __tablename__ = "watched_minutes"
    __table_args__ = (Index(None, "employee_id"), MYSQL)

    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"), primary_key=True)
    employee_id: Mapped[int] = mapped_column(ForeignKey("employees.id"), primary_key=True)
    minute: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class AudienceMinute(Model):
    """How many employees were connected in this minute. It names nobody, so it is kept."""

    __tablename__ = "audience_minutes"
    __table_args__ = MYSQL

    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"), primary_key=True)
    minute: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    viewers: Mapped[int]


class Closing(Model):
    """Who closed an event and when, and by which times and share its figures were made."""

    __tablename__ = "closings"
    __table_args__ = MYSQL

    event_id: Mapped[int] = mapped_column(
        ForeignKey("events.id"), primary_key=True, autoincrement=False
    )
    closed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_by: Mapped[int | None] = mapped_column(ForeignKey("admins.id"))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    required_share: Mapped[int]


class FrozenAttendance(Model):
    """An employee and their figures as they were when the event was closed.

    `employee_id` is no foreign key: the row outlives the employee.
    """

    __tablename__ = "frozen_attendance"
    __table_args__ = (
        # As of employees, for the people of one event.
        Index("ix_frozen_attendance_by_name", *FROZEN_BY_NAME),
        Index("ix_frozen_attendance_counted", "event_id", "department", "location", "status"),
        Index("ix_frozen_attendance_by_place", *FROZEN_BY_PLACE),
        MYSQL,
    )

    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"), primary_key=True)
    employee_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    employee_number: Mapped[str] = mapped_column(exact(32))
    email: Mapped[str] = mapped_column(exact(254))
    first_name: Mapped[str] = mapped_column(String(80))
    last_name: Mapped[str] = mapped_column(String(80))
    department: Mapped[str] = mapped_column(String(80))
    location: Mapped[str] = mapped_column(String(80))
    status: Mapped[str] = mapped_column(String(16))
    checked_in_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    watched_minutes: Mapped[int]
    first_minute: Mapped[int | None]
    last_minute: Mapped[int | None]


class Correction(Model):
    """What an admin said of somebody's attendance; the latest one counts, the others stay.

    Without a status it takes back the one before. `employee_id` is no foreign key, as above.
    """

    __tablename__ = "corrections"
    __table_args__ = (Index(None, "event_id", "employee_id"), MYSQL)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"))
    employee_id: Mapped[int]
    status: Mapped[str | None] = mapped_column(String(16))
    status_before: Mapped[str] = mapped_column(String(16))
    note: Mapped[str] = mapped_column(String(NOTE_LENGTH))
    corrected_at: Mapped[datetime] = mapped_column(UtcDateTime)
    corrected_by: Mapped[int] = mapped_column(ForeignKey("admins.id"))


class Message(Model):
    """A chat message. A removed one stays for the record, with who removed it and when."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("employee_id", "nonce"),
        Index(None, "event_id", "id"),
        Index(None, "employee_id", "posted_at"),
        MYSQL,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"))
    employee_id: Mapped[int] = mapped_column(ForeignKey("employees.id"))
    body: Mapped[str] = mapped_column(String(BODY_LENGTH))
    posted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    nonce: Mapped[str] = mapped_column(exact(NONCE_LENGTH))
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    removed_by: Mapped[int | None] = mapped_column(ForeignKey("admins.id"))

    author: Mapped[Employee] = relationship(lazy="raise")


class HeldMessage(Model):
    """A post that waited for approval. It stays after the decision, so that its nonce, sent
    again, is known; `message_id` is the message it became, null while waiting or rejected."""

    __tablename__ = "held_messages"
    __table_args__ = (
        UniqueConstraint("employee_id", "nonce"),
        Index(None, "event_id", "decided_at"),
        Index(None, "employee_id", "posted_at"),
        MYSQL,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"))
    employee_id: Mapped[int] = mapped_column(ForeignKey("employees.id"))
    body: Mapped[str] = mapped_column(String(BODY_LENGTH))
    posted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    nonce: Mapped[str] = mapped_column(exact(NONCE_LENGTH))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("admins.id"))
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))


class Mute(Model):
    """An employee may not post to an event until then; without an end, not at all."""

    __tablename__ = "mutes"
    __table_args__ = (Index(None, "employee_id"), MYSQL)

    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"), primary_key=True)
    employee_id: Mapped[int] = mapped_column(ForeignKey("employees.id"), primary_key=True)
    muted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    muted_by: Mapped[int] = mapped_column(ForeignKey("admins.id"))
    until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Announcement(Model):
    """What was pinned above the chat; the latest one that nobody took down is shown."""

    __tablename__ = "announcements"
    __table_args__ = (Index(None, "event_id", "id"), MYSQL)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"))
    body: Mapped[str] = mapped_column(String(BODY_LENGTH))
    posted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    posted_by: Mapped[int] = mapped_column(ForeignKey("admins.id"))
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Admin(Model):
    """Somebody who prepares events and reads attendance. `epoch` works as for employees."""

    __tablename__ = "admins"
    __table_args__ = (UniqueConstraint("email"), MYSQL)

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(exact(254))
    name: Mapped[str] = mapped_column(String(120))
    password_hash: Mapped[str] = mapped_column(String(255))
    epoch: Mapped[int] = mapped_column(default=0)


class AuditEntry(Model):
    """An act of an admin (null: of an operator) that is on record. `details` is a JSON object.

    `unit` names the unit of work that wrote it, so that one which is repeated writes it once.
    """

    __tablename__ = "audit_log"
    __table_args__ = (
        UniqueConstraint("unit"),
        Index(None, "at"),
        Index(None, "admin_id", "id"),
        Index(None, "event_id", "id"),
        Index(None, "action", "id"),
        MYSQL,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    unit: Mapped[str] = mapped_column(exact(36))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    admin_id: Mapped[int | None] = mapped_column(ForeignKey("admins.id"))
    action: Mapped[str] = mapped_column(exact(40))
    event_id: Mapped[int | None] = mapped_column(ForeignKey("events.id"))
    subject: Mapped[str] = mapped_column(String(SUBJECT_LENGTH))
    details: Mapped[str] = mapped_column(Text)
