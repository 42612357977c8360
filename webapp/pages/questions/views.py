"""The questions of an event as a page of their own: reading, asking and voting without a socket."""

from typing import Any

from flask import Blueprint, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from webapp.domain.attendance.checkin import Viewer
from webapp.domain.events.store import EventInfo
from webapp.domain.questions import asking, authors, board, own, voting
from webapp.domain.questions.drafts import Draft
from webapp.domain.questions.voting import Vote
from webapp.errors import Invalid, TownhallError
from webapp.http import identity
from webapp.http.access import viewer_required
from webapp.http.rendering import redirect_to, render, wants_json
from webapp.http.request_parsing import form_nonce, request_fields
from webapp.infra.allowance import take_read
from webapp.infra.paging import parse_page
from webapp.infra.text import printable
from webapp.pages.questions.rows import question_rows

bp = Blueprint("questions", __name__, url_prefix="/events/<slug>/questions")
bp.add_app_template_filter(question_rows)

# Values of a form for yes and no; JSON has its own.
SWITCH = {"1": True, "0": False}


@bp.get("")
@viewer_required
def list_questions(event: EventInfo, viewer: Viewer) -> ResponseReturnValue:
    take_read(viewer.employee.id)
    return _show(event, viewer)


@bp.post("")
@viewer_required
def ask(event: EventInfo, viewer: Viewer) -> ResponseReturnValue:
    fields = request_fields()
    try:
        receipt = asking.ask(_draft(event, viewer, fields))
    except TownhallError as refusal:
        if wants_json():
            raise
        return _show(event, viewer, refusal)
    if wants_json():
        return jsonify(ok=True, **receipt.as_dict())
    held = 1 if receipt.id is None else None
    return _back(event, fields, "questions" if held else f"question-{receipt.id}", held=held)


@bp.post("/<id:question_id>/vote")
@viewer_required
def vote(event: EventInfo, viewer: Viewer, question_id: int) -> ResponseReturnValue:
    fields = request_fields()
    wanted = SWITCH.get(str(fields.get("vote")), fields.get("vote"))
    try:
        votes = voting.vote(Vote(event.slug, viewer, question_id, wanted))
    except TownhallError as refusal:
        if wants_json():
            raise
        return _show(event, viewer, refusal)
    if wants_json():
        return jsonify(ok=True, **votes.as_dict())
    return _back(event, fields, f"question-{question_id}")


def _draft(event: EventInfo, viewer: Viewer, fields: dict[str, Any]) -> Draft:
    anonymous = fields.get("anonymous", False)
    return Draft(
        event.slug,
        viewer,
        fields.get("body"),
        fields.get("nonce"),
        SWITCH.get(str(anonymous), anonymous),
        moderator=identity.is_moderator(),
    )


def _back(
    event: EventInfo, fields: dict[str, Any], fragment: str, held: int | None = None
) -> ResponseReturnValue:
    """Redirect to the page that the form was on: the live page, or a page of the list."""
    if fields.get("from") == "live":
        address = url_for("live.show_live", slug=event.slug, tab="questions", asked=held)
    else:
        sort = fields.get("sort") if fields.get("sort") in board.SORTS else None
        address = url_for("questions.list_questions", slug=event.slug, sort=sort, held=held)
    return redirect_to(f"{address}#{fragment}")


def _show(
    event: EventInfo, viewer: Viewer, error: TownhallError | None = None
) -> ResponseReturnValue:
    sort = request.values.get("sort", board.SORTS[0])
    if sort not in board.SORTS:
        raise Invalid("Questions are listed by votes or by time.")
    # The address of a refused form has no page.
    page = board.list_page(event.id, sort, parse_page(request.args.get("page", "1")))
    mine = own.find_own(event.id, viewer.employee.id)
    if wants_json() and not error:
        return jsonify(ok=True, questions=page.questions, page=page.page, pages=page.last, **mine)
    return render(
        "questions/list.html",
        event=event,
        viewer=viewer,
        page=page,
        sort=sort,
        own=mine,
        asked=authors.list_asked(event.id, viewer.employee.id),
        held="held" in request.args,
        # Made here, so that a form sent twice without JavaScript is one question.
        nonce=form_nonce(error),
        draft=printable(request.form.get("body", "")),
        anonymous=request.form.get("anonymous") == "1",
        error=error,
    )
