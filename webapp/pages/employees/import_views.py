"""Importing a list of employees: upload a file, look at what would change, then import that."""

import time
from typing import Any

from flask import Blueprint, Response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from webapp.domain.admins.roles import Permission
from webapp.domain.employees import import_progress, importing, uploads
from webapp.domain.employees.column_headers import UnclearColumns
from webapp.domain.employees.employee_file import EmployeeFile, UnclearEncoding, open_file
from webapp.domain.employees.encodings import ENCODINGS
from webapp.domain.employees.import_progress import Progress
from webapp.domain.employees.import_report import ImportReport
from webapp.domain.employees.rows import SPOKEN
from webapp.errors import Invalid, TownhallError
from webapp.http import identity
from webapp.http.access import permission_required
from webapp.http.error_handlers import respond
from webapp.http.rendering import render
from webapp.i18n import lazy
from webapp.pages.employees.forms import UploadForm
from webapp.pages.employees.import_options import ImportOptions

bp = Blueprint("imports", __name__, url_prefix="/admin/employees/import")

MAX_FILE_BYTES = 20 * 1024 * 1024
TOO_LARGE = Invalid("This file has more than 20 MB. Split it, or use the command.")
CHANGED = lazy("The employee list has changed since. Look at the changes again, then import them.")
BROKEN = lazy(
    "Nothing was imported, because some rows are broken. Correct them, or import the others."
)
# Of each kind; a page of 50,000 rows helps nobody.
SHOWN_ROWS, SHOWN_COLUMNS = 100, 40
NO_PROGRESS = lazy("Nothing is being read or written just now.")
SAMPLE = """\
Email,Employee number,First name,Last name,Department,Location,Status
ada@example.com,01001,Ada,Lovelace,Research,London,active
jose@example.com,01002,José,Núñez,Sales,Madrid,active
"""


@bp.url_value_preprocessor
def allow_large_file(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Accept a large body from an admin who may import, before the CSRF protection reads it."""
    if endpoint == "imports.upload" and _may_import():
        request.max_content_length = MAX_FILE_BYTES


@bp.get("")
@permission_required(Permission.MANAGE_EMPLOYEES)
def show() -> ResponseReturnValue:
    options = ImportOptions.parse(request.args)
    return _preview(options) if options.token else _show()


@bp.get("/permission")
@permission_required(Permission.MANAGE_EMPLOYEES)
def show_permission() -> ResponseReturnValue:
    """Answer nginx, which asks before it takes a large body (`auth_request` in nginx.conf)."""
    return {"ok": True}


@bp.post("")
@permission_required(Permission.MANAGE_EMPLOYEES)
def upload() -> ResponseReturnValue:
    form = UploadForm()
    if not form.validate():
        return _show(Invalid("Choose a file."))
    token = uploads.store(form.file.data.filename or "", form.file.data.read())
    options = ImportOptions(token, sync=form.sync.data, strict=form.strict.data)
    # HTMX follows it as well and swaps in the preview.
    return redirect(url_for("imports.show", **options.as_args()), 303)


@bp.post("/apply")
@permission_required(Permission.MANAGE_EMPLOYEES)
def apply() -> ResponseReturnValue:
    options, began = ImportOptions.parse(request.form), time.monotonic()
    try:
        upload = uploads.find(options.token)
        file = open_file(upload.data, options.encoding, options.choice())
        report = _report(file, options)
        _import(report, upload.name, options)
    except TownhallError as refusal:
        return _preview(options, refusal)
    uploads.drop(options.token)
    return _show(report=report, name=upload.name, seconds=time.monotonic() - began)


@bp.get("/progress")
@permission_required(Permission.MANAGE_EMPLOYEES)
def show_progress() -> ResponseReturnValue:
    return render(
        "employees/show_progress.html",
        "employees/_progress.html",
        progress=import_progress.find(identity.require_admin().id),
        waiting=NO_PROGRESS,
    )


@bp.get("/sample.csv")
@permission_required(Permission.MANAGE_EMPLOYEES)
def download_sample() -> ResponseReturnValue:
    # With the byte-order mark by which Excel recognises UTF-8.
    response = Response(SAMPLE.encode("utf-8-sig"), mimetype="text/csv")
    response.headers["Content-Disposition"] = "attachment; filename=employees-sample.csv"
    return response


@bp.errorhandler(RequestEntityTooLarge)
def show_too_large(_error: RequestEntityTooLarge) -> ResponseReturnValue:
    """Answer a large body with the form; the CSRF protection meets it before the view."""
    if request.endpoint != "imports.upload" or not _may_import():
        return respond(TOO_LARGE, status=413)
    return _show(TOO_LARGE, status=413)


def _may_import() -> bool:
    admin = identity.current_admin()
    return admin is not None and admin.may(Permission.MANAGE_EMPLOYEES)


def _preview(options: ImportOptions, error: TownhallError | None = None) -> ResponseReturnValue:
    """Show how the file is read and what it would change, or why that cannot be known."""
    try:
        upload = uploads.find(options.token)
        file = open_file(upload.data, options.encoding, options.choice())
    except Invalid as refusal:
        return _show(error or refusal)
    report, status = None, None
    try:
        report = _report(file, options)
    except (UnclearColumns, UnclearEncoding) as question:
        # The page asks for what is missing; nobody did anything wrong.
        error, status = error or question, 200
    except Invalid as refusal:
        error = refusal
    return _show(error, status, file=file, name=upload.name, options=options, report=report)


def _report(file: EmployeeFile, options: ImportOptions) -> ImportReport:
    try:
        return importing.preview(file, sync=options.sync, on_progress=_note_progress())
    finally:
        import_progress.forget(identity.require_admin().id)


def _import(report: ImportReport, name: str, options: ImportOptions) -> None:
    """Import what the admin saw. Raises `Invalid` when it is no longer the same."""
    if report.fingerprint != request.form.get("fingerprint"):
        raise Invalid(CHANGED)
    if options.strict and report.invalid_count:
        raise Invalid(BROKEN)
    confirmed = request.form.get("confirmed") == str(report.losing_access)
    try:
        importing.apply(report, name=name, confirmed=confirmed, on_progress=_note_progress())
    finally:
        import_progress.forget(identity.require_admin().id)


def _note_progress() -> Any:
    admin_id = identity.require_admin().id

    def note(progress: Progress) -> None:
        import_progress.note(admin_id, progress)
        # In the embedded default one process serves everybody: others have their turn.
        time.sleep(0)

    return note


def _show(
    error: TownhallError | None = None, status: int | None = None, **context: Any
) -> ResponseReturnValue:
    return render(
        "employees/import.html",
        "employees/_preview.html",
        error=error,
        status=status,
        form=UploadForm(formdata=None),
        encodings=ENCODINGS,
        fields=SPOKEN,
        shown=SHOWN_ROWS,
        shown_columns=SHOWN_COLUMNS,
        waiting=NO_PROGRESS,
        **context,
    )
