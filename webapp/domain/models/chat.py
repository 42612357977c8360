"""Chat messages and their moderation."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.domain.models.columns import MYSQL, BigId, UtcDateTime, exact
from webapp.domain.models.events import REASON_LENGTH
from webapp.infra.extensions import Model

BODY_LENGTH = 500
NONCE_LENGTH = 64


class Message(Model):
    """A chat message. The row of a removed one stays, with the admin and the time.

    It is an employee's, or an admin's as the host; then `admin_id` is set instead. `revision`
    counts removals and restorations, so that a late packet does not undo a newer one.
    `restored_by` is the admin of the last restoration. It is not a foreign key: adding one copies
    the table, and nobody could write meanwhile.
    """

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("employee_id", "nonce"),
        UniqueConstraint("admin_id", "nonce"),
        Index(None, "event_id", "id"),
        Index(None, "employee_id", "posted_at"),
        MYSQL,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"))
    employee_id: Mapped[int | None] = mapped_column(ForeignKey("employees.id"))
    admin_id: Mapped[int | None] = mapped_column(ForeignKey("admins.id"))
    body: Mapped[str] = mapped_column(String(BODY_LENGTH))
    posted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    nonce: Mapped[str] = mapped_column(exact(NONCE_LENGTH))
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    removed_by: Mapped[int | None] = mapped_column(ForeignKey("admins.id"))
    restored_by: Mapped[int | None]
    revision: Mapped[int] = mapped_column(default=0, server_default="0")


class HeldMessage(Model):
    """A post that waits for approval, or waited. `posted_at` is when it was written.

    The row stays after the decision, so that its nonce is known when it is sent again.
    `message_id` is the message it became, null while it waits and when it was rejected.
    """

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
    """An employee may not post to an event until `until`, or, without it, at all.

    The row stays when the mute has ended. The employee reads the `reason`.
    """

    __tablename__ = "mutes"
    __table_args__ = (Index(None, "employee_id"), MYSQL)

    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"), primary_key=True)
    employee_id: Mapped[int] = mapped_column(ForeignKey("employees.id"), primary_key=True)
    muted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    muted_by: Mapped[int] = mapped_column(ForeignKey("admins.id"))
    until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(String(REASON_LENGTH), default="", server_default="")


class Announcement(Model):
    """An announcement above the chat. The latest one is shown, unless it was taken down."""

    __tablename__ = "announcements"
    __table_args__ = (Index(None, "event_id", "id"), MYSQL)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"))
    body: Mapped[str] = mapped_column(String(BODY_LENGTH))
    posted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    posted_by: Mapped[int] = mapped_column(ForeignKey("admins.id"))
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
