"""The roster of an event, and correcting it."""

from dataclasses import replace
from typing import IO

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from webapp.domain.admins.roles import Permission
from webapp.domain.attendance.statuses import CORRECTED
from webapp.domain.audit import trail
from webapp.domain.events.store import EventInfo, get_event
from webapp.domain.roster import corrections, roster, statistics
from webapp.domain.roster.export_csv import as_csv, begin_export
from webapp.domain.roster.export_xlsx import as_xlsx
from webapp.domain.roster.filters import Filters
from webapp.errors import Invalid, TownhallError
from webapp.http import identity
from webapp.http.access import permission_required
from webapp.http.downloads import place, send_export, text_file
from webapp.http.polling import NOTHING_NEW, is_seen, version_of
from webapp.http.rendering import is_htmx, redirect_to, render
from webapp.http.toasts import notify
from webapp.i18n import gettext as _
from webapp.i18n import ngettext
from webapp.infra.clock import utcnow
from webapp.infra.ids import parse_id
from webapp.infra.xlsx_writer import XLSX
from webapp.pages.roster.charts import per_cent, time_chart

bp = Blueprint("roster", __name__, url_prefix="/admin/events/<slug>")


@bp.get("/attendance")
@permission_required(Permission.READ_ATTENDANCE)
def show_roster(slug: str) -> ResponseReturnValue:
    return _show(get_event(slug), _filters())


@bp.get("/attendance/print")
@permission_required(Permission.READ_ATTENDANCE)
def show_print(slug: str) -> ResponseReturnValue:
    event, filters = get_event(slug), _filters()
    _note_export(event, filters, "print")
    with place():
        return render(
            "roster/print.html",
            event=event,
            filters=filters,
            roster=roster.read_whole(event, filters),
            printed_at=utcnow(),
            statuses=roster.STATUSES,
        )


@bp.post("/attendance/corrections")
@permission_required(Permission.CORRECT_ATTENDANCE)
def correct(slug: str) -> ResponseReturnValue:
    event, filters = get_event(slug), _filters()
    employee_id = parse_id(request.form.get("employee_id"), "employee_id")
    try:
        done = corrections.correct(event, employee_id, *_requested())
    except Invalid as refusal:
        return _show(event, replace(filters, edit=employee_id), refusal)
    _tell(event, filters, done, _("The attendance was corrected."))
    return _back(event, filters, employee_id)


@bp.post("/attendance/corrections/several")
@permission_required(Permission.CORRECT_ATTENDANCE)
def correct_several(slug: str) -> ResponseReturnValue:
    event, filters = get_event(slug), _filters()
    try:
        done = _correct_ticked(event, filters)
    except Invalid as refusal:
        return _show(event, filters, refusal)
    _tell(event, filters, done, _say_corrected(done.corrected))
    ticked = request.form.getlist("employee", type=int)
    return _back(event, filters, ticked[0] if ticked else 0)


@bp.post("/attendance/corrections/<id:batch>/undo")
@permission_required(Permission.CORRECT_ATTENDANCE)
def undo(slug: str, batch: int) -> ResponseReturnValue:
    event, filters = get_event(slug), _filters()
    count = corrections.undo(event, batch)
    if count:
        taken_back = ngettext(
            "%(count)s correction was taken back.", "%(count)s corrections were taken back.", count
        )
        notify(taken_back)
    else:
        notify(_("They were corrected again meanwhile: nothing was taken back."))
    return _back(event, filters)


@bp.get("/attendance.csv")
@permission_required(Permission.READ_ATTENDANCE)
def download_csv(slug: str) -> ResponseReturnValue:
    event, filters = get_event(slug), _filters()
    separator = ";" if request.args.get("separator") == "semicolon" else ","

    def make() -> IO[bytes]:
        _note_export(event, filters, "csv")
        return text_file(as_csv(event, begin_export(event, filters), separator))

    return send_export(make, f"{event.slug}-attendance.csv", "text/csv")


@bp.get("/attendance.xlsx")
@permission_required(Permission.READ_ATTENDANCE)
def download_xlsx(slug: str) -> ResponseReturnValue:
    event, filters, admin = get_event(slug), _filters(), identity.require_admin()

    def make() -> IO[bytes]:
        _note_export(event, filters, "xlsx")
        return as_xlsx(event, filters, begin_export(event, filters), admin.email)

    return send_export(make, f"{event.slug}-attendance.xlsx", XLSX)


@bp.get("/attendance/charts")
@permission_required(Permission.READ_ATTENDANCE)
def show_charts(slug: str) -> ResponseReturnValue:
    event = get_event(slug)
    found = statistics.read_figures(event, utcnow())
    return render(
        "roster/show_charts.html",
        event=event,
        figures=found,
        watching=time_chart(event, found.rule, found.watching),
        arrivals=time_chart(event, found.rule, found.arrivals),
        reactions=time_chart(event, found.rule, found.reactions),
        per_cent=per_cent,
    )


def _note_export(event: EventInfo, filters: Filters, kind: str) -> None:
    # Recorded before the first byte: an interrupted export has shown data all the same.
    trail.record_now(
        "roster_exported", event_id=event.id, format=kind, **filters.as_args(page=1, edit=0)
    )


def _filters() -> Filters:
    return roster.parse_filters(request.args.to_dict())


def _requested() -> tuple[str, str, int | None]:
    """Return the status, the reason and the latest correction that the page knew of."""
    form = request.form
    seen = parse_id(form["seen"], "seen") if "seen" in form else None
    return form.get("status", ""), form.get("note", ""), seen


def _say_corrected(count: int) -> str:
    return ngettext(
        "%(count)s attendance was corrected.", "%(count)s attendances were corrected.", count
    )


def _correct_ticked(event: EventInfo, filters: Filters) -> corrections.Done:
    if "everyone" in request.form:
        expected = parse_id(request.form["everyone"], "everyone")
        return corrections.correct_matching(event, filters, expected, *_requested())
    ids = [parse_id(ticked, "employee") for ticked in request.form.getlist("employee")]
    return corrections.correct_several(event, ids, *_requested())


def _tell(event: EventInfo, filters: Filters, done: corrections.Done, text: str) -> None:
    """Say how it went, with a button that takes it back."""
    args = filters.as_args(edit=0)
    batch = done.batch
    notify(text, url_for("roster.undo", slug=event.slug, batch=batch, **args) if batch else "")
    if done.newer:
        notify(
            ngettext(
                "%(count)s was corrected by somebody else meanwhile and stays as it is.",
                "%(count)s were corrected by somebody else meanwhile and stay as they are.",
                done.newer,
            )
        )
    if done.gone:
        notify(
            ngettext(
                "%(count)s is not on the roster any more.",
                "%(count)s are not on the roster any more.",
                done.gone,
            )
        )


def _may_correct(event: EventInfo) -> bool:
    return not event.archived_at and identity.require_admin().may(Permission.CORRECT_ATTENDANCE)


def _back(event: EventInfo, filters: Filters, employee_id: int = 0) -> ResponseReturnValue:
    """Show the roster again, with the focus on the row of the employee."""
    if is_htmx():
        return _show(event, filters, focus=employee_id)
    address = url_for("roster.show_roster", slug=event.slug, **filters.as_args(edit=0))
    return redirect_to(f"{address}#employee-{employee_id}" if employee_id else address)


def _show(
    event: EventInfo, filters: Filters, error: TownhallError | None = None, focus: int = 0
) -> ResponseReturnValue:
    found = roster.read_roster(event, filters)
    version = version_of(event, filters, found)
    if is_seen(version):
        return NOTHING_NEW
    return render(
        "roster/show_roster.html",
        "roster/_rows.html",
        event=event,
        filters=filters,
        roster=found,
        version=version,
        statuses=roster.STATUSES,
        corrected=CORRECTED,
        may_correct=_may_correct(event),
        most=corrections.MOST_AT_ONCE,
        history=corrections.list_corrections(event, filters.edit) if filters.edit else (),
        focus=focus or parse_id(request.args.get("focus") or 0, "focus"),
        # After a success the forms begin anew.
        typed=request.form if error else MultiDict(),
        error=error,
    )
