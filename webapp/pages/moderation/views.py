"""The moderator's desk: the page, the switches of the chat, what the host writes, transcripts."""

from typing import IO

from flask import Blueprint, Response, request, url_for
from flask.typing import ResponseReturnValue

from webapp.domain.admins.roles import Permission
from webapp.domain.attendance.viewer_count import count_watching
from webapp.domain.audit import trail
from webapp.domain.chat import announcements, transcript
from webapp.domain.chat.board import Wanted
from webapp.domain.chat.hosting import post_as_host as post_message_as_host
from webapp.domain.events import store as event_store
from webapp.domain.events.store import EventInfo, get_event
from webapp.errors import Invalid, TownhallError
from webapp.http.access import permission_required
from webapp.http.downloads import send_export, text_file
from webapp.http.polling import NOTHING_NEW, is_seen, version_of
from webapp.http.rendering import is_htmx, render
from webapp.http.toasts import notify
from webapp.i18n import gettext as _
from webapp.infra.ids import parse_id
from webapp.infra.text import printable
from webapp.infra.xlsx_writer import XLSX
from webapp.pages.moderation.desk import back, show
from webapp.pages.moderation.forms import parse_settings, parse_wanted

bp = Blueprint("moderation", __name__, url_prefix="/admin/events/<slug>")


@bp.get("/chat")
@permission_required(Permission.MODERATE)
def show_chat(slug: str) -> ResponseReturnValue:
    event, wanted = get_event(slug), parse_wanted()
    if is_htmx() and request.args.get("part") == "watching":
        return _show_watching(event)
    try:
        return show(event, wanted)
    except Invalid as refusal:
        return show(event, Wanted(), refusal)


@bp.post("/chat/messages")
@permission_required(Permission.MODERATE)
def post_as_host(slug: str) -> ResponseReturnValue:
    event, body = get_event(slug), printable(request.form.get("body", ""))
    try:
        post_message_as_host(event, body, request.form.get("nonce"))
    except TownhallError as refusal:
        return _refuse(event, "host", body, refusal)
    notify(_("Posted as the host."))
    return _answer(event, "host")


@bp.post("/chat/settings")
@permission_required(Permission.MODERATE)
def change_settings(slug: str) -> ResponseReturnValue:
    event = get_event(slug)
    settings = parse_settings(request.form.to_dict())
    event_store.change_columns(event, "chat_settings_changed", **settings)
    notify(_("Changed the chat's settings."))
    return back(event)


@bp.post("/chat/announcement")
@permission_required(Permission.MODERATE)
def pin(slug: str) -> ResponseReturnValue:
    event, body = get_event(slug), printable(request.form.get("body", ""))
    try:
        announcements.pin(event, body)
    except Invalid as refusal:
        return _refuse(event, "announce", body, refusal)
    notify(_("Pinned the announcement."))
    return _answer(event, "announce")


@bp.post("/chat/announcement/remove")
@permission_required(Permission.MODERATE)
def unpin(slug: str) -> ResponseReturnValue:
    event = get_event(slug)
    pinned = announcements.unpin(event)
    undo = url_for("moderation.pin_again", slug=slug, removed=pinned) if pinned else ""
    notify(_("Took down the announcement."), undo=undo)
    return back(event)


@bp.post("/chat/announcement/restore")
@permission_required(Permission.MODERATE)
def pin_again(slug: str) -> ResponseReturnValue:
    event, removed = get_event(slug), parse_id(request.args.get("removed", ""), "removed")
    done = announcements.pin_again(event, removed)
    notify(_("Pinned the announcement.") if done else _("There is nothing left to undo."))
    return back(event)


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


def _show_watching(event: EventInfo) -> ResponseReturnValue:
    watching = count_watching([event.id]).get(event.id, 0)
    version = version_of(watching)
    if is_seen(version):
        return NOTHING_NEW
    return render(
        "moderation/_watching.html", event=event, watching=watching, watching_version=version
    )


def _refuse(event: EventInfo, form: str, draft: str, error: TownhallError) -> ResponseReturnValue:
    """Show the form again with its text."""
    fragment = f"moderation/_{form}.html"
    return show(event, Wanted(), error, fragment=fragment, refused=form, draft=draft)


def _answer(event: EventInfo, form: str) -> ResponseReturnValue:
    """Show the form emptied, and the lists as they are now."""
    if not is_htmx():
        return back(event)
    return show(event, parse_wanted(), fragment="moderation/_written.html", written=form)


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
