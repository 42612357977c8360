"""Admin accounts."""

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.domain.models.columns import MYSQL, exact
from webapp.infra.extensions import Model


class Admin(Model):
    """An administrator of the site. `session_version` works as for employees."""

    __tablename__ = "admins"
    __table_args__ = (UniqueConstraint("email"), MYSQL)

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(exact(254))
    name: Mapped[str] = mapped_column(String(120))
    password_hash: Mapped[str] = mapped_column(String(255))
    session_version: Mapped[int] = mapped_column("epoch", default=0)
    # A release without roles adds owners: everybody could do everything there.
    role: Mapped[str] = mapped_column(exact(20), default="owner", server_default="owner")
