"""The admins' list of events; opening and closing one."""

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue

from webapp.core import attendance, events
from webapp.core.access import admins
from webapp.core.errors import Invalid
from webapp.core.rendering import go_to, render

bp = Blueprint("events", __name__, url_prefix="/admin")


@bp.get("/")
@admins
def list_events() -> ResponseReturnValue:
    return render(
        "events/list_events.html",
        events=events.list_events(),
        checked_in=attendance.count_checked_in(),
    )


@bp.post("/events/<slug>/state")
@admins
def change_state(slug: str) -> ResponseReturnValue:
    state = request.form.get("state")
    if state not in ("open", "closed"):
        raise Invalid("An event can be opened or closed.")
    events.change_state(events.get_event(slug), state)
    return go_to(url_for("events.list_events"))
