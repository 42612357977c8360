"""Answers of the moderator's views: the desk, or the page of one employee."""

import secrets
from typing import Any

from flask import url_for
from flask.typing import ResponseReturnValue

from webapp.domain.attendance.viewer_count import count_watching
from webapp.domain.chat import announcements, moderation
from webapp.domain.chat.board import Wanted, read_board, read_messages, read_profile
from webapp.domain.events.store import EventInfo, get_event
from webapp.domain.events.streams import find_stream
from webapp.domain.polls import board as polls
from webapp.domain.polls.states import why_none_can_open
from webapp.domain.questions import overview
from webapp.errors import TownhallError
from webapp.http.headers import allow_stream, current_site
from webapp.http.polling import NOTHING_NEW, is_seen, version_of
from webapp.http.rendering import is_htmx, redirect_to, render
from webapp.pages.moderation.forms import MuteForm, parse_wanted


def back(event: EventInfo, anchor: str = "") -> ResponseReturnValue:
    """Render the lists as they are now for HTMX; send everyone else to the page they came from."""
    wanted = parse_wanted()
    if is_htmx():
        return show(get_event(event.slug), wanted)
    return redirect_to(address_of(event, wanted, q=wanted.q or None, before=wanted.before) + anchor)


def address_of(event: EventInfo, wanted: Wanted, **args: Any) -> str:
    """Return the address of the desk, or that of the employee whose messages are wanted."""
    if wanted.employee_id is None:
        return url_for("moderation.show_chat", slug=event.slug, **args)
    return url_for("muting.show_employee", slug=event.slug, employee_id=wanted.employee_id, **args)


def show(
    event: EventInfo,
    wanted: Wanted,
    error: TownhallError | None = None,
    *,
    fragment: str = "moderation/_board.html",
    **typed: Any,
) -> ResponseReturnValue:
    """Render the desk, or its `fragment` for HTMX.

    `typed` names the form that was `refused` with `error`, and has its `draft`.
    """
    if wanted.employee_id is not None:
        return show_profile(event, wanted, error)
    board, announcement = read_board(event, wanted), announcements.find_announcement(event.id)
    version = version_of(event, board, announcement)
    if is_seen(version):
        return NOTHING_NEW
    context = _context(event, wanted, version) | ({} if is_htmx() else _beside(event))
    return render(
        "moderation/show_chat.html",
        fragment,
        error=error,
        board=board,
        announcement=announcement,
        slow_modes=moderation.SLOW_MODES,
        nonce=secrets.token_urlsafe(16),
        **context,
        **typed,
    )


def show_profile(
    event: EventInfo,
    wanted: Wanted,
    error: TownhallError | None = None,
    form: MuteForm | None = None,
) -> ResponseReturnValue:
    """Render the page of the employee whose messages are wanted."""
    assert wanted.employee_id is not None  # noqa: S101 - for the type
    author = read_profile(event, wanted.employee_id)
    messages, older = read_messages(event, wanted)
    version = version_of(event, author, messages)
    if is_seen(version):
        return NOTHING_NEW
    return render(
        "moderation/show_profile.html",
        "moderation/_profile.html",
        error=error,
        author=author,
        messages=messages,
        older=older,
        asked=overview.count_asked(event.id, author.id),
        form=form or MuteForm(formdata=None),
        **_context(event, wanted, version),
    )


def _context(event: EventInfo, wanted: Wanted, version: str) -> dict[str, Any]:
    filters = {"q": wanted.q or None}
    return {
        "event": event,
        "wanted": wanted,
        "version": version,
        "poll": address_of(event, wanted, **filters, before=wanted.before, seen=version),
        "page": address_of(event, wanted, **filters),
    }


def _beside(event: EventInfo) -> dict[str, Any]:
    """Return what the whole page shows beside the chat: video, viewers, questions and polls."""
    stream = find_stream(event.stream_url, event.stream_kind, current_site())
    if stream:
        allow_stream(stream, event.stream_hosts.split())
    desk, found = overview.read_overview(event.id), polls.read_board(event.id)
    watching = count_watching([event.id]).get(event.id, 0)
    return {
        "stream": stream,
        "watching": watching,
        "watching_version": version_of(watching),
        "desk": desk,
        "desk_version": version_of(event, desk),
        "polls": found,
        "why_not_open": why_none_can_open(event, found),
        "polls_version": version_of(event, found),
        "embedded": True,
    }
