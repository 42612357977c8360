"""The page of one event: its state, its link, its figures, and the question before it is closed."""

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue

from webapp.domain.admins.roles import Permission
from webapp.domain.attendance import viewer_count
from webapp.domain.events.store import get_event
from webapp.http.access import permission_required
from webapp.http.polling import NOTHING_NEW, is_seen, version_of
from webapp.http.rendering import render
from webapp.pages.events.figures import figures_of

bp = Blueprint("event_page", __name__, url_prefix="/admin/events/<slug>")


@bp.get("")
@permission_required(Permission.SEE_EVENTS)
def show_overview(slug: str) -> ResponseReturnValue:
    event = get_event(slug)
    figures = figures_of(event)
    version = version_of(event, figures)
    if is_seen(version):
        return NOTHING_NEW
    return render(
        "event_page/show_overview.html",
        "event_page/_figures.html",
        event=event,
        figures=figures,
        version=version,
        link=url_for("checkin.show_form", slug=slug, _external=True),
    )


@bp.get("/close")
@permission_required(Permission.PLAN_EVENTS)
def confirm_close(slug: str) -> ResponseReturnValue:
    event = get_event(slug)
    watching = viewer_count.count_watching([event.id]).get(event.id, 0)
    return render("event_page/confirm_close.html", event=event, watching=watching)
