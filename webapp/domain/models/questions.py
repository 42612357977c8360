"""Questions of viewers, and their votes."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.domain.models.chat import BODY_LENGTH, NONCE_LENGTH
from webapp.domain.models.columns import MYSQL, BigId, UtcDateTime, exact
from webapp.domain.models.events import REASON_LENGTH
from webapp.infra.extensions import Model

ANSWER_LENGTH = 2000
QUESTION_STATES = ("waiting", "rejected", "open", "answering", "answered", "hidden")


class QuestionAuthor(Model):
    """The author of the question that has the same id.

    The table is apart so that no query of questions can show the author of an anonymous one. Only
    `webapp.domain.questions.authors` reads it. `revealed_at` and the columns after it tell of the
    last time an admin had the author revealed.
    """

    __tablename__ = "question_authors"
    __table_args__ = (
        UniqueConstraint("employee_id", "nonce"),
        Index(None, "employee_id", "asked_at"),
        MYSQL,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"))
    employee_id: Mapped[int] = mapped_column(ForeignKey("employees.id"))
    nonce: Mapped[str] = mapped_column(exact(NONCE_LENGTH))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revealed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revealed_by: Mapped[int | None] = mapped_column(ForeignKey("admins.id"))
    reveal_reason: Mapped[str | None] = mapped_column(String(REASON_LENGTH))


class Question(Model):
    """A question to the speakers. `author_id` is null if it is anonymous.

    `original_body` is the text before a moderator edited it first. `place` orders the questions
    that moderators have put into the queue. `merged_into` is the id of the question that has taken
    over the votes; it is not a foreign key, so that an event's questions can be deleted in one
    statement. `votes` counts the rows of `question_votes`. `votes_revision` rises with each change
    of the count and `revision` with each other change, so that a late packet is recognised.
    `decided_by` is the admin who changed the state last; as in `messages`, it is not a foreign key.
    """

    __tablename__ = "questions"
    __table_args__ = (
        CheckConstraint(f"state IN {QUESTION_STATES}", name="state"),
        Index(None, "event_id", "state"),
        MYSQL,
    )

    id: Mapped[int] = mapped_column(
        BigId, ForeignKey("question_authors.id"), primary_key=True, autoincrement=False
    )
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("employees.id"))
    body: Mapped[str] = mapped_column(String(BODY_LENGTH))
    original_body: Mapped[str | None] = mapped_column(String(BODY_LENGTH))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(16))
    votes: Mapped[int] = mapped_column(default=0, server_default="0")
    place: Mapped[int | None]
    answer: Mapped[str | None] = mapped_column(String(ANSWER_LENGTH))
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    merged_into: Mapped[int | None] = mapped_column(BigId)
    revision: Mapped[int] = mapped_column(default=1, server_default="1")
    votes_revision: Mapped[int] = mapped_column(default=0, server_default="0")
    decided_by: Mapped[int | None]


class QuestionVote(Model):
    """An employee's vote for a question; the key makes it one.

    `employee_id` is not a foreign key: an import that holds the rows of employees would stop every
    batch of votes in which one of them takes part.
    """

    __tablename__ = "question_votes"
    __table_args__ = (Index(None, "employee_id"), MYSQL)

    question_id: Mapped[int] = mapped_column(ForeignKey("questions.id"), primary_key=True)
    employee_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
