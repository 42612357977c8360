"""Admins who sign on with the organisation's OpenID provider."""

import secrets

from sqlalchemy import select

from webapp.domain.admins.accounts import EMAIL_LENGTH, AdminInfo, add_account, signed_in
from webapp.domain.admins.managing import follow_provider
from webapp.domain.audit import trail
from webapp.domain.employees.identifiers import vouched_email
from webapp.domain.models import Admin
from webapp.domain.passwords import hash_password
from webapp.errors import Invalid
from webapp.infra.extensions import db

BY = "single sign-on"


def sign_on(email: str, role: str | None = None, name: str = "") -> AdminInfo | None:
    """Return the admin with that address, which the provider has verified, or None.

    `role` is the one that the groups of the person give: it replaces the one before, and a person
    without an account gets one. With None the account stays as it is. A removed admin stays out.
    """
    address = vouched_email(email)
    if address is None or len(address) > EMAIL_LENGTH:
        return None
    admin = _find(address)
    if admin is None and role:
        admin = _add(address, role, name)
    if admin is None or admin.removed_at:
        return None
    if role and admin.role != role:
        follow_provider(admin.id, role)
    return signed_in(admin, BY)


def _find(address: str) -> Admin | None:
    return db.session.scalar(select(Admin).where(Admin.email == address))


def _add(address: str, role: str, name: str) -> Admin | None:
    # Nobody knows the password: an account of the provider signs on there.
    unknown = hash_password(secrets.token_urlsafe())
    try:
        admin = add_account(address, name, unknown, role)
    except Invalid:
        # The same person, in another browser at the same moment.
        return _find(address)
    with trail.acting_as(admin.id):
        trail.record("admin_created", subject=address, role=role, by=BY)
    db.session.commit()
    return admin
