"""The admins' events: the list, planning one, opening and closing it."""

from datetime import timedelta
from zoneinfo import ZoneInfo, available_timezones

from flask import Blueprint, current_app, request, url_for
from flask.typing import ResponseReturnValue

from webapp.domain.attendance import checkin, closing, viewer_count
from webapp.domain.chat import messages as chat_messages
from webapp.domain.events import store as event_store
from webapp.domain.events.planning import change_event, copy_event, create_event
from webapp.domain.events.store import EventInfo
from webapp.errors import Invalid, TownhallError
from webapp.http import identity
from webapp.http.access import admin_required
from webapp.http.rendering import redirect_to, render
from webapp.infra.clock import utcnow
from webapp.pages.events.forms import EventForm

bp = Blueprint("events", __name__, url_prefix="/admin")


@bp.get("/")
@admin_required
def list_events() -> ResponseReturnValue:
    found = event_store.list_events()
    return render(
        "events/list_events.html",
        "events/_rows.html",
        events=found,
        checked_in=checkin.count_checked_in(),
        watching=viewer_count.count_watching(event.id for event in found if event.is_open),
        messages=chat_messages.count_messages(),
    )


@bp.get("/events/new")
@admin_required
def show_new() -> ResponseReturnValue:
    timezone = current_app.config["SITE_TIMEZONE"]
    tomorrow = utcnow().astimezone(ZoneInfo(timezone)) + timedelta(days=1)
    begin = tomorrow.replace(minute=0, second=0, microsecond=0, tzinfo=None)
    form = EventForm(starts_at=begin, ends_at=begin + timedelta(hours=1), timezone=timezone)
    return _show(form)


@bp.post("/events/new")
@admin_required
def create() -> ResponseReturnValue:
    form = EventForm()
    try:
        _validate(form)
        create_event(form.plan())
    except Invalid as refusal:
        return _show(form, refusal)
    return redirect_to(url_for("events.list_events"))


@bp.get("/events/<slug>/edit")
@admin_required
def show_edit(slug: str) -> ResponseReturnValue:
    event = event_store.get_event(slug)
    form = EventForm(
        title=event.title,
        starts_at=event.local(event.starts_at),
        ends_at=event.local(event.ends_at),
        timezone=event.timezone,
        stream_url=event.stream_url,
        required_share=event.required_share,
    )
    return _show(form, event=event)


@bp.post("/events/<slug>/edit")
@admin_required
def edit(slug: str) -> ResponseReturnValue:
    event, form = event_store.get_event(slug), EventForm()
    try:
        _validate(form)
        change_event(event, form.plan())
    except Invalid as refusal:
        return _show(form, refusal, event)
    return redirect_to(url_for("events.list_events"))


@bp.post("/events/<slug>/copy")
@admin_required
def copy(slug: str) -> ResponseReturnValue:
    made = copy_event(event_store.get_event(slug))
    return redirect_to(url_for("events.show_edit", slug=made.slug))


@bp.post("/events/<slug>/state")
@admin_required
def change_state(slug: str) -> ResponseReturnValue:
    state = request.form.get("state")
    if state not in ("open", "closed"):
        raise Invalid("An event can be opened or closed.")
    closing.change_state(event_store.get_event(slug), state, identity.current_admin())
    return redirect_to(url_for("events.list_events"))


def _validate(form: EventForm) -> None:
    if not form.validate():
        raise Invalid("Some of this cannot be right; see below.")


def _show(
    form: EventForm, error: TownhallError | None = None, event: EventInfo | None = None
) -> ResponseReturnValue:
    zones = sorted(available_timezones())
    return render("events/edit.html", form=form, event=event, timezones=zones, error=error)
