"""Single sign-on: the way to the organisation's provider and back."""

import logging

from flask import Blueprint, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue

from webapp.domain.admins.sign_on import sign_on
from webapp.domain.attendance import checkin
from webapp.domain.employees import directory
from webapp.domain.events.store import get_event
from webapp.errors import EventNotOpen, NotFound
from webapp.http import identity, sso
from webapp.http.access import admin_address, public
from webapp.http.client import remember_browser

bp = Blueprint("sso", __name__)
log = logging.getLogger(__name__)

# For the log: the pages do not tell an unverified address from an unknown one.
NOT_VOUCHED = "the provider vouches for no e-mail address (see OIDC_TRUST_EMAIL)"


@bp.get("/admin/login/sso")
@public
def sign_in() -> ResponseReturnValue:
    return _begin(back=admin_address(request.args.get("next", "")))


@bp.get("/events/<slug>/sso")
@public
def check_in(slug: str) -> ResponseReturnValue:
    if not current_app.config["SSO_EMPLOYEES"]:
        raise NotFound
    if not get_event(slug).is_open:
        return redirect(url_for("checkin.show_form", slug=slug), 303)
    return _begin(slug)


@bp.get("/sso/callback")
@public
def finish() -> ResponseReturnValue:
    state = request.args.get("state", "")
    try:
        flow = sso.take_flow(state)
    except sso.Refused as refusal:
        return _refuse(refusal, sso.slug_of(state))
    try:
        person = sso.identify(flow, request.args)
        return _check_in(flow.slug, person.email) if flow.slug else _sign_in(flow.back, person)
    except sso.Refused as refusal:
        return _refuse(refusal, flow.slug, flow.back)


def _begin(slug: str = "", back: str = "") -> ResponseReturnValue:
    try:
        address = sso.begin(url_for("sso.finish", _external=True), slug, back)
    except sso.Refused as refusal:
        return _refuse(refusal, slug, back)
    return redirect(address, 303)


def _sign_in(back: str, person: sso.Person) -> ResponseReturnValue:
    if person.email is None:
        raise sso.Unverified(detail=NOT_VOUCHED)
    admin = sign_on(person.email, sso.role_of(person), person.name)
    if admin is None:
        raise sso.Unknown(detail="no admin has this address")
    identity.remember_admin(admin)
    remember_browser("sign-in", admin.email)
    return redirect(back, 303)


def _check_in(slug: str, email: str | None) -> ResponseReturnValue:
    # An unverified e-mail address and an unknown one get the same answer, which tells nothing
    # about the employee list.
    if email is None:
        raise sso.Nobody(detail=NOT_VOUCHED)
    employee = directory.find_by_email(email)
    if employee is None:
        raise sso.Nobody(detail="no active employee has this address")
    try:
        identity.remember_viewer(checkin.check_in_known(get_event(slug), employee))
    except EventNotOpen:
        return redirect(url_for("checkin.show_form", slug=slug), 303)
    remember_browser("check-in", email)
    return redirect(url_for("live.show_live", slug=slug), 303)


def _refuse(refusal: sso.Refused, slug: str, back: str = "") -> ResponseReturnValue:
    """Redirect to the page where the sign-in began, which shows the message of the refusal."""
    # The circuit breaker logs a provider that is away, once a minute.
    if not isinstance(refusal, sso.Away):
        log.warning("single sign-on refused: %s", refusal.detail)
    if slug:
        # Looked up, because anybody can make up a callback.
        page = url_for("checkin.show_form", slug=get_event(slug).slug, sso=refusal.reason)
    else:
        page = url_for("account.show_sign_in", next=back or None, sso=refusal.reason)
    return redirect(page, 303)
