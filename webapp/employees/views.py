"""The list of employees, and its import."""

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from webapp.core import employee_import, employees
from webapp.core.access import admins
from webapp.core.errors import Invalid
from webapp.core.paging import parse_page
from webapp.core.rendering import render
from webapp.employees.forms import ImportForm

bp = Blueprint("employees", __name__, url_prefix="/admin/employees")

MAX_FILE_BYTES = 20 * 1024 * 1024


@bp.url_value_preprocessor
def allow_large_file(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Before anything reads the body: the guard against forged forms does."""
    if endpoint == "employees.import_file":
        request.max_content_length = MAX_FILE_BYTES


@bp.get("")
@admins
def list_employees() -> ResponseReturnValue:
    q, page = request.args.get("q", "").strip()[:100], parse_page(request.args.get("page", "1"))
    found, total = employees.search_employees(q, page)
    pages = max(1, -(-total // employees.PAGE_ROWS))
    return render(
        "employees/list_employees.html",
        "employees/_rows.html",
        employees=found,
        total=total,
        q=q,
        page=page,
        pages=pages,
    )


@bp.get("/import")
@admins
def show_import() -> ResponseReturnValue:
    return render("employees/import.html", form=ImportForm(), report=None)


@bp.post("/import")
@admins
def import_file() -> ResponseReturnValue:
    form = ImportForm()
    if not form.validate():
        return render(
            "employees/import.html", form=form, report=None, error=Invalid("Choose a file.")
        )
    try:
        report = employee_import.import_employees(
            form.file.data.read(),
            name=form.file.data.filename or "",
            dry_run=request.form.get("action") != "import",
            strict=form.strict.data,
            sync=form.sync.data,
        )
    except Invalid as refusal:
        return render("employees/import.html", form=form, report=None, error=refusal)
    return render("employees/import.html", form=form, report=report)
