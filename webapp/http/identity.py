"""The signed session cookie: the employee and the admin it names, for pages and nodes alike."""

import secrets
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, g, request, session

from webapp.domain.admins.accounts import AdminInfo, find_admin
from webapp.domain.admins.roles import Permission
from webapp.domain.attendance import checkin
from webapp.domain.attendance.checkin import Viewer, find_viewer
from webapp.domain.employees import directory
from webapp.domain.employees.directory import EmployeeInfo, get_employee
from webapp.domain.events import store as event_store
from webapp.domain.events.store import EventInfo
from webapp.errors import NotCheckedIn
from webapp.http.session_cookie import CookieSessions
from webapp.infra import cache


class SessionCookie(CookieSessions):
    """The signed cookie; a browser that got it over TLS returns it over TLS only."""

    def get_cookie_secure(self, app: Flask) -> bool:
        """Return True where SECURE_COOKIES is set, and for requests over TLS."""
        return super().get_cookie_secure(app) or request.is_secure


def remember_viewer(viewer: Viewer) -> None:
    """Put the employee and their session version into the cookie, beside an admin's."""
    _renew()
    session["viewer"] = [viewer.employee.id, viewer.employee.session_version]


def forget_viewer() -> None:
    """Remove the employee from the cookie."""
    session.pop("viewer", None)


def current_employee() -> EmployeeInfo | None:
    """Return the employee that the cookie names, or None when their sessions were ended."""
    match session.get("viewer"):
        case [int() as employee_id, int() as session_version]:
            employee = get_employee(employee_id)
            if employee and employee.active and employee.session_version == session_version:
                return employee
    return None


def employee_of_cookie(app: Flask, environ: dict[str, Any]) -> int | None:
    """Return the employee id in the signed cookie of a request; asks neither cache nor database."""
    found = app.session_interface.open_session(app, app.request_class(environ))
    match found and found.get("viewer"):
        case [int() as employee_id, int()]:
            return employee_id
    return None


def current_viewer(event: EventInfo) -> Viewer | None:
    """Return the viewer of `event` that the cookie names, or None."""
    employee = current_employee()
    return find_viewer(event, employee) if employee else None


def require_viewer(event: EventInfo) -> Viewer:
    """Return the viewer of `event` that the cookie names. Raises `NotCheckedIn` without one."""
    viewer = current_viewer(event)
    if viewer is None:
        raise NotCheckedIn
    return viewer


def recheck_viewer(event: EventInfo, viewer: Viewer) -> None:
    """Raise `NotCheckedIn` when the viewer's sessions were ended since the cookie was read."""
    employee = get_employee(viewer.employee.id)
    same = (
        employee and employee.active and employee.session_version == viewer.employee.session_version
    )
    if not employee or not same or not find_viewer(event, employee):
        raise NotCheckedIn


def prefetch(
    slug: str,
    employee_id: int | None = None,
    more: Callable[[int, int], Iterable[str]] | None = None,
) -> None:
    """Fetch in one round trip all cache keys that `get_event` and `require_viewer` will read.

    `employee_id` defaults to the employee in the cookie. `more` returns further keys for an event
    id and an employee id.
    """
    keys = [event_store.cache_key(slug)]
    known = employee_id or _named_employee()
    if known is not None:
        keys.append(directory.cache_key(known))
        if (event_id := event_store.known_id(slug)) is not None:
            keys.append(checkin.cache_key(event_id, known))
            keys += more(event_id, known) if more else ()
    cache.prefetch(*keys)


def remember_admin(admin: AdminInfo) -> None:
    """Put the admin and their session version into the cookie, beside a viewer's."""
    _renew()
    session["admin"] = [admin.id, admin.session_version]
    g.admin = admin


def forget_admin() -> None:
    """Remove the admin from the cookie."""
    session.pop("admin", None)


def current_admin() -> AdminInfo | None:
    """Return the admin that the cookie names, or None when their sessions were ended.

    The rest of the request goes by the role that the admin has now.
    """
    g.admin = None
    match session.get("admin"):
        case [int() as admin_id, int() as session_version]:
            g.admin = find_admin(admin_id, session_version)
    admin: AdminInfo | None = g.admin
    return admin


def require_admin() -> AdminInfo:
    """Return the admin of this request, in a view declared with `permission_required`."""
    admin: AdminInfo = g.admin
    return admin


def is_moderator() -> bool:
    """Return True when the cookie names an admin who may moderate, beside a viewer."""
    admin = current_admin()
    return admin is not None and admin.may(Permission.MODERATE)


def _named_employee() -> int | None:
    match session.get("viewer"):
        case [int() as employee_id, _]:
            return employee_id
    return None


def _renew() -> None:
    # The browser keeps the cookie as long as it counts: PERMANENT_SESSION_LIFETIME.
    session.permanent = True
    # Makes the cookie of each sign-in unlike any seen before; no code reads it.
    session["id"] = secrets.token_urlsafe(16)
    # A token from before the sign-in may be known to whoever put that cookie there. The next page
    # would otherwise make a token, and set the cookie once more for it.
    session["csrf_token"] = secrets.token_hex(20)
