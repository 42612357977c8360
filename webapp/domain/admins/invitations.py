"""Invite admins with a link that works once.

There is no mail: the owner who invites copies the link and sends it. The table keeps its hash only.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select

from webapp.domain.admins.accounts import (
    KNOWN,
    NAME_LENGTH,
    AdminInfo,
    add_account,
    check_email,
    check_password,
    signed_in,
)
from webapp.domain.admins.roles import check_role, role_name
from webapp.domain.audit import trail
from webapp.domain.models import Admin, AdminInvitation
from webapp.domain.passwords import hash_password
from webapp.errors import Invalid, NotFound
from webapp.i18n import lazy
from webapp.infra.clock import utcnow
from webapp.infra.database import begin_to_write, insert_or_set, retry_on_outage
from webapp.infra.extensions import db
from webapp.infra.text import one_line

LIFETIME = timedelta(days=7)
ANSWERED = lazy("This invitation was accepted or withdrawn meanwhile.")


class InvitationOver(NotFound):
    text = lazy(
        "This invitation was used or withdrawn, or it has expired. Sign in if you have a password,"
        " or ask an owner of this site for a new link."
    )


@dataclass(frozen=True)
class Invitation:
    """An invitation that waits for its person."""

    id: int
    email: str
    role: str
    expires_at: datetime
    invited_by: str = ""

    @property
    def role_name(self) -> str:
        """Return the role as pages name it."""
        return role_name(self.role)

    @property
    def is_over(self) -> bool:
        """Return True when it has expired."""
        return self.expires_at <= utcnow()


def list_invitations() -> list[Invitation]:
    """Return the invitations that nobody has accepted, those that expire first at the top."""
    rows = AdminInvitation
    query = (
        select(rows.id, rows.email, rows.role, rows.expires_at, Admin.name)
        .join(Admin, Admin.id == rows.invited_by)
        .order_by(rows.expires_at, rows.id)
    )
    return [Invitation(*row) for row in db.session.execute(query)]


def invite(email: str, role: str) -> str:
    """Invite a person and return the token of the link; an earlier one for them stops working.

    Raises `Invalid` for an unusable address, an unknown role, and somebody who is an admin.
    """
    token = secrets.token_urlsafe(32)
    _invite(check_email(email), check_role(role), token)
    return token


@retry_on_outage
def _invite(email: str, role: str, token: str) -> None:
    known = select(Admin.id).where(Admin.email == email, Admin.removed_at.is_(None))
    if db.session.scalar(known) is not None:
        raise Invalid(KNOWN, form_field="email")
    values = {
        "role": role,
        "token_hash": _hash(token),
        "invited_by": trail.acting_admin(),
        "expires_at": utcnow() + LIFETIME,
    }
    insert_or_set(AdminInvitation, {"email": email}, values)
    trail.record("admin_invited", subject=email, role=role)
    db.session.commit()


@retry_on_outage
def withdraw(invitation_id: int) -> None:
    """Make an invitation stop working. Raises `NotFound` when it has been accepted meanwhile."""
    begin_to_write()
    row = db.session.get(AdminInvitation, invitation_id, with_for_update=True)
    if row is None:
        raise NotFound(ANSWERED)
    trail.record("admin_invitation_withdrawn", subject=row.email, role=row.role)
    db.session.delete(row)
    db.session.commit()


def find_invitation(token: str) -> Invitation:
    """Return the invitation of a link. Raises `InvitationOver`."""
    row = db.session.scalar(select(AdminInvitation).where(*_usable(token)))
    if row is None:
        raise InvitationOver
    return Invitation(row.id, row.email, row.role, row.expires_at)


def accept(token: str, name: str, password: str) -> AdminInfo:
    """Add the invited person as an admin with a password, and sign them in.

    Raises `InvitationOver`, and `Invalid` for an empty name or a short password.
    """
    name = one_line(name)
    if not 1 <= len(name) <= NAME_LENGTH:
        raise Invalid("Enter your name.", form_field="name")
    find_invitation(token)
    # Hashing takes long: only for a link that works, and no connection is held meanwhile.
    db.session.commit()
    return _accept(token, name, hash_password(check_password(password)))


def _accept(token: str, name: str, password_hash: str) -> AdminInfo:
    begin_to_write()
    query = select(AdminInvitation).where(*_usable(token)).with_for_update()
    # The row may be known to the session from before it was locked.
    row = db.session.scalar(query, execution_options={"populate_existing": True})
    if row is None:
        raise InvitationOver
    role = row.role
    admin = add_account(row.email, name, password_hash, role)
    with trail.acting_as(admin.id):
        trail.record("admin_invitation_accepted", subject=admin.email, role=role)
    db.session.commit()
    return signed_in(admin, "invitation")


def _usable(token: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return AdminInvitation.token_hash == _hash(token), AdminInvitation.expires_at > utcnow()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
