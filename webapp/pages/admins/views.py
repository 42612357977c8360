"""The owners' page of admins: list, invite, change the role, remove."""

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue

from webapp.domain.admins import invitations, managing
from webapp.domain.admins.managing import AdminRow
from webapp.domain.admins.roles import OWNER, ROLE_HINTS, ROLES, Permission
from webapp.errors import Invalid, NotFound, TownhallError
from webapp.http import identity
from webapp.http.access import permission_required
from webapp.http.rendering import redirect_to, render
from webapp.http.toasts import notify
from webapp.i18n import gettext as _
from webapp.pages.admins.forms import InviteForm, RoleForm

bp = Blueprint("admins", __name__, url_prefix="/admin/admins")


@bp.get("")
@permission_required(Permission.MANAGE_ADMINS)
def list_admins() -> ResponseReturnValue:
    return _show(InviteForm())


@bp.post("")
@permission_required(Permission.MANAGE_ADMINS)
def invite() -> ResponseReturnValue:
    form = InviteForm()
    try:
        form.check()
        token = invitations.invite(form.email.data, form.role.data)
    except Invalid as refusal:
        return _show(form, refusal)
    # Not a redirect: the link is known now and never again.
    link = url_for("invitation.show_form", token=token, _external=True)
    return _show(InviteForm(formdata=None), link=link, invited=form.email.data)


@bp.get("/<id:admin_id>/role")
@permission_required(Permission.MANAGE_ADMINS)
def show_role(admin_id: int) -> ResponseReturnValue:
    admin = managing.get_admin(admin_id)
    return _show_role(admin, RoleForm(role=admin.role))


@bp.post("/<id:admin_id>/role")
@permission_required(Permission.MANAGE_ADMINS)
def change_role(admin_id: int) -> ResponseReturnValue:
    admin, form = managing.get_admin(admin_id), RoleForm()
    try:
        managing.change_role(admin_id, form.role.data or "")
    except Invalid as refusal:
        return _show_role(admin, form, refusal)
    role = str(ROLES[form.role.data])
    notify(_("%(name)s has the role %(role)s now.", name=admin.name, role=role))
    return _back(admin)


@bp.get("/<id:admin_id>/remove")
@permission_required(Permission.MANAGE_ADMINS)
def confirm_remove(admin_id: int) -> ResponseReturnValue:
    return _ask_to_remove(managing.get_admin(admin_id))


@bp.post("/<id:admin_id>/remove")
@permission_required(Permission.MANAGE_ADMINS)
def remove(admin_id: int) -> ResponseReturnValue:
    admin = managing.get_admin(admin_id)
    try:
        managing.remove_admin(admin_id)
    except Invalid as refusal:
        return _ask_to_remove(admin, refusal)
    notify(_("%(name)s is not an admin any more.", name=admin.name))
    return _back(admin)


@bp.get("/invitations/<id:invitation_id>/withdraw")
@permission_required(Permission.MANAGE_ADMINS)
def confirm_withdraw(invitation_id: int) -> ResponseReturnValue:
    waiting = {each.id: each for each in invitations.list_invitations()}
    if invitation_id not in waiting:
        raise NotFound(invitations.ANSWERED)
    return render("admins/confirm_withdraw.html", invitation=waiting[invitation_id])


@bp.post("/invitations/<id:invitation_id>/withdraw")
@permission_required(Permission.MANAGE_ADMINS)
def withdraw(invitation_id: int) -> ResponseReturnValue:
    invitations.withdraw(invitation_id)
    notify(_("The link of the invitation does not work any more."))
    return redirect_to(url_for("admins.list_admins"))


def _back(admin: AdminRow) -> ResponseReturnValue:
    """Redirect to the list; to the sign-in form or the events an owner who was one until now."""
    own = admin.id == identity.require_admin().id
    return redirect_to(url_for("events.list_events" if own else "admins.list_admins"))


def _show(
    form: InviteForm, error: TownhallError | None = None, link: str = "", invited: str = ""
) -> ResponseReturnValue:
    form.mark(error)
    admins = managing.list_admins()
    owners = [admin.id for admin in admins if admin.role == OWNER]
    return render(
        "admins/list_admins.html",
        form=form,
        admins=admins,
        last_owner_id=owners[0] if len(owners) == 1 else None,
        last_owner=managing.LAST_OWNER,
        invitations=invitations.list_invitations(),
        own_id=identity.require_admin().id,
        roles=ROLES,
        hints=ROLE_HINTS,
        link=link,
        invited=invited,
        error=error,
    )


def _show_role(
    admin: AdminRow, form: RoleForm, error: TownhallError | None = None
) -> ResponseReturnValue:
    form.mark(error)
    own = admin.id == identity.require_admin().id
    return render(
        "admins/change_role.html",
        admin=admin,
        form=form,
        own=own,
        roles=ROLES,
        hints=ROLE_HINTS,
        error=error,
    )


def _ask_to_remove(admin: AdminRow, error: TownhallError | None = None) -> ResponseReturnValue:
    own = admin.id == identity.require_admin().id
    return render("admins/confirm_remove.html", admin=admin, own=own, error=error)
