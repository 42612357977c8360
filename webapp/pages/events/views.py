"""The admins' events: listing, planning, opening, closing, archiving."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, current_app, request, url_for
from flask.typing import ResponseReturnValue

from webapp.domain.admins.roles import Permission
from webapp.domain.events import archiving, overview
from webapp.domain.events import store as event_store
from webapp.domain.events.embeds import pasted_address
from webapp.domain.events.inspection import inspect_stream
from webapp.domain.events.merging import EditConflict
from webapp.domain.events.planning import change_event, copy_event, create_event, seen_plan
from webapp.domain.events.store import EventInfo
from webapp.domain.events.stream_tests import record_stream_test
from webapp.domain.events.streams import Stream, parse_hosts, parse_stream
from webapp.domain.models import REASON_LENGTH
from webapp.domain.running import states
from webapp.domain.running.figures import read_figures
from webapp.errors import Invalid, TownhallError
from webapp.http import identity
from webapp.http.access import permission_required
from webapp.http.headers import allow_stream, current_site
from webapp.http.polling import NOTHING_NEW, is_seen, version_of
from webapp.http.rendering import is_htmx, redirect_to, render
from webapp.http.toasts import notify
from webapp.i18n import gettext as _
from webapp.i18n import lazy
from webapp.infra.clock import utcnow
from webapp.infra.paging import parse_page
from webapp.infra.text import one_line
from webapp.infra.timezones import timezone_names
from webapp.pages.events.fetching import fetcher, take_stream_test
from webapp.pages.events.forms import EventForm

bp = Blueprint("events", __name__, url_prefix="/admin")


@bp.get("/")
@permission_required(Permission.SEE_EVENTS)
def list_events() -> ResponseReturnValue:
    current = overview.read_current(current_app.config["SITE_TIMEZONE"])
    figures = read_figures(current.events)
    times = [(event.is_overdue, event.is_over) for event in current.events]
    version = version_of(current, current.tasks, times, figures)
    if is_seen(version):
        return NOTHING_NEW
    shown: dict[str, Any] = {} if is_htmx() else _past(archived=False)
    shown |= {"current": current, "figures": figures, "version": version}
    return render("events/list_events.html", "events/_current.html", **shown)


@bp.get("/events/archived")
@permission_required(Permission.SEE_EVENTS)
def list_archived() -> ResponseReturnValue:
    return render("events/list_archived.html", **_past(archived=True))


@bp.get("/events/new")
@permission_required(Permission.PLAN_EVENTS)
def show_new() -> ResponseReturnValue:
    timezone = current_app.config["SITE_TIMEZONE"]
    tomorrow = utcnow().astimezone(ZoneInfo(timezone)) + timedelta(days=1)
    begin = tomorrow.replace(minute=0, second=0, microsecond=0, tzinfo=None)
    form = EventForm(starts_at=begin, ends_at=begin + timedelta(hours=1), timezone=timezone)
    return _show(form)


@bp.post("/events/new")
@permission_required(Permission.PLAN_EVENTS)
def create() -> ResponseReturnValue:
    form = EventForm()
    try:
        _validate(form)
        event = create_event(form.plan(), current_site())
    except Invalid as refusal:
        return _show(form, refusal)
    return _go_to_event(event, _("The event was planned."))


@bp.get("/events/<slug>/edit")
@permission_required(Permission.PLAN_EVENTS)
def show_edit(slug: str) -> ResponseReturnValue:
    event = event_store.get_event(slug)
    return _show(EventForm.of(event), event=event)


@bp.post("/events/<slug>/edit")
@permission_required(Permission.PLAN_EVENTS)
def edit(slug: str) -> ResponseReturnValue:
    event, form = event_store.get_event(slug), EventForm()
    try:
        _validate(form)
        change_event(event, form.plan(), current_site(), request.form.get("seen", ""))
    except EditConflict as refusal:
        event = event_store.get_event(slug)
        form.compare(event, refusal.columns)
        return _show(form, refusal, event, seen=seen_plan(event))
    except Invalid as refusal:
        return _show(form, refusal, event)
    return _go_to_event(event, _("The changes were saved."))


@bp.post("/events/test-stream", defaults={"slug": ""})
@bp.post("/events/<slug>/test-stream")
@permission_required(Permission.PLAN_EVENTS)
def test_stream(slug: str) -> ResponseReturnValue:
    event, form = event_store.get_event(slug) if slug else None, EventForm()
    form.stream_url.data = pasted_address(form.stream_url.data or "")
    try:
        take_stream_test(identity.require_admin().id)
        stream, hosts = _stream_of(form)
    except TownhallError as refusal:
        return _show(form, refusal, event)
    report = inspect_stream(stream, current_site(), fetcher(current_site()))
    if event and _is_stored(event, form):
        record_stream_test(event, report)
    _allow(form, stream, [*hosts, *report.hosts])
    return _show(form, event=event, stream=stream, report=report)


@bp.post("/events/<slug>/copy")
@permission_required(Permission.PLAN_EVENTS)
def copy(slug: str) -> ResponseReturnValue:
    made = copy_event(event_store.get_event(slug))
    notify(_("This is the copy. Check its times."))
    return redirect_to(url_for("events.show_edit", slug=made.slug))


@bp.get("/events/<slug>/open")
@permission_required(Permission.PLAN_EVENTS)
def confirm_open(slug: str) -> ResponseReturnValue:
    return _ask_to_open(event_store.get_event(slug))


@bp.post("/events/<slug>/state")
@permission_required(Permission.PLAN_EVENTS)
def change_state(slug: str) -> ResponseReturnValue:
    event, state = event_store.get_event(slug), request.form.get("state")
    if state not in ("open", "closed"):
        raise Invalid("An event can be opened or closed.")
    question = _question_before(event, state)
    if question and "confirmed" not in request.form:
        return redirect_to(url_for(question, slug=slug))
    reason = one_line(request.form.get("reason", ""))[:REASON_LENGTH]
    try:
        states.change_state(event, state, reason)
    except Invalid as refusal:
        return _ask_to_open(event, refusal)
    return _go_to_event(event, str(STATE_CHANGED[state]))


@bp.get("/events/<slug>/remove")
@permission_required(Permission.PLAN_EVENTS)
def confirm_remove(slug: str) -> ResponseReturnValue:
    return _ask_to_remove(event_store.get_event(slug))


@bp.post("/events/<slug>/remove")
@permission_required(Permission.PLAN_EVENTS)
def remove(slug: str) -> ResponseReturnValue:
    event = event_store.get_event(slug)
    try:
        REMOVALS[request.form.get("choice", "")](event)
    except KeyError:
        raise Invalid("An event can be archived, restored or deleted.") from None
    except Invalid as refusal:
        return _ask_to_remove(event, refusal)
    notify(str(REMOVED[request.form["choice"]]))
    return redirect_to(url_for("events.list_events"))


STATE_CHANGED = {
    "open": lazy("The event is open: employees can check in."),
    "closed": lazy("The event is closed."),
}
REMOVED = {
    "archive": lazy("The event was archived."),
    "restore": lazy("The event was restored."),
    "delete": lazy("The event was deleted."),
}
REMOVALS = {
    "archive": archiving.archive_event,
    "restore": archiving.restore_event,
    "delete": archiving.delete_event,
}


def _past(*, archived: bool) -> dict[str, Any]:
    q, page = one_line(request.args.get("q", ""))[:100], parse_page(request.args.get("page", "1"))
    past = overview.read_past(current_app.config["SITE_TIMEZONE"], q, page, archived=archived)
    return {"past": past, "past_figures": read_figures(past.events), "q": q}


def _stream_of(form: EventForm) -> tuple[Stream, list[str]]:
    """Return the stream of the form and its further hosts. Raises `Invalid`."""
    stream = parse_stream(form.stream_url.data, form.stream_kind.data or "", current_site())
    return stream, parse_hosts(form.stream_hosts.data or "")


def _is_stored(event: EventInfo, form: EventForm) -> bool:
    """Return True when the form has the stream that the event has."""
    tested = (form.stream_url.data, form.stream_kind.data)
    return (event.stream_url, event.stream_kind) == tested


def _allow(form: EventForm, stream: Stream, hosts: list[str]) -> None:
    """Let the page play the stream, and put its hosts into the form."""
    distinct = list(dict.fromkeys(hosts))
    form.stream_hosts.data = "\n".join(distinct)
    allow_stream(stream, distinct)


def _question_before(event: EventInfo, state: str) -> str | None:
    """Return the endpoint that asks whether to open or close the event, or None if none must."""
    if state == "closed":
        return "event_page.confirm_close" if event.is_open else None
    is_slip = event.state == "closed" or (event.state == "scheduled" and not event.is_near)
    return "events.confirm_open" if is_slip else None


def _ask_to_open(event: EventInfo, error: TownhallError | None = None) -> ResponseReturnValue:
    return render("events/confirm_open.html", event=event, error=error)


def _ask_to_remove(event: EventInfo, error: TownhallError | None = None) -> ResponseReturnValue:
    attended = archiving.has_attendance(event.id)
    return render("events/confirm_remove.html", event=event, attended=attended, error=error)


def _go_to_event(event: EventInfo, toast: str) -> ResponseReturnValue:
    notify(toast)
    return redirect_to(url_for("event_page.show_overview", slug=event.slug))


def _validate(form: EventForm) -> None:
    if not form.validate():
        raise Invalid("Check the fields that are marked below.")


def _show(
    form: EventForm,
    error: TownhallError | None = None,
    event: EventInfo | None = None,
    **shown: Any,
) -> ResponseReturnValue:
    form.mark(error)
    if event and "seen" not in shown:
        shown["seen"] = request.form.get("seen") or seen_plan(event)
    page = "events/edit.html" if event else "events/new.html"
    zones = timezone_names()
    return render(page, form=form, event=event, timezones=zones, error=error, **shown)
