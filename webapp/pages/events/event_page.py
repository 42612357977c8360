"""The page of one event: its state, its link, its figures, and what viewers see."""

import io
from typing import Any

import segno
from flask import Blueprint, Response, request, url_for
from flask.typing import ResponseReturnValue

from webapp.domain.admins.roles import Permission
from webapp.domain.attendance import viewer_count
from webapp.domain.audit.filters import Filters
from webapp.domain.audit.log import Entry, read_log
from webapp.domain.chat import announcements
from webapp.domain.chat import messages as chat_messages
from webapp.domain.events.about import parse_speakers
from webapp.domain.events.inspection import inspect_stream
from webapp.domain.events.store import EventInfo, get_event
from webapp.domain.events.stream_tests import record_stream_test
from webapp.domain.events.streams import find_stream
from webapp.domain.polls import store as polls
from webapp.domain.questions import board
from webapp.domain.running.figures import read_figures
from webapp.errors import Invalid
from webapp.http import identity
from webapp.http.access import permission_required
from webapp.http.headers import allow_stream, current_site
from webapp.http.polling import NOTHING_NEW, is_seen, version_of
from webapp.http.rendering import is_htmx, redirect_to, render
from webapp.http.toasts import notify
from webapp.i18n import gettext as _
from webapp.pages.events.checklist import read_checklist
from webapp.pages.events.fetching import fetcher, take_stream_test

bp = Blueprint("event_page", __name__, url_prefix="/admin/events/<slug>")

LATEST_CHANGES = 6
SHOWN_QUESTIONS = 30


@bp.get("")
@permission_required(Permission.SEE_EVENTS)
def show_overview(slug: str) -> ResponseReturnValue:
    event = get_event(slug)
    if is_htmx() and request.args.get("part") == "head":
        return _show_head(event)
    figures = read_figures([event])[event.id]
    version = version_of(event, event.is_overdue, event.is_over, figures)
    if is_seen(version):
        return NOTHING_NEW
    page, part = "event_page/show_overview.html", "event_page/_figures.html"
    shown = _plans_of(event) | {"figures": figures, "link": _public_link(slug)}
    return render(page, part, event=event, version=version, **shown)


@bp.get("/qr.svg")
@permission_required(Permission.SEE_EVENTS)
def show_qr_code(slug: str) -> ResponseReturnValue:
    """Return the public link as a QR code: an image for the page, and a file for posters."""
    image = io.BytesIO()
    code = segno.make(_public_link(get_event(slug).slug), error="m", micro=False)
    code.save(image, kind="svg", scale=8, border=4, light="white", xmldecl=False)
    return Response(image.getvalue(), mimetype="image/svg+xml")


@bp.post("/test-stream/stored")
@permission_required(Permission.PLAN_EVENTS)
def test_stored_stream(slug: str) -> ResponseReturnValue:
    event, site = get_event(slug), current_site()
    stream = find_stream(event.stream_url, event.stream_kind, site)
    if stream is None:
        raise Invalid("No stream is set for this event.")
    take_stream_test(identity.require_admin().id)
    report = inspect_stream(stream, site, fetcher(site))
    record_stream_test(event, report)
    notify(" ".join([*report.facts, *report.advice]) or _("The stream does not answer."))
    return redirect_to(url_for("event_page.show_overview", slug=slug) + "#checklist")


@bp.get("/preview")
@permission_required(Permission.MODERATE)
def show_preview(slug: str) -> ResponseReturnValue:
    """Show what viewers see, to an admin who is not counted: no socket, no attendance."""
    event = get_event(slug)
    room = _room_of(event)
    version = version_of(event, room)
    if is_seen(version):
        return NOTHING_NEW
    stream = find_stream(event.stream_url, event.stream_kind, current_site())
    if stream:
        allow_stream(stream, event.stream_hosts.split())
    page, part = "event_page/show_preview.html", "event_page/_room.html"
    return render(page, part, event=event, stream=stream, version=version, **room)


@bp.get("/close")
@permission_required(Permission.PLAN_EVENTS)
def confirm_close(slug: str) -> ResponseReturnValue:
    event = get_event(slug)
    watching = viewer_count.count_watching([event.id]).get(event.id, 0)
    return render("event_page/confirm_close.html", event=event, watching=watching)


@bp.app_template_global()
def head_version(event: EventInfo) -> str:
    """Return the version of the head above the tabs of an event."""
    return version_of(event, event.is_overdue, event.is_over, event.is_near)


def _show_head(event: EventInfo) -> ResponseReturnValue:
    if is_seen(head_version(event)):
        return NOTHING_NEW
    return render("event_page/_head.html", event=event)


def _plans_of(event: EventInfo) -> dict[str, Any]:
    """Return the parts for admins who plan events: the checklist and the latest changes."""
    if not identity.require_admin().may(Permission.PLAN_EVENTS):
        return {"plans": False, "checklist": [], "changes": []}
    return {"plans": True, "checklist": read_checklist(event), "changes": _latest_changes(event)}


def _latest_changes(event: EventInfo) -> list[Entry]:
    return read_log(Filters(event=event.slug), event.timezone).entries[:LATEST_CHANGES]


def _room_of(event: EventInfo) -> dict[str, Any]:
    return {
        "announcement": announcements.find_announcement(event.id),
        "messages": chat_messages.latest(event),
        "questions": board.find_standing(event.id)[:SHOWN_QUESTIONS],
        "poll": polls.find_current(event.id),
        "speakers": parse_speakers(event.speakers),
    }


def _public_link(slug: str) -> str:
    return url_for("checkin.show_form", slug=slug, _external=True)
