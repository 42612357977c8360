"""The current event, its check-in form, checking in and checking out."""

from contextlib import suppress
from datetime import timedelta
from functools import lru_cache

from flask import Blueprint, Response, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from markupsafe import Markup
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from webapp.domain.attendance import checkin
from webapp.domain.attendance.minutes import watched_minutes
from webapp.domain.employees.directory import end_sessions
from webapp.domain.events.about import parse_speakers
from webapp.domain.events.calendar import calendar_file
from webapp.domain.events.store import EventInfo, current_event, get_event
from webapp.errors import EventNotOpen, Invalid, TownhallError, Unavailable, as_townhall_error
from webapp.http import identity, sso
from webapp.http.access import public
from webapp.http.client import read_client, remember_browser
from webapp.http.error_handlers import respond, stale_form
from webapp.http.headers import current_site
from webapp.http.polling import is_seen, version_of
from webapp.http.rendering import is_htmx, redirect_to, render, wants_json
from webapp.http.toasts import notify
from webapp.i18n import current_language
from webapp.i18n import gettext as _
from webapp.infra.clock import utcnow
from webapp.infra.extensions import db
from webapp.infra.publisher import close_sockets
from webapp.infra.rate_limit import WorkRequired
from webapp.pages.checkin.forms import CheckInForm

bp = Blueprint("checkin", __name__)

# A page opened before the event polls until it shows the form. Thousands may wait for hours, so it
# polls often only around the start.
POLL_SECONDS, POLL_SECONDS_LONG_BEFORE = 15, 60
LONG_BEFORE = timedelta(minutes=15)


@bp.get("/")
@public
def show_current() -> ResponseReturnValue:
    event = current_event()
    if event is None:
        return render("checkin/no_event.html")
    return redirect(url_for("checkin.show_form", slug=event.slug), 303)


@bp.get("/events/<slug>/")
@public
def show_form(slug: str) -> ResponseReturnValue:
    event = get_event(slug)
    if event.is_open and identity.current_viewer(event):
        return redirect(url_for("live.show_live", slug=slug), 303)
    if event.is_open:
        return _show(event, CheckInForm(), sso.refusal(request.args.get("sso")))
    # A form brings a CSRF token and with it a cookie, which a polled page must not set.
    return _show(event, None)


@bp.get("/events/<slug>/event.ics")
@public
def download_calendar(slug: str) -> ResponseReturnValue:
    event, site = get_event(slug), current_site().host
    address = url_for("checkin.show_form", slug=slug, _external=True)
    body = calendar_file(event, address, site, current_app.config["SITE_NAME"])
    response = Response(body, mimetype="text/calendar")
    response.headers.set("Content-Disposition", "attachment", filename=f"{slug}.ics")
    return response


@bp.post("/events/<slug>/check-in")
@public
def check_in(slug: str) -> ResponseReturnValue:
    event, form = get_event(slug), CheckInForm()
    if not form.validate():
        return _show(event, form, Invalid("Check what is marked below."))
    try:
        viewer = checkin.check_in(event, form.email.data, form.employee_number.data, read_client())
    except (checkin.NobodyMatches, EventNotOpen, WorkRequired) as refusal:
        return _show(event, form, refusal)
    identity.remember_viewer(viewer)
    remember_browser("check-in", form.email.data)
    return redirect_to(url_for("live.show_live", slug=slug))


@bp.post("/events/<slug>/check-in/again")
@public
def check_in_again(slug: str) -> ResponseReturnValue:
    event, employee = get_event(slug), identity.current_employee()
    if employee is None:
        return redirect_to(url_for("checkin.show_form", slug=slug))
    identity.remember_viewer(checkin.check_in_known(event, employee))
    return redirect_to(url_for("live.show_live", slug=slug))


@bp.get("/events/<slug>/check-in", endpoint="return_from_check_in")
@bp.get("/events/<slug>/check-in/again", endpoint="return_from_check_in_again")
@public
def return_to_form(slug: str) -> ResponseReturnValue:
    """Redirect to the form: Enter in the address bar after a refused form opens its address."""
    return redirect(url_for("checkin.show_form", slug=get_event(slug).slug), 303)


@bp.get("/check-out")
@public
def return_to_current() -> ResponseReturnValue:
    return redirect(url_for("checkin.show_current"), 303)


@bp.post("/check-out")
@public
def check_out() -> ResponseReturnValue:
    employee = identity.current_employee()
    if employee is not None:
        end_sessions(employee.id)
        close_sockets(employee.id)
    identity.forget_viewer()
    notify(_("You are checked out."))
    return redirect_to(url_for("checkin.show_current"))


@bp.errorhandler(CSRFError)
def show_fresh_form(_error: CSRFError) -> ResponseReturnValue:
    """Show the form again with a new token and the values that were typed."""
    if request.endpoint != "checkin.check_in":
        return respond(stale_form(), status=400)
    event = get_event((request.view_args or {})["slug"])
    return _show(event, CheckInForm(), stale_form(), status=400)


@bp.errorhandler(DBAPIError)
@bp.errorhandler(PoolTimeout)
@bp.errorhandler(Unavailable)
def keep_what_was_typed(error: Exception) -> ResponseReturnValue:
    """Show the form again with its values when the database does not answer."""
    db.session.rollback()
    problem = as_townhall_error(error)
    if request.endpoint == "checkin.check_in" and not is_htmx():
        with suppress(DBAPIError, PoolTimeout, TownhallError):
            return _show(get_event((request.view_args or {})["slug"]), CheckInForm(), problem)
        db.session.rollback()
    return respond(problem)


def _show(
    event: EventInfo,
    form: CheckInForm | None,
    error: TownhallError | None = None,
    status: int | None = None,
) -> Response:
    if error and wants_json():
        return respond(error, status=status)
    seconds = _poll_seconds(event)
    version = version_of(event, event.is_overdue, event.is_over, seconds)
    if event.state == "scheduled" and is_seen(version):
        return Response(status=204)
    viewer = identity.current_viewer(event)
    head, about = _told(event, event.is_overdue, current_language())
    return render(
        "checkin/show_form.html",
        "checkin/_card.html",
        event=event,
        head=head,
        about=about,
        next_event=_next_event(event),
        form=form,
        viewer=viewer,
        employee=identity.current_employee(),
        minutes=watched_minutes(event.id, viewer.employee.id) if viewer else 0,
        poll_seconds=seconds,
        version=version,
        error=error,
        status=status,
    )


@lru_cache(maxsize=64)
def _told(event: EventInfo, _is_overdue: bool, _language: str) -> tuple[Markup, Markup]:
    """Return what every visitor reads: title and time, and speakers and description.

    It is half of the work for a page that thousands load in a minute.
    """
    speakers = parse_speakers(event.speakers)
    parts = ("checkin/_event.html", "checkin/_about.html")
    head, about = (render_template(part, event=event, speakers=speakers) for part in parts)
    return Markup(head), Markup(about)  # noqa: S704 - the templates escape


def _next_event(event: EventInfo) -> EventInfo | None:
    """Return the event that employees may look forward to after this one, which is closed."""
    following = current_event() if event.state == "closed" else None
    return following if following and following.id != event.id else None


def _poll_seconds(event: EventInfo) -> int:
    long_before = event.starts_at - utcnow() > LONG_BEFORE or event.is_over
    return POLL_SECONDS_LONG_BEFORE if long_before else POLL_SECONDS
