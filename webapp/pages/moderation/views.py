"""The moderation page of an event's chat, and its transcript."""

import secrets
from typing import IO

from flask import Blueprint, Response, request, url_for
from flask.typing import ResponseReturnValue

from webapp.domain.admins.roles import Permission
from webapp.domain.audit import trail
from webapp.domain.chat import announcements, moderation, mutes, transcript
from webapp.domain.chat.board import read_board
from webapp.domain.chat.hosting import post_as_host as post_message_as_host
from webapp.domain.events import store as event_store
from webapp.domain.events.store import EventInfo, get_event
from webapp.errors import Invalid, TownhallError
from webapp.http.access import permission_required
from webapp.http.downloads import send_export, text_file
from webapp.http.polling import NOTHING_NEW, is_seen, version_of
from webapp.http.rendering import is_htmx, redirect_to, render
from webapp.http.toasts import notify
from webapp.i18n import gettext as _
from webapp.infra.ids import parse_id
from webapp.infra.text import printable
from webapp.infra.xlsx_writer import XLSX
from webapp.pages.moderation.forms import parse_mute, parse_settings

bp = Blueprint("moderation", __name__, url_prefix="/admin/events/<slug>")


@bp.get("/chat")
@permission_required(Permission.MODERATE)
def show_chat(slug: str) -> ResponseReturnValue:
    return _show(get_event(slug))


@bp.post("/chat/messages/<id:message_id>/remove")
@permission_required(Permission.MODERATE)
def remove_message(slug: str, message_id: int) -> ResponseReturnValue:
    event = get_event(slug)
    moderation.remove_message(event, message_id)
    undo = url_for("moderation.restore_message", slug=slug, message_id=message_id)
    notify(_("Removed the message."), undo=undo)
    return _back(event)


@bp.post("/chat/messages/<id:message_id>/restore")
@permission_required(Permission.MODERATE)
def restore_message(slug: str, message_id: int) -> ResponseReturnValue:
    event = get_event(slug)
    moderation.restore_message(event, message_id)
    notify(_("Restored the message."))
    return _back(event)


@bp.post("/chat/messages")
@permission_required(Permission.MODERATE)
def post_as_host(slug: str) -> ResponseReturnValue:
    event, body = get_event(slug), printable(request.form.get("body", ""))
    try:
        post_message_as_host(event, body, request.form.get("nonce"))
    except TownhallError as refusal:
        return _show(event, "moderation/_host.html", refusal, refused="host", draft=body)
    notify(_("Posted as the host."))
    return _show(event, "moderation/_hosted.html") if is_htmx() else _back(event)


@bp.post("/chat/held/<id:held_id>/approve")
@permission_required(Permission.MODERATE)
def approve(slug: str, held_id: int) -> ResponseReturnValue:
    event = get_event(slug)
    moderation.approve(event, held_id)
    notify(_("Approved the message."))
    return _back(event)


@bp.post("/chat/held/<id:held_id>/reject")
@permission_required(Permission.MODERATE)
def reject(slug: str, held_id: int) -> ResponseReturnValue:
    event = get_event(slug)
    moderation.reject(event, held_id)
    notify(_("Rejected the message."))
    return _back(event)


@bp.post("/chat/employees/<id:employee_id>/mute")
@permission_required(Permission.MODERATE)
def mute(slug: str, employee_id: int) -> ResponseReturnValue:
    event, minutes = get_event(slug), parse_mute(request.form.get("minutes"))
    mutes.mute(event, employee_id, minutes)
    undo = url_for("moderation.unmute", slug=slug, employee_id=employee_id)
    notify(_("Muted the employee."), undo=undo)
    return _back(event)


@bp.post("/chat/employees/<id:employee_id>/unmute")
@permission_required(Permission.MODERATE)
def unmute(slug: str, employee_id: int) -> ResponseReturnValue:
    event = get_event(slug)
    mutes.unmute(event, employee_id)
    notify(_("Unmuted the employee."))
    return _back(event)


@bp.post("/chat/settings")
@permission_required(Permission.MODERATE)
def change_settings(slug: str) -> ResponseReturnValue:
    event = get_event(slug)
    settings = parse_settings(request.form.to_dict())
    event_store.change_columns(event, "chat_settings_changed", **settings)
    notify(_("Changed the chat's settings."))
    return _back(get_event(slug))


@bp.post("/chat/announcement")
@permission_required(Permission.MODERATE)
def pin(slug: str) -> ResponseReturnValue:
    event, body = get_event(slug), printable(request.form.get("body", ""))
    try:
        announcements.pin(event, body)
    except Invalid as refusal:
        return _show(event, "moderation/_announce.html", refusal, refused="announce", draft=body)
    notify(_("Pinned the announcement."))
    return _show(event, "moderation/_announced.html") if is_htmx() else _back(event)


@bp.post("/chat/announcement/remove")
@permission_required(Permission.MODERATE)
def unpin(slug: str) -> ResponseReturnValue:
    event = get_event(slug)
    announcements.unpin(event)
    notify(_("Took down the announcement."))
    return _back(event)


@bp.get("/chat.csv")
@permission_required(Permission.MODERATE)
def download_csv(slug: str) -> ResponseReturnValue:
    return _download(slug, "csv", "text/csv")


@bp.get("/chat.json")
@permission_required(Permission.MODERATE)
def download_json(slug: str) -> ResponseReturnValue:
    return _download(slug, "json", "application/json")


@bp.get("/chat.xlsx")
@permission_required(Permission.MODERATE)
def download_xlsx(slug: str) -> ResponseReturnValue:
    return _download(slug, "xlsx", XLSX)


def _download(slug: str, kind: str, mimetype: str) -> Response:
    event = get_event(slug)

    def make() -> IO[bytes]:
        trail.record_now("transcript_exported", event_id=event.id, format=kind)
        messages = transcript.read_transcript(event)
        match kind:
            case "xlsx":
                return transcript.as_xlsx(messages)
            case "csv":
                return text_file(transcript.as_csv(messages))
        return text_file(transcript.as_json(event, messages))

    return send_export(make, f"{event.slug}-chat.{kind}", mimetype)


def _back(event: EventInfo) -> ResponseReturnValue:
    """Render the board as it is now for HTMX; send everyone else to the page."""
    if is_htmx():
        return _show(event)
    return redirect_to(url_for("moderation.show_chat", slug=event.slug))


def _show(
    event: EventInfo,
    fragment: str = "moderation/_board.html",
    error: TownhallError | None = None,
    *,
    refused: str = "",
    draft: str = "",
) -> ResponseReturnValue:
    """Render the page; `refused` is the form whose `draft` was refused with `error`."""
    before = request.args.get("before")
    board = read_board(event, parse_id(before, "before") if before else None)
    announcement = announcements.find_announcement(event.id)
    version = version_of(event, board, announcement)
    if is_seen(version):
        return NOTHING_NEW
    return render(
        "moderation/show_chat.html",
        fragment,
        event=event,
        board=board,
        announcement=announcement,
        before=before,
        version=version,
        slow_modes=moderation.SLOW_MODES,
        error=error,
        refused=refused,
        draft=draft,
        nonce=secrets.token_urlsafe(16),
    )
