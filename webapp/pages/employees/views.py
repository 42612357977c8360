"""The employee list, and the form of one employee."""

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue

from webapp.domain.admins.roles import Permission
from webapp.domain.employees import editing, listing
from webapp.domain.models import Employee
from webapp.errors import Invalid, TownhallError
from webapp.http.access import permission_required
from webapp.http.rendering import redirect_to, render
from webapp.http.toasts import notify
from webapp.i18n import gettext as _
from webapp.pages.employees.forms import EmployeeForm

bp = Blueprint("employees", __name__, url_prefix="/admin/employees")


@bp.get("")
@permission_required(Permission.MANAGE_EMPLOYEES)
def list_employees() -> ResponseReturnValue:
    filters = listing.parse_filters(request.args.to_dict())
    return render(
        "employees/list_employees.html",
        "employees/_rows.html",
        found=listing.read_employees(filters),
        filters=filters,
        states=listing.STATES,
    )


@bp.get("/new")
@permission_required(Permission.MANAGE_EMPLOYEES)
def show_new() -> ResponseReturnValue:
    return _show(EmployeeForm())


@bp.post("/new")
@permission_required(Permission.MANAGE_EMPLOYEES)
def create() -> ResponseReturnValue:
    form = EmployeeForm()
    try:
        editing.add_employee(form.values())
    except Invalid as refusal:
        return _show(form, refusal)
    notify(_("The employee was added."))
    return redirect_to(url_for("employees.list_employees", q=form.email.data))


@bp.get("/<id:employee_id>/edit")
@permission_required(Permission.MANAGE_EMPLOYEES)
def show_edit(employee_id: int) -> ResponseReturnValue:
    employee = editing.get_employee(employee_id)
    return _show(EmployeeForm(obj=employee), employee=employee)


@bp.post("/<id:employee_id>")
@permission_required(Permission.MANAGE_EMPLOYEES)
def edit(employee_id: int) -> ResponseReturnValue:
    form = EmployeeForm()
    try:
        deactivated = editing.change_employee(employee_id, form.values())
    except Invalid as refusal:
        return _show(form, refusal, editing.get_employee(employee_id))
    undo = url_for("employees.reactivate", employee_id=employee_id) if deactivated else ""
    notify(
        _("They cannot check in any more.") if deactivated else _("The changes were saved."), undo
    )
    return redirect_to(url_for("employees.list_employees", q=form.email.data))


@bp.post("/<id:employee_id>/reactivate")
@permission_required(Permission.MANAGE_EMPLOYEES)
def reactivate(employee_id: int) -> ResponseReturnValue:
    employee = editing.reactivate_employee(employee_id)
    notify(_("They can check in again."))
    return redirect_to(url_for("employees.list_employees", q=employee.email))


def _show(
    form: EmployeeForm, error: TownhallError | None = None, employee: Employee | None = None
) -> ResponseReturnValue:
    form.mark(error)
    return render("employees/edit.html", form=form, employee=employee, error=error)
