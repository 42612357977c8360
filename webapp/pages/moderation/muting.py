"""The page of one employee at an event, for moderators, and muting them in its chat."""

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue

from webapp.domain.admins.roles import Permission
from webapp.domain.chat import mutes
from webapp.domain.chat.board import Wanted, read_profile
from webapp.domain.chat.mutes import Muting
from webapp.domain.events.store import EventInfo, get_event
from webapp.errors import Invalid
from webapp.http.access import permission_required
from webapp.http.rendering import is_htmx, render
from webapp.http.toasts import notify
from webapp.i18n import gettext as _
from webapp.infra.formats import format_moment
from webapp.pages.moderation.desk import back, show_profile
from webapp.pages.moderation.forms import MuteForm, parse_wanted

bp = Blueprint("muting", __name__, url_prefix="/admin/events/<slug>/chat/employees")


@bp.get("/<id:employee_id>")
@permission_required(Permission.MODERATE)
def show_employee(slug: str, employee_id: int) -> ResponseReturnValue:
    return show_profile(get_event(slug), parse_wanted(employee_id))


@bp.get("/<id:employee_id>/mute")
@permission_required(Permission.MODERATE)
def show_form(slug: str, employee_id: int) -> ResponseReturnValue:
    """Render the form for the dialog of the desk; without HTMX, the employee's page with it."""
    return _show_form(get_event(slug), employee_id, MuteForm(formdata=None))


@bp.post("/<id:employee_id>/mute")
@permission_required(Permission.MODERATE)
def mute(slug: str, employee_id: int) -> ResponseReturnValue:
    event, form = get_event(slug), MuteForm()
    try:
        muting = mutes.mute(event, employee_id, form.find_end(event), form.reason.data or "")
    except Invalid as refusal:
        form.mark(refusal)
        return _show_form(event, employee_id, form, refusal)
    undo = url_for("muting.unmute", slug=slug, employee_id=employee_id)
    notify(_describe(event, muting), undo="" if muting.replaced else undo)
    return back(event, "#messages")


@bp.post("/<id:employee_id>/unmute")
@permission_required(Permission.MODERATE)
def unmute(slug: str, employee_id: int) -> ResponseReturnValue:
    event = get_event(slug)
    name = mutes.unmute(event, employee_id)
    notify(_("%(name)s can write again.", name=name))
    return back(event, "#messages")


def _show_form(
    event: EventInfo, employee_id: int, form: MuteForm, error: Invalid | None = None
) -> ResponseReturnValue:
    if not is_htmx():
        return show_profile(event, Wanted(employee_id=employee_id), error, form)
    author = read_profile(event, employee_id)
    answer = render("moderation/_mute.html", event=event, author=author, form=form, error=error)
    if error:
        answer.headers.update({"HX-Retarget": "#mute-form", "HX-Reswap": "outerHTML"})
    return answer


def _describe(event: EventInfo, muting: Muting) -> str:
    """Say that somebody is muted until when, and that another admin had done so before."""
    values = {"name": muting.name, "admin": muting.replaced or _("Somebody else")}
    if muting.until:
        values["time"] = format_moment(event.local(muting.until), "time")
        if muting.replaced is None:
            return _("Muted %(name)s until %(time)s.", **values)
        return _("Muted %(name)s until %(time)s. This replaces the mute by %(admin)s.", **values)
    if muting.replaced is None:
        return _("Muted %(name)s for the event.", **values)
    return _("Muted %(name)s for the event. This replaces the mute by %(admin)s.", **values)
