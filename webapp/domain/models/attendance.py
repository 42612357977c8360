"""Rosters with check-ins and watched minutes, closings and corrections."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.domain.models.columns import MYSQL, UtcDateTime, exact
from webapp.infra.extensions import Model

NOTE_LENGTH = 200


class RosterEntry(Model):
    """One employee on the roster of one event, whether they came or not.

    The rows are made when the event opens, follow the employee list while it is open, and stay as
    they are once it is closed (`webapp/domain/employees/rosters.py`). The key makes a check-in
    count once. Minutes are whole minutes since the Unix epoch; `watched_minutes` is the number of
    rows in `watched_minutes` and is written in the transaction that adds one.

    `place` orders the rows of an event by last name, first name and number: to sort 50,000 rows by
    an integer takes 40 ms, by these three texts 250 ms. `corrected_status` is the status of the
    correction in force, if any, so that filters and counts read one table.

    `employee_id` is not a foreign key. A closed roster outlives the employee, and opening an event
    would lock the row of every employee.
    """

    __tablename__ = "roster_entries"
    __table_args__ = (
        # One for each order that a page of the roster can be read in.
        Index("ix_roster_entries_by_name", "event_id", "place"),
        Index("ix_roster_entries_by_department", "event_id", "department", "place"),
        Index("ix_roster_entries_by_location", "event_id", "location", "place"),
        Index("ix_roster_entries_by_check_in", "event_id", "checked_in_at"),
        MYSQL,
    )

    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"), primary_key=True)
    employee_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    place: Mapped[int]
    employee_number: Mapped[str] = mapped_column(exact(32))
    email: Mapped[str] = mapped_column(exact(254))
    first_name: Mapped[str] = mapped_column(String(80))
    last_name: Mapped[str] = mapped_column(String(80))
    department: Mapped[str] = mapped_column(String(80))
    location: Mapped[str] = mapped_column(String(80))
    checked_in_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    watched_minutes: Mapped[int] = mapped_column(default=0)
    first_minute: Mapped[int | None]
    last_minute: Mapped[int | None]
    correction_id: Mapped[int | None] = mapped_column(ForeignKey("corrections.id"))
    corrected_status: Mapped[str | None] = mapped_column(String(16))


class WatchedMinute(Model):
    """An employee was connected in this minute (whole minutes since the Unix epoch)."""

    __tablename__ = "watched_minutes"
    __table_args__ = (Index(None, "employee_id"), MYSQL)

    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"), primary_key=True)
    employee_id: Mapped[int] = mapped_column(ForeignKey("employees.id"), primary_key=True)
    minute: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class AudienceMinute(Model):
    """How many employees were connected in this minute. It names nobody, so `prune` keeps it."""

    __tablename__ = "audience_minutes"
    __table_args__ = MYSQL

    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"), primary_key=True)
    minute: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    viewers: Mapped[int]


class Closing(Model):
    """The closing of an event: when, by whom, and the times and share that its statuses follow.

    `closed_by` is None when a program closed the event.
    """

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


class Correction(Model):
    """One correction of an attendance status by an admin. Later ones do not change it.

    `RosterEntry.correction_id` names the one in force. A correction without a status takes the one
    before back. `employee_id` is not a foreign key, as above.
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
