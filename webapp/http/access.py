"""Access control of views. Each view declares its audience with one decorator of this module.

Sockets have no views: `identity.require_viewer` refuses them.
"""

import logging
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from flask import current_app, g, request, url_for
from flask.typing import ResponseReturnValue

from webapp.domain.admins.accounts import AdminInfo
from webapp.domain.admins.roles import Permission
from webapp.domain.audit import trail
from webapp.domain.events.store import get_event
from webapp.errors import Forbidden, NotCheckedIn
from webapp.http import identity, kept_forms
from webapp.http.error_handlers import respond
from webapp.http.headers import referring_page
from webapp.http.rendering import redirect_to, wants_json
from webapp.http.toasts import notify
from webapp.i18n import gettext as _

log = logging.getLogger(__name__)

View = Callable[..., ResponseReturnValue]


# The address travels in a query and, during single sign-on, in the session cookie.
NEXT_LENGTH = 1000


def public(view: View) -> View:
    """Declare a view that everybody may open; it acts for no admin."""

    @wraps(view)
    def unchecked(*args: Any, **kwargs: Any) -> ResponseReturnValue:
        with trail.acting_as(trail.UNKNOWN):
            return view(*args, **kwargs)

    return _declare(unchecked, "public")


def viewer_required(
    view: View, *, page: bool = True, ahead: Callable[[int, int], Iterable[str]] | None = None
) -> View:
    """Declare a view for viewers, which gets `event` and `viewer` instead of `slug`.

    Redirect everybody else to the check-in form, or answer `not_checked_in` to a program and
    where the view is not a `page`. `ahead` returns, for an event id and an employee id, the cache
    keys that the view will read; they are fetched in the same round trip as the viewer.
    """

    @wraps(view)
    def checked(slug: str, **kwargs: Any) -> ResponseReturnValue:
        identity.prefetch(slug, more=ahead)
        event = get_event(slug)
        viewer = identity.current_viewer(event)
        if viewer is not None:
            with trail.acting_as(trail.UNKNOWN):
                return view(event=event, viewer=viewer, **kwargs)
        if page and not wants_json():
            return redirect_to(url_for("checkin.show_form", slug=slug))
        return respond(NotCheckedIn(), as_json=True)

    return _declare(checked, "viewer_required")


def permission_required(permission: Permission) -> Callable[[View], View]:
    """Declare a view for admins whose role includes `permission`.

    Redirect to the sign-in form where no admin is signed in; answer 403 to the other admins. The
    role is read with each request.
    """

    def declare(view: View) -> View:
        @wraps(view)
        def checked(*args: Any, **kwargs: Any) -> ResponseReturnValue:
            admin = identity.current_admin()
            if admin is None:
                return _ask_to_sign_in()
            if not admin.may(permission):
                return _refuse(admin, permission)
            with trail.acting_as(admin.id):
                return view(*args, **kwargs)

        checked.permission = permission  # type: ignore[attr-defined]
        return _declare(checked, "admin_required")

    return declare


def may_open(endpoint: str) -> bool:
    """Return True when the admin of this request may use the view, so that pages can link to it."""
    permission = getattr(current_app.view_functions[endpoint], "permission", None)
    admin: AdminInfo | None = g.get("admin")
    return permission is None or (admin is not None and admin.may(permission))


def internal(view: View) -> View:
    """Declare a view for load balancers and monitoring, which have no session."""
    return _declare(view, "internal")


def admin_address(wanted: str) -> str:
    """Return `wanted`, the `next` of a query, if it is an admin page here; else the event list."""
    safe = wanted.startswith("/admin/") and wanted.isprintable() and len(wanted) <= NEXT_LENGTH
    return wanted if safe else url_for("events.list_events")


def _ask_to_sign_in() -> ResponseReturnValue:
    if kept := kept_forms.show_sign_in():
        return kept
    if request.files:
        notify(_("You had been signed out. Sign in and choose the file again."))
    back = request.full_path if request.method == "GET" else referring_page()
    return redirect_to(url_for("account.show_sign_in", next=back))


def _refuse(admin: AdminInfo, permission: Permission) -> ResponseReturnValue:
    log.info("admin %d with the role %r lacks %r", admin.id, admin.role, permission.value)
    return respond(Forbidden(role=admin.role_name))


def _declare(view: View, audience: str) -> View:
    view.access = audience  # type: ignore[attr-defined]
    return view
