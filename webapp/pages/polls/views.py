"""An event's polls and reactions without a socket."""

from flask import Blueprint, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from webapp.domain.attendance.checkin import Viewer
from webapp.domain.events.store import EventInfo
from webapp.domain.polls import answering, store
from webapp.domain.polls.answers import Answer
from webapp.domain.reactions.reacting import react
from webapp.errors import EventNotOpen, TownhallError
from webapp.http.access import viewer_required
from webapp.http.rendering import redirect_to, render, wants_json
from webapp.http.request_parsing import request_fields
from webapp.infra.allowance import take_read

bp = Blueprint("polls", __name__, url_prefix="/events/<slug>")
bp.add_app_template_filter(store.share_of, "share")


@bp.get("/polls")
@viewer_required
def list_polls(event: EventInfo, viewer: Viewer) -> ResponseReturnValue:
    take_read(viewer.employee.id)
    return _show(event, viewer)


@bp.post("/polls/<id:poll_id>")
@viewer_required
def answer_poll(event: EventInfo, viewer: Viewer, poll_id: int) -> ResponseReturnValue:
    try:
        counted = answering.answer(Answer(event.slug, viewer, poll_id, _options()))
    except EventNotOpen:
        raise
    except TownhallError as refusal:
        if wants_json():
            raise
        return _show(event, viewer, refusal)
    if wants_json():
        return jsonify(ok=True, **counted.as_dict())
    return _back(event, "poll", answered="before" if counted.repeated else "now")


@bp.post("/reactions")
@viewer_required
def react_once(event: EventInfo, viewer: Viewer) -> ResponseReturnValue:
    react(event, viewer, request_fields().get("kind"))
    if wants_json():
        return jsonify(ok=True)
    return redirect_to(url_for("live.show_live", slug=event.slug) + "#reactions")


def _options() -> object:
    """Return the chosen options as they came."""
    return request_fields().get("options") if request.is_json else request.form.getlist("option")


def _back(event: EventInfo, panel: str, answered: str) -> ResponseReturnValue:
    """Redirect to the page whose form was sent."""
    if request.form.get("back") == "live":
        address = url_for("live.show_live", slug=event.slug, tab="poll", answered=answered)
    else:
        address = url_for("polls.list_polls", slug=event.slug, answered=answered)
    return redirect_to(f"{address}#{panel}")


def _show(
    event: EventInfo, viewer: Viewer, error: TownhallError | None = None
) -> ResponseReturnValue:
    polls = store.list_opened(event.id)
    answers = store.find_answers(polls, viewer.employee.id)
    if wants_json():
        opened = [store.without_revision(poll) for poll in polls]
        answered = [{"poll": poll_id, "options": ids} for poll_id, ids in answers.items()]
        return jsonify(ok=True, polls=opened, answered=answered)
    return render(
        "polls/list_polls.html",
        event=event,
        viewer=viewer,
        polls=polls,
        answers=answers,
        answered=request.args.get("answered"),
        error=error,
    )
