"""The moderation page of an event's questions, and their export."""

from collections.abc import Callable
from typing import IO

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue

from webapp.domain.admins.roles import Permission
from webapp.domain.audit import trail
from webapp.domain.events import store as event_store
from webapp.domain.events.store import EventInfo, get_event
from webapp.domain.questions import export, merging, moderation, overview, revealing
from webapp.domain.questions.moderation import Decided
from webapp.domain.questions.revealing import Revealed
from webapp.errors import Invalid, NotFound, TownhallError
from webapp.http import identity
from webapp.http.access import permission_required
from webapp.http.downloads import send_export, text_file
from webapp.http.polling import NOTHING_NEW, is_seen, version_of
from webapp.http.rendering import is_htmx, redirect_to, render
from webapp.http.toasts import notify
from webapp.i18n import lazy
from webapp.infra.ids import parse_id
from webapp.infra.text import printable
from webapp.infra.xlsx_writer import XLSX

SETTINGS = ("questions_open", "hold_questions", "anonymous_questions")
SWITCH = {"1": True, "0": False}

bp = Blueprint("question_desk", __name__, url_prefix="/admin/events/<slug>")

# Actions of the page's buttons and forms on a question, by the last part of their address.
ACTS: dict[str, Callable[[EventInfo, int], object]] = {
    "approve": moderation.approve,
    "reject": moderation.reject,
    "answering": moderation.start_answering,
    "answered": lambda event, id_: moderation.answer(event, id_, _field("answer")),
    "reopen": moderation.reopen,
    "hide": moderation.hide,
    "edit": lambda event, id_: moderation.edit(event, id_, _field("body")),
    "move": lambda event, id_: moderation.move(event, id_, _field("where")),
    # A merge cannot be undone, so no question is chosen yet. The question itself is refused.
    "merge": lambda event, id_: merging.merge(event, id_, parse_id(_field("into") or id_, "into")),
}
# Toasts after a success.
DONE = {
    "approve": lazy("The question is approved."),
    "reject": lazy("The question is rejected."),
    "answering": lazy("Every stage shows the question."),
    "answered": lazy("The question is marked as answered."),
    "reopen": lazy("The question is open again."),
    "hide": lazy("The question is hidden."),
    "edit": lazy("The text is saved."),
    "move": lazy("The queue is changed."),
    "merge": lazy("The questions are merged."),
}
UNDONE_BY_REOPENING = {"reject", "hide"}


@bp.get("/questions")
@permission_required(Permission.MODERATE)
def show_desk(slug: str) -> ResponseReturnValue:
    return _show(get_event(slug))


@bp.post("/questions/settings")
@permission_required(Permission.MODERATE)
def change_settings(slug: str) -> ResponseReturnValue:
    event = get_event(slug)
    values = {name: SWITCH.get(_field(name)) for name in SETTINGS if name in request.form}
    if not values or None in values.values():
        raise Invalid("Questions cannot be set to that.")
    event_store.change_columns(event, "questions_settings_changed", **values)
    return _back(event)


@bp.get("/questions/<id:question_id>")
@permission_required(Permission.MODERATE)
def show_question(slug: str, question_id: int) -> ResponseReturnValue:
    return _show_question(get_event(slug), question_id)


@bp.post("/questions/<id:question_id>/<act>")
@permission_required(Permission.MODERATE)
def change(slug: str, question_id: int, act: str) -> ResponseReturnValue:
    event = get_event(slug)
    if act not in ACTS:
        raise NotFound
    try:
        ACTS[act](event, question_id)
    except Decided as refusal:
        # Somebody else was faster: the lists show what has become of it.
        notify(refusal.message)
        return _back(event)
    except Invalid as refusal:
        return _show_question(event, question_id, refusal)
    return _finish(event, question_id, act)


@bp.post("/questions/<id:question_id>/reveal")
@permission_required(Permission.REVEAL_AUTHORS)
def reveal(slug: str, question_id: int) -> ResponseReturnValue:
    event, admin = get_event(slug), identity.require_admin()
    try:
        revealed = revealing.reveal(event, question_id, admin, _field("reason"))
    except Invalid as refusal:
        return _show_question(event, question_id, refusal)
    return _show_question(event, question_id, revealed=revealed)


@bp.get("/questions.csv")
@permission_required(Permission.MODERATE)
def download_csv(slug: str) -> ResponseReturnValue:
    event = get_event(slug)

    def make() -> IO[bytes]:
        trail.record_now("questions_exported", event_id=event.id, format="csv")
        return text_file(export.as_csv(export.read_rows(event)))

    return send_export(make, f"{event.slug}-questions.csv", "text/csv")


@bp.get("/questions.xlsx")
@permission_required(Permission.MODERATE)
def download_xlsx(slug: str) -> ResponseReturnValue:
    event = get_event(slug)

    def make() -> IO[bytes]:
        trail.record_now("questions_exported", event_id=event.id, format="xlsx")
        return export.as_xlsx(export.read_rows(event))

    return send_export(make, f"{event.slug}-questions.xlsx", XLSX)


def _finish(event: EventInfo, question_id: int, act: str) -> ResponseReturnValue:
    """Say that the act worked, with a button that takes it back, and show the lists again."""
    undo = ""
    if act in UNDONE_BY_REOPENING:
        change_back = "question_desk.change"
        undo = url_for(change_back, slug=event.slug, question_id=question_id, act="reopen")
    notify(str(DONE[act]), undo=undo)
    return _back(event)


def _field(name: str) -> str:
    return printable(request.form.get(name, ""))


def _back(event: EventInfo) -> ResponseReturnValue:
    """Render the lists as they are now for HTMX; send everyone else to the page."""
    if is_htmx():
        return _show(get_event(event.slug))
    page = "moderation.show_chat" if _is_embedded() else "question_desk.show_desk"
    return redirect_to(url_for(page, slug=event.slug))


def _is_embedded() -> bool:
    """Return whether the request comes from the moderator's desk of the chat."""
    return request.values.get("desk") == "1"


def _show(event: EventInfo) -> ResponseReturnValue:
    found = overview.read_overview(event.id)
    version = version_of(event, found)
    if is_seen(version):
        return NOTHING_NEW
    return render(
        "questions/desk.html",
        "questions/_desk.html",
        event=event,
        desk=found,
        version=version,
        embedded=is_htmx() and _is_embedded(),
    )


def _show_question(
    event: EventInfo,
    question_id: int,
    error: TownhallError | None = None,
    revealed: Revealed | None = None,
) -> ResponseReturnValue:
    question, others = overview.read_question(event.id, question_id)
    return render(
        "questions/edit.html",
        event=event,
        question=question,
        others=others,
        revealed=revealed,
        typed=request.form,
        error=error,
    )
