"""Events: meetings and their settings."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.domain.models.columns import MYSQL, UtcDateTime, exact
from webapp.infra.extensions import Model


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
