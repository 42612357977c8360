"""The page behind the link of an invitation, where a new admin sets a password."""

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue

from webapp.domain.admins import invitations
from webapp.domain.admins.accounts import PASSWORD_LENGTH
from webapp.domain.admins.invitations import Invitation
from webapp.domain.admins.roles import ROLE_HINTS
from webapp.errors import Invalid, TownhallError
from webapp.http import identity
from webapp.http.access import public
from webapp.http.client import remember_browser
from webapp.http.rendering import redirect_to, render
from webapp.http.toasts import notify
from webapp.i18n import gettext as _
from webapp.pages.admins.forms import AcceptForm

bp = Blueprint("invitation", __name__, url_prefix="/admin/invitations/<token>")


@bp.get("")
@public
def show_form(token: str) -> ResponseReturnValue:
    return _show(invitations.find_invitation(token), token, AcceptForm())


@bp.post("")
@public
def accept(token: str) -> ResponseReturnValue:
    invitation, form = invitations.find_invitation(token), AcceptForm()
    try:
        form.check()
        admin = invitations.accept(token, form.name.data, form.password.data)
    except Invalid as refusal:
        return _show(invitation, token, form, refusal)
    identity.remember_admin(admin)
    remember_browser("sign-in", admin.email)
    notify(_("Welcome. Next time, sign in with your e-mail and this password."))
    return redirect_to(url_for("events.list_events"))


def _show(
    invitation: Invitation, token: str, form: AcceptForm, error: TownhallError | None = None
) -> ResponseReturnValue:
    form.mark(error)
    hint = ROLE_HINTS.get(invitation.role, "")
    return render(
        "admins/accept.html",
        invitation=invitation,
        token=token,
        form=form,
        hint=hint,
        shortest=PASSWORD_LENGTH,
        error=error,
    )
