"""Who is asking: the signed session cookie, read alike by pages and nodes."""

import secrets
from collections.abc import Callable, Iterable

from flask import Flask, request, session

from webapp.domain.admins import AdminInfo, find_admin
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
    """The signed cookie; a browser that came over TLS sends it back over TLS alone."""

    def get_cookie_secure(self, app: Flask) -> bool:
        """Always where it is set, else where this request came over TLS."""
        return super().get_cookie_secure(app) or request.is_secure


def remember_viewer(viewer: Viewer) -> None:
    """Put the employee and their session version into the cookie."""
    _renew()
    session["viewer"] = [viewer.employee.id, viewer.employee.session_version]


def forget_viewer() -> None:
    """Take the employee out of the cookie."""
    session.pop("viewer", None)


def current_employee() -> EmployeeInfo | None:
    """The employee whom the cookie names, or None when it no longer counts."""
    match session.get("viewer"):
        case [int() as identifier, int() as session_version]:
            employee = get_employee(identifier)
            if employee and employee.active and employee.session_version == session_version:
                return employee
    return None


def current_viewer(event: EventInfo) -> Viewer | None:
    """The viewer of `event` whom the cookie names, or None for anyone else."""
    employee = current_employee()
    return find_viewer(event, employee) if employee else None


def require_viewer(event: EventInfo) -> Viewer:
    """The same; raises `NotCheckedIn` for anyone else."""
    viewer = current_viewer(event)
    if viewer is None:
        raise NotCheckedIn
    return viewer


def recheck_viewer(event: EventInfo, viewer: Viewer) -> None:
    """Raise `NotCheckedIn` when the cookie that made `viewer` known no longer counts."""
    employee = get_employee(viewer.employee.id)
    same = (
        employee and employee.active and employee.session_version == viewer.employee.session_version
    )
    if not employee or not same or not find_viewer(event, employee):
        raise NotCheckedIn


def prefetch(
    slug: str, employee_id: int | None = None, more: Callable[[int], Iterable[str]] | None = None
) -> None:
    """Ask the cache once for all that `get_event` and `require_viewer` will ask it.

    The employee is the one whom the cookie names, unless `employee_id` says who. `more` names
    further keys, by the id of the event.
    """
    keys = [event_store.cache_key(slug)]
    known = employee_id or _named_employee()
    if known is not None:
        keys.append(directory.cache_key(known))
        if (event_id := event_store.known_id(slug)) is not None:
            keys.append(checkin.cache_key(event_id, known))
            keys += more(event_id) if more else ()
    cache.prefetch(*keys)


def remember_admin(admin: AdminInfo) -> None:
    """Start an admin's session; what the cookie said before is dropped."""
    session.clear()
    _renew()
    session["admin"] = [admin.id, admin.session_version]


def forget_admin() -> None:
    """End the admin's session in this browser."""
    session.pop("admin", None)


def current_admin() -> AdminInfo | None:
    """The admin whom the cookie names, or None."""
    match session.get("admin"):
        case [int() as identifier, int() as session_version]:
            return find_admin(identifier, session_version)
    return None


def require_admin() -> AdminInfo:
    """The same in a view that is declared to be for admins."""
    admin = current_admin()
    assert admin is not None, "the view is for admins"  # noqa: S101 - the declaration checked it
    return admin


def _named_employee() -> int | None:
    match session.get("viewer"):
        case [int() as identifier, _]:
            return identifier
    return None


def _renew() -> None:
    # Nothing looks it up: it makes each sign-in a cookie of its own, unlike any seen before.
    session["id"] = secrets.token_urlsafe(16)
