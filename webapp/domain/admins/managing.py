"""List admins, change their roles and remove them.

Each change locks the owners first. Two owners who act at once wait for each other, and the second
one meets the roles that the first one has left.
"""

import logging
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select

from webapp.domain.admins.roles import OWNER, Permission, check_role, permits, role_name
from webapp.domain.audit import trail
from webapp.domain.models import Admin, AdminInvitation, AuditEntry
from webapp.domain.passwords import hash_password
from webapp.errors import Forbidden, Invalid, NotFound
from webapp.i18n import lazy
from webapp.infra.clock import utcnow
from webapp.infra.database import begin_to_write, retry_on_outage
from webapp.infra.extensions import db

log = logging.getLogger(__name__)

GONE = lazy("There is no such admin, or somebody has removed them.")
LAST_OWNER = lazy("This is the last owner. Make somebody else an owner first.")


@dataclass(frozen=True)
class AdminRow:
    """An admin in the list; `signed_in_at` is None for one who never signed in."""

    id: int
    email: str
    name: str
    role: str
    signed_in_at: datetime | None

    @property
    def role_name(self) -> str:
        """Return the role as pages name it."""
        return role_name(self.role)


def list_admins() -> list[AdminRow]:
    """Return the admins by name."""
    query = (
        select(Admin.id, Admin.email, Admin.name, Admin.role, func.max(AuditEntry.at))
        .outerjoin(
            AuditEntry, (AuditEntry.admin_id == Admin.id) & (AuditEntry.action == "signed_in")
        )
        .where(Admin.removed_at.is_(None))
        .group_by(Admin.id)
        .order_by(Admin.name, Admin.id)
    )
    return [AdminRow(*row) for row in db.session.execute(query)]


def get_admin(admin_id: int) -> AdminRow:
    """Return one admin. Raises `NotFound` for an unknown or removed one."""
    found = next((admin for admin in list_admins() if admin.id == admin_id), None)
    if found is None:
        raise NotFound(GONE)
    return found


@retry_on_outage
def change_role(admin_id: int, role: str) -> None:
    """Give an admin another role, which counts from their next request.

    Raises `NotFound`, `Forbidden` where the acting admin is not an owner any more, and `Invalid`
    for an unknown role and for the last owner.
    """
    check_role(role)
    admin, owners = _lock(admin_id)
    if admin.removed_at:
        raise NotFound(GONE)
    if admin.role != role:
        _check_owners(admin, owners)
        _set_role(admin, role)
    db.session.commit()


@retry_on_outage
def remove_admin(admin_id: int) -> None:
    """Remove an admin and end their sessions; one who was removed already stays so.

    Raises as `change_role`.
    """
    # A process of release 0.3.0 does not know `removed_at`. Hashed before anything is locked.
    unknown = hash_password(secrets.token_urlsafe())
    admin, owners = _lock(admin_id)
    if not admin.removed_at:
        _check_owners(admin, owners)
        admin.removed_at, admin.password_hash = utcnow(), unknown
        admin.session_version += 1
        _drop_invitations(admin)
        trail.record("admin_removed", subject=admin.email, role=admin.role)
    db.session.commit()


@retry_on_outage
def follow_provider(admin_id: int, role: str) -> None:
    """Give an admin the role that single sign-on tells; the last owner stays one."""
    admin, owners = _lock(admin_id)
    if admin.role != role and owners == [admin.id]:
        log.warning("admin %d stays an owner: there is no other one", admin.id)
    elif admin.role != role:
        with trail.acting_as(admin.id):
            _set_role(admin, role, by="single sign-on")
    db.session.commit()


def _lock(admin_id: int) -> tuple[Admin, list[int]]:
    """Return an admin and the ids of the owners, locked until the transaction ends."""
    begin_to_write()
    is_owner = (Admin.role == OWNER, Admin.removed_at.is_(None))
    # Always in the same order, so that two owners do not block each other.
    query = select(Admin.id).where(*is_owner).order_by(Admin.id).with_for_update()
    owners = list(db.session.scalars(query))
    query_one = select(Admin).where(Admin.id == admin_id).with_for_update()
    admin = db.session.scalar(query_one, execution_options={"populate_existing": True})
    if admin is None:
        raise NotFound(GONE)
    return admin, owners


def _check_owners(admin: Admin, owners: list[int]) -> None:
    """Raise unless the acting admin is an owner and there is one beside `admin`.

    An operator needs no role.
    """
    acting = trail.acting_admin()
    if acting is not None and acting not in owners:
        raise Forbidden(role=role_name(db.session.get_one(Admin, acting).role))
    if owners == [admin.id]:
        raise Invalid(LAST_OWNER)


def _set_role(admin: Admin, role: str, by: str = "") -> None:
    before, admin.role = admin.role, role
    if not permits(role, Permission.MANAGE_ADMINS):
        _drop_invitations(admin)
    trail.record("admin_role_changed", subject=admin.email, role=[before, role], by=by)


def _drop_invitations(admin: Admin) -> None:
    """Withdraw what the admin has sent: it may have been sent for a bad reason."""
    db.session.execute(delete(AdminInvitation).where(AdminInvitation.invited_by == admin.id))
