"""The comparison of two events."""

from typing import IO

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from webapp.domain.admins.roles import Permission
from webapp.domain.audit import trail
from webapp.domain.events.store import EventInfo, get_event
from webapp.domain.roster import comparing
from webapp.errors import TownhallError
from webapp.http.access import permission_required
from webapp.http.downloads import send_export, text_file
from webapp.http.rendering import render
from webapp.pages.roster.charts import per_cent

bp = Blueprint("comparison", __name__, url_prefix="/admin/events/<slug>/attendance")


@bp.get("/compare")
@permission_required(Permission.READ_ATTENDANCE)
def compare(slug: str) -> ResponseReturnValue:
    event, chosen = get_event(slug), request.args.get("with")
    other: EventInfo | None = None
    try:
        other = get_event(chosen) if chosen else None
        found = comparing.compare(event, other) if other else None
    except TownhallError as refusal:
        return _show(event, other, error=refusal)
    return _show(event, other, found)


@bp.get("/compare.csv")
@permission_required(Permission.READ_ATTENDANCE)
def download_comparison(slug: str) -> ResponseReturnValue:
    event, other = get_event(slug), get_event(request.args.get("with", ""))

    def make() -> IO[bytes]:
        pieces = comparing.as_csv(event, other)
        trail.record_now("comparison_exported", event_id=event.id, subject=other.title)
        return text_file(pieces)

    return send_export(make, f"{event.slug}-and-{other.slug}.csv", "text/csv")


def _show(
    event: EventInfo,
    other: EventInfo | None,
    found: comparing.Comparison | None = None,
    error: TownhallError | None = None,
) -> ResponseReturnValue:
    return render(
        "roster/compare.html",
        event=event,
        other=other,
        found=found,
        events=comparing.list_comparable(event),
        kinds=comparing.KINDS,
        per_cent=per_cent,
        error=error,
    )
