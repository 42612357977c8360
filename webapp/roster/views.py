"""The roster of an event."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from webapp.core import roster
from webapp.core.access import admins
from webapp.core.events import get_event
from webapp.core.rendering import render

bp = Blueprint("roster", __name__, url_prefix="/admin/events/<slug>")


@bp.get("/attendance")
@admins
def show_roster(slug: str) -> ResponseReturnValue:
    event = get_event(slug)
    filters = roster.parse_filters(request.args.to_dict())
    return render(
        "roster/show_roster.html",
        "roster/_rows.html",
        event=event,
        filters=filters,
        roster=roster.read_roster(event, filters),
        statuses=roster.STATUSES,
    )
