"""Remove, restore, approve and reject messages, one or several at once, and undo it.

A moderator who comes second is told who was first, and for how many messages.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue

from webapp.domain.admins.roles import Permission
from webapp.domain.chat import decisions, moderation
from webapp.domain.chat.selections import Done, Earlier
from webapp.domain.events.store import EventInfo, get_event
from webapp.errors import Invalid, NotFound
from webapp.http.access import permission_required
from webapp.http.toasts import notify
from webapp.i18n import gettext as _
from webapp.i18n import ngettext
from webapp.infra.clock import isoformat
from webapp.infra.formats import format_moment
from webapp.pages.moderation.desk import back, show
from webapp.pages.moderation.forms import parse_moment, parse_selection, parse_wanted

bp = Blueprint("message_desk", __name__, url_prefix="/admin/events/<slug>/chat")


@dataclass(frozen=True)
class Act:
    """An act on messages or held posts: its function, and the text for a number of them."""

    do: Callable[[EventInfo, list[int]], Done]
    say: Callable[[int], str]


REMOVE = Act(
    moderation.remove_messages,
    lambda count: ngettext("Removed the message.", "Removed %(count)s messages.", count),
)
RESTORE = Act(
    moderation.restore_messages,
    lambda count: ngettext("Restored the message.", "Restored %(count)s messages.", count),
)
APPROVE = Act(
    decisions.approve,
    lambda count: ngettext("Approved the message.", "Approved %(count)s messages.", count),
)
REJECT = Act(
    decisions.reject,
    lambda count: ngettext("Rejected the message.", "Rejected %(count)s messages.", count),
)


@bp.post("/messages/<id:message_id>/remove")
@permission_required(Permission.MODERATE)
def remove_one(slug: str, message_id: int) -> ResponseReturnValue:
    return _act(slug, REMOVE, [message_id], f"#message-{message_id}")


@bp.post("/messages/remove")
@permission_required(Permission.MODERATE)
def remove(slug: str) -> ResponseReturnValue:
    return _act(slug, REMOVE, parse_selection("message"), "#messages")


@bp.post("/messages/<id:message_id>/restore")
@permission_required(Permission.MODERATE)
def restore_one(slug: str, message_id: int) -> ResponseReturnValue:
    return _act(slug, RESTORE, [message_id], f"#message-{message_id}")


@bp.post("/messages/restore")
@permission_required(Permission.MODERATE)
def restore(slug: str) -> ResponseReturnValue:
    """Restore the selected messages, or with `removed` those that one act removed."""
    if "removed" not in request.args:
        return _act(slug, RESTORE, parse_selection("message"), "#messages")
    event = get_event(slug)
    if removed := moderation.find_removed(event, parse_moment("removed")):
        return _act(slug, RESTORE, removed, "#messages")
    notify(_("There is nothing left to undo."))
    return back(event, "#messages")


@bp.post("/held/<id:held_id>/approve")
@permission_required(Permission.MODERATE)
def approve_one(slug: str, held_id: int) -> ResponseReturnValue:
    return _act(slug, APPROVE, [held_id], "#held")


@bp.post("/held/approve")
@permission_required(Permission.MODERATE)
def approve(slug: str) -> ResponseReturnValue:
    return _act(slug, APPROVE, parse_selection("held"), "#held")


@bp.post("/held/<id:held_id>/reject")
@permission_required(Permission.MODERATE)
def reject_one(slug: str, held_id: int) -> ResponseReturnValue:
    return _act(slug, REJECT, [held_id], "#held")


@bp.post("/held/reject")
@permission_required(Permission.MODERATE)
def reject(slug: str) -> ResponseReturnValue:
    return _act(slug, REJECT, parse_selection("held"), "#held")


@bp.post("/held/undo")
@permission_required(Permission.MODERATE)
def take_back(slug: str) -> ResponseReturnValue:
    event = get_event(slug)
    count = decisions.take_back(event, parse_moment("decided"))
    text = ngettext("Took back one decision.", "Took back %(count)s decisions.", count)
    notify(text if count else _("There is nothing left to undo."))
    return back(event, "#held")


def _act(slug: str, act: Act, ids: list[int], anchor: str) -> ResponseReturnValue:
    """Do it and say so, or show the desk with the reason why it was refused."""
    event = get_event(slug)
    try:
        done = act.do(event, ids)
    except (Invalid, NotFound) as refusal:
        return show(event, parse_wanted(), refusal)
    if done.changed:
        notify(act.say(len(done.changed)), undo=_undo(event, act, done))
    for earlier, count in _group(done.earlier):
        notify(_describe(event, earlier, count))
    return back(event, anchor)


def _undo(event: EventInfo, act: Act, done: Done) -> str:
    """Return the address that undoes it, or "" for a restoration: the buttons do that."""
    if act is REMOVE:
        return url_for("message_desk.restore", slug=event.slug, removed=isoformat(done.at))
    if act is RESTORE:
        return ""
    return url_for("message_desk.take_back", slug=event.slug, decided=isoformat(done.at))


def _group(earlier: Iterable[Earlier]) -> list[tuple[Earlier, int]]:
    """Return one of those acts for each act and admin, with their number."""
    groups: dict[tuple[str, str], list[Earlier]] = {}
    for one in earlier:
        groups.setdefault((one.act, one.by), []).append(one)
    return [(group[0], len(group)) for group in groups.values()]


def _describe(event: EventInfo, earlier: Earlier, count: int) -> str:
    name = earlier.by or _("Somebody else")
    if count == 1 and earlier.at:
        values = {"name": name, "time": format_moment(event.local(earlier.at), "time")}
        match earlier.act:
            case "removed":
                return _("%(name)s removed this message already, at %(time)s.", **values)
            case "approved":
                return _("%(name)s approved this message already, at %(time)s.", **values)
            case _:
                return _("%(name)s rejected this message already, at %(time)s.", **values)
    match earlier.act:
        case "removed":
            return _("%(name)s had removed %(count)s of them already.", name=name, count=count)
        case "approved":
            return _("%(name)s had approved %(count)s of them already.", name=name, count=count)
        case "rejected":
            return _("%(name)s had rejected %(count)s of them already.", name=name, count=count)
        case _:
            return _("%(name)s restored this already.", name=name)
