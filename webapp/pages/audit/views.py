"""The audit log, which every admin may read."""

from flask import Blueprint, current_app, request
from flask.typing import ResponseReturnValue

from webapp.domain.admins.roles import Permission
from webapp.domain.audit import log as audit_log
from webapp.domain.audit.trail import ACTIONS
from webapp.http.access import permission_required
from webapp.http.rendering import render

bp = Blueprint("audit", __name__, url_prefix="/admin/audit")


@bp.get("")
@permission_required(Permission.READ_AUDIT)
def show_log() -> ResponseReturnValue:
    filters = audit_log.parse_filters(request.args.to_dict())
    timezone = current_app.config["SITE_TIMEZONE"]
    return render(
        "audit/show_log.html",
        "audit/_rows.html",
        filters=filters,
        log=audit_log.read_log(filters, timezone),
        actions=ACTIONS,
        timezone=timezone,
    )
