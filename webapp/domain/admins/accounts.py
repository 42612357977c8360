"""Admin accounts: signing in and out."""

from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from webapp.domain.admins.roles import OWNER, ROLES, Permission, check_role, permits
from webapp.domain.audit import trail
from webapp.domain.employees.identifiers import normal_email, vouched_email
from webapp.domain.models import Admin
from webapp.domain.passwords import hash_password, needs_rehash, verify_password
from webapp.errors import Invalid
from webapp.i18n import lazy
from webapp.infra import rate_limit
from webapp.infra.extensions import db
from webapp.infra.rate_limit import Attempt, Client

PASSWORD_LENGTH = 12


class SignInRefused(Invalid):
    text = lazy("E-mail or password is wrong.")


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
        return str(ROLES.get(self.role, self.role))

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
    return _signed_in(admin, "password")


def find_admin(admin_id: int, session_version: int) -> AdminInfo | None:
    """Return the admin, or None when their sessions were ended since `session_version`."""
    admin = db.session.get(Admin, admin_id)
    return _info(admin) if admin and admin.session_version == session_version else None


def sign_in_known(email: str) -> AdminInfo | None:
    """Return the admin with that e-mail address, which single sign-on has verified, or None."""
    admin = db.session.scalar(select(Admin).where(Admin.email == vouched_email(email)))
    return _signed_in(admin, "single sign-on") if admin else None


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
    check_role(role)
    email = normal_email(email)
    if "@" not in email:
        raise Invalid("This is not an e-mail address.")
    if len(password) < PASSWORD_LENGTH:
        raise Invalid(
            "The password must have at least %(count)s characters.", count=PASSWORD_LENGTH
        )
    admin = Admin(email=email, name=name or email, role=role)
    admin.password_hash = hash_password(password)
    db.session.add(admin)
    try:
        db.session.flush()
    except IntegrityError:
        db.session.rollback()
        raise Invalid("There is already an admin with this e-mail address.") from None
    trail.record("admin_created", subject=email, role=role)
    db.session.commit()


def _find_with_password(email: str, password: str) -> Admin | None:
    admin = db.session.scalar(select(Admin).where(Admin.email == email))
    own = admin.password_hash if admin else None
    stored = db.session.scalars(select(Admin.password_hash)).all()
    # Hashing takes long: no connection is held meanwhile.
    db.session.commit()
    return admin if verify_password(password, own, stored) else None


def _info(admin: Admin) -> AdminInfo:
    return AdminInfo(admin.id, admin.email, admin.name, admin.session_version, admin.role)


def _signed_in(admin: Admin, by: str) -> AdminInfo:
    info = _info(admin)
    with trail.acting_as(info.id):
        trail.record_now("signed_in", by=by)
    return info
