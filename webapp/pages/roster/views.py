"""The roster of an event, and correcting it."""

from dataclasses import replace
from typing import IO

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue

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
from webapp.http.downloads import send_export, text_file
from webapp.http.polling import NOTHING_NEW, is_seen, version_of
from webapp.http.rendering import is_htmx, redirect_to, render
from webapp.http.toasts import notify
from webapp.i18n import gettext as _
from webapp.infra.clock import utcnow
from webapp.infra.ids import parse_id
from webapp.infra.xlsx_writer import XLSX
from webapp.pages.roster.charts import per_cent, time_chart

bp = Blueprint("roster", __name__, url_prefix="/admin/events/<slug>")


@bp.get("/attendance")
@permission_required(Permission.READ_ATTENDANCE)
def show_roster(slug: str) -> ResponseReturnValue:
    return _show(get_event(slug), _filters())


@bp.post("/attendance/corrections")
@permission_required(Permission.CORRECT_ATTENDANCE)
def correct(slug: str) -> ResponseReturnValue:
    event, filters = get_event(slug), _filters()
    employee_id = parse_id(request.form.get("employee_id"), "employee_id")
    status, note = request.form.get("status", ""), request.form.get("note", "")
    try:
        corrections.correct(event, employee_id, status, note)
    except Invalid as refusal:
        return _show(event, replace(filters, edit=employee_id), refusal)
    notify(_("The attendance was corrected."))
    if is_htmx():
        return _show(event, filters)
    address = url_for("roster.show_roster", slug=slug, **filters.as_args())
    return redirect_to(f"{address}#employee-{employee_id}")


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
    trail.record_now("roster_exported", event_id=event.id, format=kind, **filters.as_args(page=1))


def _filters() -> Filters:
    return roster.parse_filters(request.args.to_dict())


def _show(
    event: EventInfo, filters: Filters, error: TownhallError | None = None
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
        history=corrections.list_corrections(event, filters.edit) if filters.edit else (),
        typed=request.form,
        error=error,
    )
