"""Who may see a view. Every view declares it with one of these; a test reads the declarations."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from flask import request, url_for
from flask.typing import ResponseReturnValue

from webapp.domain.audit import trail
from webapp.domain.events.store import get_event
from webapp.errors import NotCheckedIn
from webapp.http import identity
from webapp.http.error_handlers import respond
from webapp.http.rendering import redirect_to, wants_json

View = Callable[..., ResponseReturnValue]

# It travels in addresses, and in a cookie while another site signs the admin in.
NEXT_LENGTH = 1000


def public(view: View) -> View:
    """Check nothing: the view is public, and acts for no admin."""

    @wraps(view)
    def open_to_all(*args: Any, **kwargs: Any) -> ResponseReturnValue:
        with trail.acting_as(trail.UNKNOWN):
            return view(*args, **kwargs)

    return _declared(open_to_all, "public")


def viewer_required(
    view: View, *, page: bool = True, ahead: Callable[[int], Iterable[str]] | None = None
) -> View:
    """For who checked in: the look-up is the check.

    `slug` of the address becomes `event` and `viewer`. From a page, others are sent to the
    check-in form; programs get `not_checked_in`. `ahead` names the keys that the view asks of
    the cache, by the id of the event: they are asked for together with the viewer.
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

    return _declared(checked, "viewer_required")


def admin_required(view: View) -> View:
    """For signed-in admins; others are sent to the sign-in form, and back afterwards."""

    @wraps(view)
    def checked(*args: Any, **kwargs: Any) -> ResponseReturnValue:
        admin = identity.current_admin()
        if admin is None:
            back = request.full_path if request.method == "GET" else None
            return redirect_to(url_for("account.show_sign_in", next=back))
        with trail.acting_as(admin.id):
            return view(*args, **kwargs)

    return _declared(checked, "admin_required")


def admin_address(wanted: str) -> str:
    """`wanted` (what `next` says) if it is an admin page of this site, else the list of events."""
    safe = wanted.startswith("/admin/") and len(wanted) <= NEXT_LENGTH
    return wanted if safe else url_for("events.list_events")


def internal(view: View) -> View:
    """For load balancers and monitoring: it answers without a session."""
    return _declared(view, "internal")


def _declared(view: View, who: str) -> View:
    view.access = who  # type: ignore[attr-defined]
    return view
