"""The live page, and its chat without a socket."""

from functools import partial

from flask import Blueprint, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from webapp.domain.attendance import minutes
from webapp.domain.attendance.checkin import Viewer
from webapp.domain.chat import announcements, mutes, posting
from webapp.domain.chat import messages as chat_messages
from webapp.domain.chat.posts import Draft
from webapp.domain.events.about import parse_speakers
from webapp.domain.events.store import EventInfo
from webapp.domain.events.streams import find_stream
from webapp.domain.polls import store as polls
from webapp.domain.questions import board, own
from webapp.errors import EventNotOpen, TownhallError
from webapp.http import identity
from webapp.http.access import viewer_required
from webapp.http.headers import allow_stream, current_site
from webapp.http.rendering import redirect_to, render, wants_json
from webapp.http.request_parsing import form_nonce, request_fields
from webapp.infra.allowance import take_read
from webapp.infra.build import script_version
from webapp.infra.clock import isoformat
from webapp.infra.ids import parse_id
from webapp.infra.text import printable
from webapp.pages.live.rows import message_rows
from webapp.pages.live.tabs import open_tab, tabs_of

bp = Blueprint("live", __name__, url_prefix="/events/<slug>")
bp.add_app_template_filter(message_rows)
bp.add_app_template_global(script_version)


def _shown(event_id: int, employee_id: int) -> tuple[str, ...]:
    return (
        chat_messages.latest_key(event_id),
        announcements.cache_key(event_id),
        mutes.cache_key(event_id),
        board.cache_key(event_id),
        own.own_key(event_id, employee_id),
        polls.cache_key(event_id),
        polls.answer_key(event_id, employee_id),
    )


@bp.get("/live")
@partial(viewer_required, ahead=_shown)
def show_live(event: EventInfo, viewer: Viewer) -> ResponseReturnValue:
    if not event.is_open:
        return redirect_to(url_for("checkin.show_form", slug=event.slug))
    return _show(event, viewer)


@bp.get("/messages")
@viewer_required
def list_messages(event: EventInfo, viewer: Viewer) -> ResponseReturnValue:
    take_read(viewer.employee.id)
    page = chat_messages.read_page(event.id, after=_place("after"), before=_place("before"))
    if wants_json():
        return jsonify(ok=True, messages=page.messages, more=page.more)
    return render(
        "live/messages.html", "live/_messages.html", event=event, viewer=viewer, page=page
    )


@bp.post("/messages")
@viewer_required
def post_message(event: EventInfo, viewer: Viewer) -> ResponseReturnValue:
    try:
        receipt = posting.post(_draft(event, viewer))
    except EventNotOpen:
        raise
    except TownhallError as refusal:
        if wants_json():
            raise
        return _show(event, viewer, refusal)
    if wants_json():
        return jsonify(ok=True, **receipt.as_dict())
    held = 1 if receipt.id is None else None
    return redirect_to(url_for("live.show_live", slug=event.slug, held=held) + "#latest")


@bp.get("/attendance/me")
@partial(viewer_required, page=False)
def show_own_attendance(event: EventInfo, viewer: Viewer) -> ResponseReturnValue:
    return jsonify(
        employee_number=viewer.employee.employee_number,
        name=viewer.employee.name,
        checked_in_at=isoformat(viewer.checked_in_at),
        watched_minutes=minutes.watched_minutes(event.id, viewer.employee.id),
    )


def _place(name: str) -> int | None:
    value = request.args.get(name)
    return None if value is None else parse_id(value, name)


def _draft(event: EventInfo, viewer: Viewer) -> Draft:
    fields = request_fields()
    moderator = identity.is_moderator()
    return Draft(event.slug, viewer, fields.get("body"), fields.get("nonce"), moderator=moderator)


def _show(
    event: EventInfo, viewer: Viewer, error: TownhallError | None = None
) -> ResponseReturnValue:
    messages = chat_messages.latest(event)
    poll = polls.find_current(event.id)
    stream = find_stream(event.stream_url, event.stream_kind, current_site())
    questions = board.find_standing(event.id)
    tabs = tabs_of(event, asked=bool(questions))
    if stream:
        allow_stream(stream, event.stream_hosts.split())
    return render(
        "live/show_live.html",
        event=event,
        viewer=viewer,
        speakers=parse_speakers(event.speakers),
        stream=stream,
        tabs=tabs,
        open_tab=open_tab(tabs, request.args.get("tab")),
        messages=messages,
        mute=mutes.find_mute(event.id, viewer.employee.id),
        earlier=len(messages) >= chat_messages.LATEST,
        announcement=announcements.find_announcement(event.id),
        questions=questions,
        # Without a question nobody has voted or asked.
        own=own.find_own(event.id, viewer.employee.id) if questions else {},
        asked="asked" in request.args,
        exempt=identity.is_moderator(),
        held="held" in request.args,
        poll=poll,
        poll_answer=polls.find_answer(poll, event.id, viewer.employee.id) if poll else None,
        answered=request.args.get("answered"),
        # Made here, so that a form sent twice without JavaScript is one message.
        nonce=form_nonce(error),
        draft=printable(request.form.get("body", "")),
        error=error,
    )
