"""The audit log."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.domain.models.columns import MYSQL, BigId, UtcDateTime, exact
from webapp.infra.extensions import Model

SUBJECT_LENGTH = 254


class AuditEntry(Model):
    """An act of an admin (null: of an operator) that is on record. `details` is a JSON object.

    `unit` names the unit of work that wrote the row, so that a retry writes it once.
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
