"""Admin accounts and their passwords (argon2id)."""

from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from webapp.domain.audit import trail
from webapp.domain.employees.identifiers import normal_email, vouched_email
from webapp.domain.models import Admin
from webapp.errors import Invalid
from webapp.infra import rate_limit
from webapp.infra.extensions import db

PASSWORD_LENGTH = 12

# OWASP's recommendation for argon2id. The library's default takes 64 MiB and 0.25 s of CPU, and
# anybody may cause it: eight sign-ins a second would keep two cores busy.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Verified when no such admin exists, so that the answer takes the same time.
_NOBODY = _hasher.hash("nobody has this password")


class SignInRefused(Invalid):
    message = "E-mail or password is wrong."


@dataclass(frozen=True)
class AdminInfo:
    """A signed-in admin."""

    id: int
    email: str
    name: str
    session_version: int


def sign_in(email: str, password: str, source: str) -> AdminInfo:
    """Return the admin with that e-mail address and password; `source` is the client's address.

    Raises `SignInRefused`, or `SlowDown` after too many failures.
    """
    email = normal_email(email)
    rate_limit.check_guess("sign-in", email, source)
    admin = db.session.scalar(select(Admin).where(Admin.email == email))
    try:
        _hasher.verify(admin.password_hash if admin else _NOBODY, password)
        known = admin is not None
    except (VerificationError, InvalidHashError):
        known = False
    if admin is None or not known:
        rate_limit.count_failure("sign-in", email, source)
        raise SignInRefused
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


def create_admin(email: str, password: str, name: str = "") -> None:
    """Add an admin. Raises `Invalid` for a short password or an unusable e-mail address."""
    email = normal_email(email)
    if "@" not in email:
        raise Invalid("This is not an e-mail address.")
    if len(password) < PASSWORD_LENGTH:
        raise Invalid(f"The password must have at least {PASSWORD_LENGTH} characters.")
    db.session.add(Admin(email=email, name=name or email, password_hash=_hasher.hash(password)))
    try:
        db.session.flush()
    except IntegrityError:
        db.session.rollback()
        raise Invalid("There is already an admin with this e-mail address.") from None
    trail.record("admin_created", subject=email)
    db.session.commit()


def _info(admin: Admin) -> AdminInfo:
    return AdminInfo(admin.id, admin.email, admin.name, admin.session_version)


def _signed_in(admin: Admin, by: str) -> AdminInfo:
    info = _info(admin)
    with trail.acting_as(info.id):
        trail.record_now("signed_in", by=by)
    return info
