"""One person's page; what is held on the person as a file, and erasing it."""

from io import BytesIO

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue

from webapp.domain.admins.roles import Permission
from webapp.domain.attendance.statuses import STATUSES
from webapp.domain.employees.editing import get_employee
from webapp.domain.people.erasing import erase, require_confirmed
from webapp.domain.people.exporting import export_person
from webapp.domain.people.person import read_profile
from webapp.errors import Invalid
from webapp.http.access import permission_required
from webapp.http.downloads import send_export
from webapp.http.person_file import zip_export
from webapp.http.rendering import redirect_to, render
from webapp.http.toasts import notify
from webapp.i18n import gettext as _

bp = Blueprint("people", __name__, url_prefix="/admin/employees/<id:employee_id>")


@bp.get("")
@permission_required(Permission.READ_ATTENDANCE)
def show_person(employee_id: int) -> ResponseReturnValue:
    profile = read_profile(get_employee(employee_id))
    return render("people/person.html", profile=profile, statuses=STATUSES)


@bp.get("/export")
@permission_required(Permission.HANDLE_PERSONAL_DATA)
def show_export(employee_id: int) -> ResponseReturnValue:
    return render("people/ask_export.html", employee=get_employee(employee_id))


@bp.post("/export")
@permission_required(Permission.HANDLE_PERSONAL_DATA)
def export(employee_id: int) -> ResponseReturnValue:
    employee = get_employee(employee_id)
    number, reason = employee.employee_number, request.form.get("reason", "")
    try:
        return send_export(
            lambda: BytesIO(zip_export(export_person(employee_id, reason))),
            f"person-{number}.zip",
            "application/zip",
        )
    except Invalid as refusal:
        return render("people/ask_export.html", employee=employee, error=refusal)


@bp.get("/erase")
@permission_required(Permission.HANDLE_PERSONAL_DATA)
def show_erase(employee_id: int) -> ResponseReturnValue:
    return render("people/ask_erase.html", employee=get_employee(employee_id))


@bp.post("/erase")
@permission_required(Permission.HANDLE_PERSONAL_DATA)
def erase_person(employee_id: int) -> ResponseReturnValue:
    employee = get_employee(employee_id)
    try:
        require_confirmed(employee, request.form.get("name", ""))
    except Invalid as refusal:
        return render("people/ask_erase.html", employee=employee, error=refusal)
    erase(employee_id)
    notify(_("The person was erased."))
    return redirect_to(url_for("people.show_person", employee_id=employee_id))
