"""The moderators' page of an event's polls, and its exports."""

from collections.abc import Callable
from typing import IO

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue

from webapp.domain.admins.roles import Permission
from webapp.domain.audit import trail
from webapp.domain.events.store import EventInfo, get_event
from webapp.domain.polls import board, drafts, export, states
from webapp.domain.polls.drafts import PollDraft
from webapp.errors import EventNotOpen, Invalid, NotFound, TownhallError
from webapp.http.access import permission_required
from webapp.http.downloads import send_export, text_file
from webapp.http.polling import NOTHING_NEW, is_seen, version_of
from webapp.http.rendering import is_htmx, redirect_to, render
from webapp.http.toasts import notify
from webapp.i18n import gettext as _
from webapp.infra.xlsx_writer import XLSX
from webapp.pages.polls.forms import draft_of, typed_draft

bp = Blueprint("poll_desk", __name__, url_prefix="/admin/events/<slug>")


@bp.get("/polls")
@permission_required(Permission.MODERATE)
def show_polls(slug: str) -> ResponseReturnValue:
    return _show(get_event(slug))


@bp.post("/polls")
@permission_required(Permission.MODERATE)
def create(slug: str) -> ResponseReturnValue:
    event, draft = get_event(slug), typed_draft(request.form)
    try:
        drafts.create(event, draft)
    except Invalid as refusal:
        return _show_form(event, draft, error=refusal)
    notify(_("The draft is saved."))
    return redirect_to(url_for("poll_desk.show_polls", slug=slug))


@bp.get("/polls/new")
@permission_required(Permission.MODERATE)
def show_new(slug: str) -> ResponseReturnValue:
    return _show_form(get_event(slug), PollDraft("", []))


@bp.get("/polls/<id:poll_id>/edit")
@permission_required(Permission.MODERATE)
def show_edit(slug: str, poll_id: int) -> ResponseReturnValue:
    event = get_event(slug)
    return _show_form(event, draft_of(board.find_poll(event.id, poll_id)), poll_id)


@bp.post("/polls/<id:poll_id>/edit")
@permission_required(Permission.MODERATE)
def edit(slug: str, poll_id: int) -> ResponseReturnValue:
    event, draft = get_event(slug), typed_draft(request.form)
    try:
        drafts.edit(event, poll_id, draft)
    except Invalid as refusal:
        return _show_form(event, draft, poll_id, refusal)
    notify(_("The draft is saved."))
    return redirect_to(url_for("poll_desk.show_polls", slug=slug))


@bp.post("/polls/<id:poll_id>/open")
@permission_required(Permission.MODERATE)
def open_poll(slug: str, poll_id: int) -> ResponseReturnValue:
    return _change(slug, states.open_poll, poll_id, _("The poll is open."))


@bp.post("/polls/<id:poll_id>/close")
@permission_required(Permission.MODERATE)
def close_poll(slug: str, poll_id: int) -> ResponseReturnValue:
    return _change(slug, states.close_poll, poll_id, _("The poll is closed."))


@bp.get("/polls/<id:poll_id>/discard")
@permission_required(Permission.MODERATE)
def confirm_discard(slug: str, poll_id: int) -> ResponseReturnValue:
    event = get_event(slug)
    poll = board.find_poll(event.id, poll_id)
    return render("poll_desk/confirm_discard.html", event=event, poll=poll)


@bp.post("/polls/<id:poll_id>/discard")
@permission_required(Permission.MODERATE)
def discard(slug: str, poll_id: int) -> ResponseReturnValue:
    return _change(slug, drafts.discard, poll_id, _("The draft is thrown away."))


@bp.get("/polls.csv")
@permission_required(Permission.MODERATE)
def download_csv(slug: str) -> ResponseReturnValue:
    event = get_event(slug)
    separator = ";" if request.args.get("separator") == "semicolon" else ","

    def make() -> IO[bytes]:
        trail.record_now("polls_exported", event_id=event.id, format="csv")
        return text_file(export.as_csv(event, separator))

    return send_export(make, f"{event.slug}-polls.csv", "text/csv")


@bp.get("/polls.xlsx")
@permission_required(Permission.MODERATE)
def download_xlsx(slug: str) -> ResponseReturnValue:
    event = get_event(slug)

    def make() -> IO[bytes]:
        trail.record_now("polls_exported", event_id=event.id, format="xlsx")
        return export.as_xlsx(event)

    return send_export(make, f"{event.slug}-polls.xlsx", XLSX)


def _change(
    slug: str, change: Callable[[EventInfo, int], None], poll_id: int, done: str
) -> ResponseReturnValue:
    """Change a poll and say `done`; where the page was out of date, show it as it is now."""
    event = get_event(slug)
    try:
        change(event, poll_id)
    except (EventNotOpen, Invalid, NotFound) as refusal:
        return _show(event, refusal)
    notify(done)
    if is_htmx():
        return _show(event)
    page = "moderation.show_chat" if _is_embedded() else "poll_desk.show_polls"
    return redirect_to(url_for(page, slug=slug) + f"#poll-{poll_id}")


def _is_embedded() -> bool:
    """Return whether the request comes from the moderator's desk of the chat."""
    return request.values.get("desk") == "1"


def _show(event: EventInfo, error: TownhallError | None = None) -> ResponseReturnValue:
    polls = board.read_board(event.id)
    version = version_of(event, polls)
    if is_seen(version):
        return NOTHING_NEW
    return render(
        "poll_desk/show_polls.html",
        "poll_desk/_board.html",
        event=event,
        polls=polls,
        why_not_open=states.why_none_can_open(event, polls),
        version=version,
        error=error,
        embedded=is_htmx() and _is_embedded(),
    )


def _show_form(
    event: EventInfo,
    draft: PollDraft,
    poll_id: int | None = None,
    error: TownhallError | None = None,
) -> ResponseReturnValue:
    return render(
        "poll_desk/edit.html",
        event=event,
        draft=draft,
        poll_id=poll_id,
        fields=max(drafts.MOST_OPTIONS, len(draft.options)),
        error=error,
    )
