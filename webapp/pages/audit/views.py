"""The audit log, which owners read and export."""

from typing import IO

from flask import Blueprint, current_app, request
from flask.typing import ResponseReturnValue

from webapp.domain.admins.roles import Permission
from webapp.domain.audit import export, trail
from webapp.domain.audit.filters import KINDS, Filters, actions_by_kind, parse_filters
from webapp.domain.audit.log import read_all, read_log
from webapp.domain.audit.trail import ACTIONS
from webapp.http.access import permission_required
from webapp.http.downloads import send_export, text_file
from webapp.http.rendering import render
from webapp.infra.xlsx_writer import XLSX

bp = Blueprint("audit", __name__, url_prefix="/admin")


@bp.get("/audit")
@permission_required(Permission.READ_AUDIT)
def show_log() -> ResponseReturnValue:
    filters = _filters()
    return render(
        "audit/show_log.html",
        "audit/_rows.html",
        filters=filters,
        log=read_log(filters, _timezone()),
        actions=ACTIONS,
        kinds=KINDS,
        by_kind=actions_by_kind(),
    )


@bp.get("/audit.csv")
@permission_required(Permission.READ_AUDIT)
def download_csv() -> ResponseReturnValue:
    filters = _filters()
    timezone = filters.zone or _timezone()
    separator = ";" if request.args.get("separator") == "semicolon" else ","

    def make() -> IO[bytes]:
        _note_export(filters, "csv")
        return text_file(export.as_csv(read_all(filters, timezone), timezone, separator))

    return send_export(make, "audit-log.csv", "text/csv")


@bp.get("/audit.xlsx")
@permission_required(Permission.READ_AUDIT)
def download_xlsx() -> ResponseReturnValue:
    filters = _filters()
    timezone = filters.zone or _timezone()

    def make() -> IO[bytes]:
        _note_export(filters, "xlsx")
        return export.as_xlsx(read_all(filters, timezone), timezone)

    return send_export(make, "audit-log.xlsx", XLSX)


def _note_export(filters: Filters, kind: str) -> None:
    # Recorded before the first byte: an interrupted export has shown data all the same.
    given = filters.as_args(action="", before="", zone="")
    trail.record_now("audit_exported", format=kind, kind=filters.action, **given)


def _filters() -> Filters:
    return parse_filters(request.args.to_dict())


def _timezone() -> str:
    timezone: str = current_app.config["SITE_TIMEZONE"]
    return timezone
