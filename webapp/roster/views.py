"""The roster of an event, and correcting it."""

from dataclasses import replace

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue

from webapp.core import corrections, identity, roster
from webapp.core.access import admins
from webapp.core.errors import Invalid, TownhallError
from webapp.core.events import EventInfo, get_event
from webapp.core.rendering import go_to, is_htmx, render
from webapp.core.roster_filters import Filters, parse_id
from webapp.core.statuses import CORRECTED

bp = Blueprint("roster", __name__, url_prefix="/admin/events/<slug>")


@bp.get("/attendance")
@admins
def show_roster(slug: str) -> ResponseReturnValue:
    return _show(get_event(slug), _filters())


@bp.post("/attendance/corrections")
@admins
def correct(slug: str) -> ResponseReturnValue:
    event, filters, admin = get_event(slug), _filters(), identity.current_admin()
    assert admin is not None, "the view is for admins"  # noqa: S101 - the declaration checked it
    employee_id = parse_id(request.form.get("employee_id", ""))
    status, note = request.form.get("status", ""), request.form.get("note", "")
    try:
        corrections.correct(event, employee_id, status, note, admin)
    except Invalid as refusal:
        return _show(event, replace(filters, edit=employee_id), refusal)
    if is_htmx():
        return _show(event, filters)
    address = url_for("roster.show_roster", slug=slug, **filters.as_args())
    return go_to(f"{address}#employee-{employee_id}")


def _filters() -> Filters:
    return roster.parse_filters(request.args.to_dict())


def _show(
    event: EventInfo, filters: Filters, error: TownhallError | None = None
) -> ResponseReturnValue:
    return render(
        "roster/show_roster.html",
        "roster/_rows.html",
        event=event,
        filters=filters,
        roster=roster.read_roster(event, filters),
        statuses=roster.STATUSES,
        corrected=CORRECTED,
        history=corrections.list_corrections(event, filters.edit) if filters.edit else (),
        typed=request.form,
        error=error,
    )
