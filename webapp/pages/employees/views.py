"""The list of employees, one of them by hand, and the import of a list."""

import time
from typing import Any

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from webapp.domain.employees import directory, editing, import_progress, importing
from webapp.domain.employees.import_progress import Progress
from webapp.domain.models import Employee
from webapp.errors import Invalid, TownhallError
from webapp.http import identity
from webapp.http.access import admin_required
from webapp.http.error_handlers import respond
from webapp.http.rendering import redirect_to, render
from webapp.infra.paging import parse_page
from webapp.pages.employees.forms import EmployeeForm, ImportForm

bp = Blueprint("employees", __name__, url_prefix="/admin/employees")

MAX_FILE_BYTES = 20 * 1024 * 1024
TOO_LARGE = Invalid("This file has more than 20 MB. Split it, or use the command.")
# Of each kind; a page of 50,000 rows helps nobody.
SHOWN_ROWS = 100
NOTHING_YET = "Nothing is being read or written just now."


@bp.url_value_preprocessor
def allow_large_file(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Before anything reads the body: the guard against forged forms does."""
    if endpoint == "employees.import_file":
        request.max_content_length = MAX_FILE_BYTES


@bp.get("")
@admin_required
def list_employees() -> ResponseReturnValue:
    q, page = request.args.get("q", "").strip()[:100], parse_page(request.args.get("page", "1"))
    found, total = directory.search_employees(q, page)
    pages = max(1, -(-total // directory.PAGE_ROWS))
    return render(
        "employees/list_employees.html",
        "employees/_rows.html",
        employees=found,
        total=total,
        q=q,
        page=page,
        pages=pages,
    )


@bp.get("/new")
@admin_required
def show_new() -> ResponseReturnValue:
    return _show(EmployeeForm())


@bp.post("/new")
@admin_required
def create() -> ResponseReturnValue:
    form = EmployeeForm()
    try:
        editing.add_employee(form.values())
    except Invalid as refusal:
        return _show(form, refusal)
    return redirect_to(url_for("employees.list_employees", q=form.email.data))


@bp.get("/<int(max=2147483647):employee_id>")
@admin_required
def show_edit(employee_id: int) -> ResponseReturnValue:
    employee = editing.get_employee(employee_id)
    return _show(EmployeeForm(obj=employee), employee=employee)


@bp.post("/<int(max=2147483647):employee_id>")
@admin_required
def edit(employee_id: int) -> ResponseReturnValue:
    form = EmployeeForm()
    try:
        editing.change_employee(employee_id, form.values())
    except Invalid as refusal:
        return _show(form, refusal, editing.get_employee(employee_id))
    return redirect_to(url_for("employees.list_employees", q=form.email.data))


@bp.get("/import")
@admin_required
def show_import() -> ResponseReturnValue:
    return _show_import(ImportForm())


@bp.post("/import")
@admin_required
def import_file() -> ResponseReturnValue:
    form, began, admin = ImportForm(), time.monotonic(), identity.require_admin()
    if not form.validate():
        return _show_import(form, Invalid("Choose a file."))

    def say(progress: Progress) -> None:
        import_progress.note(admin.id, progress)
        if progress.step == "read":
            # In the embedded default the others have their turn. Not while it is being written:
            # whoever wrote then would wait, and stop the process.
            time.sleep(0)

    try:
        report = importing.import_employees(
            form.file.data.read(),
            name=form.file.data.filename or "",
            dry_run=request.form.get("action") != "import",
            strict=form.strict.data,
            sync=form.sync.data,
            confirmed=form.confirmed.data,
            on_progress=say,
        )
    except Invalid as refusal:
        return _show_import(form, refusal)
    finally:
        import_progress.forget(admin.id)
    return _show_import(form, report=report, seconds=time.monotonic() - began)


@bp.get("/import/progress")
@admin_required
def show_progress() -> ResponseReturnValue:
    return render(
        "employees/show_progress.html",
        "employees/_progress.html",
        progress=import_progress.find(identity.require_admin().id),
        waiting=NOTHING_YET,
    )


@bp.errorhandler(RequestEntityTooLarge)
def show_too_large(_error: RequestEntityTooLarge) -> ResponseReturnValue:
    """The guard against forged forms meets it first, before the view and its check."""
    if request.endpoint != "employees.import_file" or identity.current_admin() is None:
        return respond(TOO_LARGE, status=413)
    return _show_import(ImportForm(formdata=None), TOO_LARGE, status=413)


def _show(
    form: EmployeeForm, error: TownhallError | None = None, employee: Employee | None = None
) -> ResponseReturnValue:
    return render("employees/edit.html", form=form, employee=employee, error=error)


def _show_import(
    form: ImportForm,
    error: TownhallError | None = None,
    status: int | None = None,
    **context: Any,
) -> ResponseReturnValue:
    return render(
        "employees/import.html",
        "employees/_report.html",
        form=form,
        shown=SHOWN_ROWS,
        waiting=NOTHING_YET,
        error=error,
        status=status,
        **context,
    )
