"""Admin accounts, and invitations to become one."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.domain.models.columns import MYSQL, UtcDateTime, exact
from webapp.infra.extensions import Model


class Admin(Model):
    """An administrator of the site. `session_version` works as for employees.

    A removed one has a time in `removed_at`; the row stays, because the audit log refers to it.
    """

    __tablename__ = "admins"
    __table_args__ = (UniqueConstraint("email"), MYSQL)

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(exact(254))
    name: Mapped[str] = mapped_column(String(120))
    password_hash: Mapped[str] = mapped_column(String(255))
    session_version: Mapped[int] = mapped_column("epoch", default=0)
    # A release without roles adds owners: everybody could do everything there.
    role: Mapped[str] = mapped_column(exact(20), default="owner", server_default="owner")
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AdminInvitation(Model):
    """An invitation that waits for its person; the row goes when it is accepted or withdrawn."""

    __tablename__ = "admin_invitations"
    __table_args__ = (UniqueConstraint("email"), UniqueConstraint("token_hash"), MYSQL)

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(exact(254))
    role: Mapped[str] = mapped_column(exact(20))
    # SHA-256 in hexadecimal digits: the link itself is shown once and kept nowhere.
    token_hash: Mapped[str] = mapped_column(exact(64))
    invited_by: Mapped[int] = mapped_column(ForeignKey("admins.id"))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
