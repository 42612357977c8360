"""Chat messages, and how they are moderated."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.domain.models.columns import MYSQL, BigId, UtcDateTime, exact
from webapp.domain.models.employees import Employee
from webapp.infra.extensions import Model

BODY_LENGTH = 500
NONCE_LENGTH = 64


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
