"""Signing admins in and out."""

from typing import Any

from flask import Blueprint, Response, redirect, request, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from webapp.domain.admins import accounts
from webapp.domain.admins.roles import Permission
from webapp.errors import Invalid, TownhallError
from webapp.http import identity, kept_forms, sso
from webapp.http.access import admin_address, permission_required, public
from webapp.http.client import read_client, remember_browser
from webapp.http.rendering import redirect_to, render
from webapp.http.toasts import notify
from webapp.i18n import gettext as _
from webapp.infra.rate_limit import WorkRequired
from webapp.pages.account.forms import PasswordForm, SignInForm

bp = Blueprint("account", __name__, url_prefix="/admin")

# Every role has this permission.
ANY_ROLE = Permission.SEE_EVENTS


@bp.get("/login")
@public
def show_sign_in() -> ResponseReturnValue:
    if identity.current_admin():
        return redirect_to(admin_address(request.args.get("next", "")))
    return _show(SignInForm(), sso.refusal(request.args.get("sso")))


@bp.post("/login")
@public
def sign_in() -> ResponseReturnValue:
    form = SignInForm()
    if not form.validate():
        return _show(form, Invalid("Fill in both fields."))
    try:
        admin = accounts.sign_in(form.email.data, form.password.data, read_client())
    except (accounts.SignInRefused, WorkRequired) as refusal:
        return _show(form, refusal)
    identity.remember_admin(admin)
    remember_browser("sign-in", form.email.data)
    if kept := kept_forms.read_kept(request.form.get(kept_forms.FIELD, "")):
        return kept_forms.show_kept(kept)
    return redirect_to(admin_address(request.args.get("next", "")))


@bp.get("/kept")
@permission_required(ANY_ROLE)
def show_kept() -> ResponseReturnValue:
    """Show the form that an ended session would have lost, after a single sign-on."""
    return kept_forms.show_kept(kept_forms.read_carried())


@bp.get("/sign-out-everywhere")
@public
def confirm_sign_out_everywhere() -> ResponseReturnValue:
    if identity.current_admin() is None:
        return redirect_to(url_for("account.show_sign_in"))
    return render("account/confirm_sign_out.html")


@bp.get("/password")
@permission_required(ANY_ROLE)
def show_password() -> ResponseReturnValue:
    return _show_password(PasswordForm())


@bp.post("/password")
@permission_required(ANY_ROLE)
def change_password() -> ResponseReturnValue:
    form, admin = PasswordForm(), identity.require_admin()
    try:
        form.check()
        words = form.current.data, form.password.data
        changed = accounts.change_password(admin, *words, read_client())
    except (Invalid, WorkRequired) as refusal:
        return _show_password(form, refusal)
    identity.remember_admin(changed)
    notify(_("Your password is changed, and your other sessions are ended."))
    return redirect_to(url_for("events.list_events"))


@bp.get("/logout", endpoint="return_from_sign_out")
@public
def return_to_sign_in() -> ResponseReturnValue:
    """Redirect to the form: Enter in the address bar after a refused form opens its address."""
    return redirect(url_for("account.show_sign_in"), 303)


@bp.post("/logout")
@public
def sign_out() -> ResponseReturnValue:
    admin = identity.current_admin()
    if admin is not None:
        accounts.sign_out(admin)
    return _forget()


@bp.post("/sign-out-everywhere")
@public
def sign_out_everywhere() -> ResponseReturnValue:
    admin = identity.current_admin()
    if admin is not None:
        accounts.end_sessions(admin)
    return _forget()


def _forget() -> ResponseReturnValue:
    identity.forget_admin()
    notify(_("You are signed out."))
    return redirect_to(url_for("account.show_sign_in"))


def _show(form: SignInForm, error: TownhallError | None = None) -> ResponseReturnValue:
    return _render(form, request.form.get(kept_forms.FIELD, ""), "account/_card.html", error=error)


def _show_password(form: PasswordForm, error: TownhallError | None = None) -> ResponseReturnValue:
    form.mark(error)
    shortest = accounts.PASSWORD_LENGTH
    page, fragment = "account/change_password.html", "account/_password.html"
    return render(page, fragment, form=form, shortest=shortest, error=error)


def _show_keeping(kept: str) -> Response:
    """Return the sign-in page for somebody whose form waits in `kept`."""
    return _render(SignInForm(formdata=None), kept, waiting=True, status=401)


def _render(form: SignInForm, kept: str, fragment: str | None = None, **more: Any) -> Response:
    carried = kept_forms.is_carried(kept)
    page = render("account/sign_in.html", fragment, form=form, kept=kept, carried=carried, **more)
    return kept_forms.carry(page, kept)


@bp.record_once
def _offer_sign_in(state: BlueprintSetupState) -> None:
    state.app.extensions["sign_in_page"] = _show_keeping
