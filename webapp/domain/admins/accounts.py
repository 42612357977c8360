"""Admin accounts: signing in and out."""

from dataclasses import dataclass, replace

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from webapp.domain.admins.roles import OWNER, Permission, check_role, permits, role_name
from webapp.domain.audit import trail
from webapp.domain.employees.identifiers import normal_email
from webapp.domain.models import Admin, AdminInvitation
from webapp.domain.passwords import hash_password, needs_rehash, verify_password
from webapp.errors import Invalid
from webapp.i18n import lazy
from webapp.infra import rate_limit
from webapp.infra.database import count_changed
from webapp.infra.extensions import db
from webapp.infra.rate_limit import Attempt, Client

PASSWORD_LENGTH = 12
EMAIL_LENGTH = 254
NAME_LENGTH = 120
KNOWN = lazy("There is already an admin with this e-mail address.")


class SignInRefused(Invalid):
    text = lazy("E-mail or password is wrong.")


class WrongPassword(Invalid):
    text = lazy("This is not your current password.")
    form_field = "current"


@dataclass(frozen=True)
class AdminInfo:
    """A signed-in admin."""

    id: int
    email: str
    name: str
    session_version: int
    role: str = OWNER

    @property
    def role_name(self) -> str:
        """Return the role as pages name it."""
        return role_name(self.role)

    def may(self, permission: Permission) -> bool:
        """Return True when the role of the admin includes `permission`."""
        return permits(self.role, permission)


def sign_in(email: str, password: str, client: Client) -> AdminInfo:
    """Return the admin with that e-mail address and password.

    Raises `SignInRefused`, or `WorkRequired` after too many failures.
    """
    attempt = Attempt("sign-in", normal_email(email), password, client)
    rate_limit.admit(attempt)
    admin = _find_with_password(attempt.target, password)
    if admin is None:
        rate_limit.count_failure(attempt)
        raise SignInRefused
    rate_limit.forgive(attempt)
    if needs_rehash(admin.password_hash):
        admin.password_hash = hash_password(password)
    return signed_in(admin, "password")


def change_password(admin: AdminInfo, current: str, new: str, client: Client) -> AdminInfo:
    """Store a new password and end the admin's sessions; return the admin for a new one.

    Raises `Invalid` for a short password, `WrongPassword` where `current` is not the one until
    now, and `WorkRequired` after too many failures, which count as those of a sign-in.
    """
    check_password(new)
    attempt = Attempt("sign-in", admin.email, current, client)
    rate_limit.admit(attempt)
    if _find_with_password(attempt.target, current) is None:
        rate_limit.count_failure(attempt)
        raise WrongPassword
    rate_limit.forgive(attempt)
    return _set_password(admin, hash_password(new))


def find_admin(admin_id: int, session_version: int) -> AdminInfo | None:
    """Return the admin, or None when they were removed or signed out since `session_version`."""
    admin = db.session.get(Admin, admin_id)
    if admin is None or admin.removed_at or admin.session_version != session_version:
        return None
    return _info(admin)


def sign_out(admin: AdminInfo) -> None:
    """Record that the admin signs out of this browser; the caller changes its cookie."""
    with trail.acting_as(admin.id):
        trail.record_now("signed_out")


def end_sessions(admin: AdminInfo) -> None:
    """End every session of the admin: cookies with an older session version stop counting."""
    change = update(Admin).where(Admin.id == admin.id)
    db.session.execute(change.values(session_version=Admin.session_version + 1))
    with trail.acting_as(admin.id):
        trail.record("signed_out_everywhere")
    db.session.commit()


def create_admin(email: str, password: str, name: str = "", role: str = OWNER) -> None:
    """Add an admin. Raises `Invalid` for a short password, an unusable address or unknown role."""
    address = check_email(email)
    add_account(address, name, hash_password(check_password(password)), check_role(role))
    trail.record("admin_created", subject=address, role=role)
    db.session.commit()


def check_email(email: str) -> str:
    """Return an e-mail address as it is stored. Raises `Invalid` for anything else."""
    email = normal_email(email)
    if "@" not in email or len(email) > EMAIL_LENGTH:
        raise Invalid("This is not an e-mail address.", form_field="email")
    return email


def check_password(password: str) -> str:
    """Return `password`. Raises `Invalid` for a short one."""
    if len(password) < PASSWORD_LENGTH:
        raise Invalid(
            "The password must have at least %(count)s characters.",
            count=PASSWORD_LENGTH,
            form_field="password",
        )
    return password


def add_account(email: str, name: str, password_hash: str, role: str) -> Admin:
    """Add an admin, or give a removed one a new account, in the current transaction.

    Raises `Invalid` when there is an admin with that address.
    """
    admin = db.session.scalar(select(Admin).where(Admin.email == email).with_for_update())
    if admin is None:
        admin = Admin(email=email, session_version=0)
        db.session.add(admin)
    elif admin.removed_at is None:
        db.session.rollback()
        raise Invalid(KNOWN, form_field="email")
    admin.name, admin.password_hash, admin.role = name or email, password_hash, role
    admin.removed_at = None
    db.session.execute(delete(AdminInvitation).where(AdminInvitation.email == email))
    try:
        db.session.flush()
    except IntegrityError:
        db.session.rollback()
        raise Invalid(KNOWN, form_field="email") from None
    return admin


def signed_in(admin: Admin, by: str) -> AdminInfo:
    """Record how the admin has signed in, and return them for the session."""
    info = _info(admin)
    with trail.acting_as(info.id):
        trail.record_now("signed_in", by=by)
    return info


def _set_password(admin: AdminInfo, password_hash: str) -> AdminInfo:
    # Of two changes at once, or one beside a removal, the first one counts.
    same = (Admin.id == admin.id, Admin.session_version == admin.session_version)
    session_version = admin.session_version + 1
    values = {"password_hash": password_hash, "session_version": session_version}
    if not count_changed(update(Admin).where(*same).values(**values)):
        db.session.rollback()
        raise WrongPassword
    trail.record("admin_password_changed")
    db.session.commit()
    return replace(admin, session_version=session_version)


def _find_with_password(email: str, password: str) -> Admin | None:
    active = (Admin.email == email, Admin.removed_at.is_(None))
    admin = db.session.scalar(select(Admin).where(*active))
    own = admin.password_hash if admin else None
    stored = db.session.scalars(select(Admin.password_hash)).all()
    # Hashing takes long: no connection is held meanwhile.
    db.session.commit()
    return admin if verify_password(password, own, stored) else None


def _info(admin: Admin) -> AdminInfo:
    return AdminInfo(admin.id, admin.email, admin.name, admin.session_version, admin.role)
