"""Polls with their options and answers, and reactions by minute."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.domain.models.columns import MYSQL, UtcDateTime, exact
from webapp.infra.extensions import Model

POLL_QUESTION_LENGTH = 300
OPTION_LENGTH = 200
KIND_LENGTH = 16


class Poll(Model):
    """A question with options, of which each viewer chooses one or, where `multiple`, several.

    `open_in` is the event's id while the poll is open, else null: its unique key lets an event have
    one open poll. `revision` orders the states of all polls of an event: each change of an opened
    poll raises it, and opening one sets it above every other. `answers` counts the employees who
    answered. A `secret` poll keeps no choice of anybody (see
    docs/decisions/0011-secret-polls-keep-no-choices.md).
    """

    __tablename__ = "polls"
    __table_args__ = (
        UniqueConstraint("open_in"),
        CheckConstraint("state IN ('draft', 'open', 'closed')", name="state"),
        CheckConstraint("(state = 'open') = (open_in IS NOT NULL)", name="open"),
        Index(None, "event_id", "revision"),
        MYSQL,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"))
    question: Mapped[str] = mapped_column(String(POLL_QUESTION_LENGTH))
    multiple: Mapped[bool] = mapped_column(default=False)
    secret: Mapped[bool] = mapped_column(default=False)
    live_results: Mapped[bool] = mapped_column(default=True)
    state: Mapped[str] = mapped_column(String(16), default="draft")
    open_in: Mapped[int | None]
    revision: Mapped[int] = mapped_column(default=0)
    answers: Mapped[int] = mapped_column(default=0)
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PollOption(Model):
    """An option of a poll, and how many employees chose it. Positions begin at 0."""

    __tablename__ = "poll_options"
    __table_args__ = (UniqueConstraint("poll_id", "position"), MYSQL)

    id: Mapped[int] = mapped_column(primary_key=True)
    poll_id: Mapped[int] = mapped_column(ForeignKey("polls.id", ondelete="CASCADE"))
    position: Mapped[int]
    text: Mapped[str] = mapped_column(String(OPTION_LENGTH))
    votes: Mapped[int] = mapped_column(default=0)


class PollAnswer(Model):
    """An employee has answered a poll; the key makes it count once.

    `choices` has the bit `1 << position` of each chosen option, and is null in a secret poll. There
    is neither a time nor a number of its own, and SQLite gets no hidden row id: nothing orders the
    rows by when they were written.

    `employee_id` is not a foreign key: an import that holds the row of one employee would hold up
    the answers of everybody in the same batch.
    """

    __tablename__ = "poll_answers"
    __table_args__ = (MYSQL | {"sqlite_with_rowid": False},)

    poll_id: Mapped[int] = mapped_column(
        ForeignKey("polls.id", ondelete="CASCADE"), primary_key=True
    )
    employee_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    choices: Mapped[int | None]


class ReactionMinute(Model):
    """How many reactions of one kind a process counted in a minute (whole minutes since the Unix
    epoch).

    `source` is the process. It writes its total, so that a repeated statement counts once; the
    event's total is the sum over all sources.
    """

    __tablename__ = "reaction_minutes"
    __table_args__ = MYSQL

    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"), primary_key=True)
    minute: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(exact(KIND_LENGTH), primary_key=True)
    source: Mapped[str] = mapped_column(exact(32), primary_key=True)
    amount: Mapped[int]
