"""The moderation page of an event's chat, and its transcript."""

import hashlib

from flask import Blueprint, Response, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue

from webapp.domain.audit import trail
from webapp.domain.chat import announcements, moderation, transcript
from webapp.domain.chat import messages as chat_messages
from webapp.domain.events import store as event_store
from webapp.domain.events.store import EventInfo, get_event
from webapp.errors import Invalid, TownhallError
from webapp.http import identity
from webapp.http.access import admin_required
from webapp.http.rendering import is_htmx, redirect_to, render
from webapp.pages.moderation.forms import AnnouncementForm, parse_mute, parse_settings

bp = Blueprint("moderation", __name__, url_prefix="/admin/events/<slug>")


@bp.get("/chat")
@admin_required
def show_chat(slug: str) -> ResponseReturnValue:
    return _show(get_event(slug))


@bp.post("/chat/messages/<int:message_id>/remove")
@admin_required
def remove_message(slug: str, message_id: int) -> ResponseReturnValue:
    event = get_event(slug)
    moderation.remove_message(
        event, chat_messages.parse_after(message_id), identity.require_admin()
    )
    return _back(event)


@bp.post("/chat/held/<int:held_id>/approve")
@admin_required
def approve(slug: str, held_id: int) -> ResponseReturnValue:
    event = get_event(slug)
    moderation.approve(event, chat_messages.parse_after(held_id), identity.require_admin())
    return _back(event)


@bp.post("/chat/held/<int:held_id>/reject")
@admin_required
def reject(slug: str, held_id: int) -> ResponseReturnValue:
    event = get_event(slug)
    moderation.reject(event, chat_messages.parse_after(held_id), identity.require_admin())
    return _back(event)


@bp.post("/chat/employees/<int:employee_id>/mute")
@admin_required
def mute(slug: str, employee_id: int) -> ResponseReturnValue:
    event, minutes = get_event(slug), parse_mute(request.form.get("minutes"))
    moderation.mute(
        event, chat_messages.parse_after(employee_id), minutes, identity.require_admin()
    )
    return _back(event)


@bp.post("/chat/employees/<int:employee_id>/unmute")
@admin_required
def unmute(slug: str, employee_id: int) -> ResponseReturnValue:
    event = get_event(slug)
    moderation.unmute(event, chat_messages.parse_after(employee_id))
    return _back(event)


@bp.post("/chat/settings")
@admin_required
def change_settings(slug: str) -> ResponseReturnValue:
    event = get_event(slug)
    settings = parse_settings(request.form.to_dict())
    event_store.change_columns(event, "chat_settings_changed", **settings)
    return _back(get_event(slug))


@bp.post("/chat/announcement")
@admin_required
def pin(slug: str) -> ResponseReturnValue:
    event, form = get_event(slug), AnnouncementForm()
    try:
        if not form.validate():
            raise Invalid(form.errors["body"][0])  # noqa: TRY301 - shown like the core's refusals
        announcements.pin(event, form.body.data, identity.require_admin())
    except Invalid as refusal:
        return _show(event, form, refusal, "moderation/_announce.html")
    if is_htmx():
        return _show(event, AnnouncementForm(formdata=None), fragment="moderation/_announced.html")
    return _back(event)


@bp.post("/chat/announcement/remove")
@admin_required
def unpin(slug: str) -> ResponseReturnValue:
    event = get_event(slug)
    announcements.unpin(event)
    return _back(event)


@bp.get("/chat.csv")
@admin_required
def download_csv(slug: str) -> ResponseReturnValue:
    event = get_event(slug)
    lines = transcript.as_csv(transcript.read_transcript(event))
    return _download(event, "csv", Response(stream_with_context(lines), mimetype="text/csv"))


@bp.get("/chat.json")
@admin_required
def download_json(slug: str) -> ResponseReturnValue:
    event = get_event(slug)
    pieces = transcript.as_json(event, transcript.read_transcript(event))
    return _download(
        event, "json", Response(stream_with_context(pieces), mimetype="application/json")
    )


def _download(event: EventInfo, kind: str, response: Response) -> Response:
    trail.record_now("transcript_exported", event_id=event.id, format=kind)
    response.headers.set("Content-Disposition", "attachment", filename=f"{event.slug}-chat.{kind}")
    return response


def _back(event: EventInfo) -> ResponseReturnValue:
    """The board as it is now for HTMX; the page again for everyone else."""
    if is_htmx():
        return _show(event)
    return redirect_to(url_for("moderation.show_chat", slug=event.slug))


def _show(
    event: EventInfo,
    form: AnnouncementForm | None = None,
    error: TownhallError | None = None,
    fragment: str = "moderation/_board.html",
) -> ResponseReturnValue:
    before = request.args.get("before")
    board = moderation.read_board(event, chat_messages.parse_after(before) if before else None)
    announcement = announcements.find_announcement(event.id)
    version = hashlib.sha256(repr((event, board, announcement)).encode()).hexdigest()[:16]
    if is_htmx() and request.args.get("seen") == version:
        # Nothing new: the page is left alone, focus and all.
        return "", 204
    return render(
        "moderation/show_chat.html",
        fragment,
        event=event,
        board=board,
        announcement=announcement,
        before=before,
        version=version,
        slow_modes=moderation.SLOW_MODES,
        form=form or AnnouncementForm(formdata=None),
        error=error,
    )
