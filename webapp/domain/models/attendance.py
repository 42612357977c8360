"""Check-ins, watched minutes, and the figures of closed events."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.domain.models.columns import MYSQL, UtcDateTime, exact
from webapp.infra.extensions import Model

NOTE_LENGTH = 200
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
