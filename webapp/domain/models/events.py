"""Events: meetings and their settings."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, false, true
from sqlalchemy.orm import Mapped, mapped_column

from webapp.domain.models.columns import MYSQL, UtcDateTime, exact
from webapp.infra.extensions import Model

# Signed addresses have up to 1,500 characters.
STREAM_URL_LENGTH = 4000
STREAM_HOSTS_LENGTH = 2000
REASON_LENGTH = 200
DESCRIPTION_LENGTH = 2000
SPEAKERS_LENGTH = 1000
RECORDING_URL_LENGTH = 2000


class Event(Model):
    """A meeting. Admins set its `state`, or have it opened at `opens_at` and closed at `closes_at`.

    `stream_kind` is `hls`, `embed` or empty (see the address); `stream_hosts` lists further
    sources of the stream, separated by spaces. `stream_tested_at`, `stream_answers` and
    `stream_captions` tell what its last test found, if it was tested. `speakers` has one speaker a
    line, "Name, role". `revision` counts the changes of the row. Questions wait for approval if
    `hold_questions`, and may be anonymous if `anonymous_questions`. With `export_contributions`,
    exports of the roster say how much each employee wrote. An archived event is left out of lists.
    """

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
    stream_url: Mapped[str] = mapped_column(String(STREAM_URL_LENGTH))
    stream_kind: Mapped[str] = mapped_column(String(8), default="")
    stream_hosts: Mapped[str] = mapped_column(String(STREAM_HOSTS_LENGTH), default="")
    description: Mapped[str] = mapped_column(
        String(DESCRIPTION_LENGTH), default="", server_default=""
    )
    speakers: Mapped[str] = mapped_column(String(SPEAKERS_LENGTH), default="", server_default="")
    opens_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closes_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    recording_url: Mapped[str] = mapped_column(
        String(RECORDING_URL_LENGTH), default="", server_default=""
    )
    revision: Mapped[int] = mapped_column(default=0, server_default="0")
    state: Mapped[str] = mapped_column(String(16), default="scheduled")
    chat_open: Mapped[bool] = mapped_column(default=True)
    stream_tested_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    stream_answers: Mapped[bool | None]
    stream_captions: Mapped[bool | None]
    slow_mode_seconds: Mapped[int] = mapped_column(default=0)
    hold_messages: Mapped[bool] = mapped_column(default=False)
    questions_open: Mapped[bool] = mapped_column(default=True, server_default=true())
    hold_questions: Mapped[bool] = mapped_column(default=False, server_default=false())
    anonymous_questions: Mapped[bool] = mapped_column(default=False, server_default=false())
    required_share: Mapped[int] = mapped_column(default=50)
    archived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    export_contributions: Mapped[bool] = mapped_column(default=False, server_default=false())


class Reopening(Model):
    """A closing that was taken back: when and by whom the event had been closed, and why it was
    opened again."""

    __tablename__ = "reopenings"
    __table_args__ = (Index(None, "event_id", "reopened_at"), MYSQL)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"))
    closed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_by: Mapped[int | None] = mapped_column(ForeignKey("admins.id"))
    reopened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reopened_by: Mapped[int | None] = mapped_column(ForeignKey("admins.id"))
    reason: Mapped[str] = mapped_column(String(REASON_LENGTH))
