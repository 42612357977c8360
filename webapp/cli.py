"""The commands of `flask --app wsgi`, in addition to Flask-Migrate's `db`."""

import csv
import sys
from pathlib import Path
from typing import Any, BinaryIO

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from sqlalchemy.exc import DBAPIError

from webapp.backup_cli import register_backup_commands
from webapp.domain import seed
from webapp.domain.admins import accounts
from webapp.domain.admins.roles import OWNER, ROLES
from webapp.domain.attendance import retention
from webapp.domain.employees import importing, uploads
from webapp.domain.employees.column_headers import UnclearColumns
from webapp.domain.employees.editing import find_by_number
from webapp.domain.employees.employee_file import UnclearEncoding
from webapp.domain.employees.import_progress import Progress
from webapp.domain.employees.import_report import ImportReport, employee_label
from webapp.domain.employees.rows import SPOKEN
from webapp.domain.events import store as event_store
from webapp.domain.people.erasing import erase
from webapp.domain.people.exporting import as_json, export_person
from webapp.errors import Invalid, NotFound, TownhallError, first_line
from webapp.http.person_file import zip_export
from webapp.infra.clock import utcnow
from webapp.infra.database import wait_for_database
from webapp.startup import prepare_database

BY_OPERATOR = "exported by an operator"


class Commands(AppGroup):
    """A group of commands that report a database error in one line."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the requested command."""
        try:
            return super().invoke(ctx)
        except DBAPIError as error:
            raise click.ClickException(f"database: {first_line(error)}") from None


admin_commands = Commands("admin", help="Admin accounts.")
employee_commands = Commands("employees", help="Employees.")
event_commands = Commands("events", help="Events.")
attendance_commands = Commands("attendance", help="Attendance.")


def register_commands(app: Flask) -> None:
    """Add the commands to `flask --app wsgi`."""
    register_backup_commands(app)
    app.cli.add_command(prepare)
    app.cli.add_command(load_demo_data)
    app.cli.add_command(admin_commands)
    app.cli.add_command(employee_commands)
    app.cli.add_command(event_commands)
    app.cli.add_command(attendance_commands)


@click.command("prepare")
@with_appcontext
def prepare() -> None:
    """Migrate the database; unless DEMO=0, load the demo data into an empty one."""
    prepare_database(current_app, demo=current_app.config["DEMO"])


@click.command("seed")
@click.option("--force", is_flag=True, help="Replace everything in the database.")
@with_appcontext
def load_demo_data(force: bool) -> None:
    """Load the demo data into an empty database."""
    wait_for_database()
    try:
        seed.seed(utcnow(), force=force)
    except seed.DatabaseNotEmpty:
        click.echo("The database is not empty; nothing was loaded. --force replaces its content.")
    else:
        click.echo("The demo data is loaded.")


@admin_commands.command("create")
@click.argument("email")
@click.option("--name", default="", help="The name that other admins see.")
@click.option("--role", type=click.Choice(list(ROLES)), default=OWNER, show_default=True)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def create_admin(email: str, name: str, role: str, password_stdin: bool) -> None:
    """Add an admin. Asks for the password."""
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    try:
        accounts.create_admin(email, password, name, role)
    except Invalid as refusal:
        raise click.ClickException(refusal.message) from None
    click.echo(f"{email} may sign in at /admin/login.")


def _parse_columns(_ctx: click.Context, _option: click.Parameter, texts: tuple[str, ...]) -> Any:
    """Return the columns that `email=Mail,status=` names; an empty title leaves a field out."""
    fields = {name.replace("_", " "): name for name in SPOKEN} | {
        spoken.source: name for name, spoken in SPOKEN.items()
    }
    choice: dict[str, str | None] = {}
    for assignment in (cell for row in csv.reader(texts) for cell in row):
        name, equals, title = assignment.partition("=")
        known = fields.get(name.strip().lower().replace("_", " "))
        if not equals or known is None:
            names = ", ".join(spoken.source for spoken in SPOKEN.values())
            raise click.BadParameter(f'write it like "employee number=Title"; fields are {names}.')
        choice[known] = title.strip() or None
    return choice


@employee_commands.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@click.option("--strict", is_flag=True, help="Import nothing if a row is broken.")
@click.option("--sync", is_flag=True, help="Deactivate employees who are not in the file.")
@click.option("--yes", is_flag=True, help="Confirm an import that deactivates over a tenth.")
@click.option("--encoding", default="", metavar="NAME", help="The file's encoding: cp1250, gbk, …")
@click.option(
    "--columns",
    multiple=True,
    callback=_parse_columns,
    metavar="FIELD=TITLE,…",
    help="Which column is which, where its title is unknown.",
)
def import_employees(
    file: BinaryIO,
    dry_run: bool,
    strict: bool,
    sync: bool,
    yes: bool,
    encoding: str,
    columns: dict[str, str | None],
) -> None:
    """Add and change employees as a CSV file or an Excel workbook says."""
    try:
        report = importing.import_employees(
            file.read(),
            name=Path(file.name).name,
            encoding=encoding,
            columns=columns,
            dry_run=dry_run,
            strict=strict,
            sync=sync,
            confirmed=yes,
            on_progress=_show_progress,
        )
    except TownhallError as refusal:
        raise click.ClickException(refusal.message + _hint(refusal)) from None
    _show_report(report)
    if strict and report.invalid_count:
        sys.exit(1)


def _hint(refusal: TownhallError) -> str:
    match refusal:
        case UnclearColumns():
            return ' Add for instance --columns "employee number=Title".'
        case UnclearEncoding():
            return " Add it as --encoding NAME."
        case importing.Unconfirmed():
            return " To confirm it, add --yes."
    return ""


def _show_progress(progress: Progress) -> None:
    # On a terminal one line that is overwritten; in a log the last one alone.
    ends = progress.step == "written" and progress.done == progress.total
    if ends or sys.stderr.isatty():
        text = f"{progress.done} of {progress.total} rows {progress.step}"
        click.echo(f"\r{text:40}" if sys.stderr.isatty() else text, err=True, nl=ends)


def _show_report(report: ImportReport) -> None:
    click.echo(f"read as {report.read_as}", err=True)
    if not report.applied:
        _show_changes(report)
    for row in report.invalid:
        click.echo(f"row {row.number}: {row.reason}", err=True)
    if report.invalid_count > len(report.invalid):
        click.echo(f"and {report.invalid_count - len(report.invalid)} more broken rows", err=True)
    if report.unsure:
        click.echo("nobody was deactivated: a broken row does not say whose it is", err=True)
    counts = ", ".join(f"{count} {kind}" for kind, count in report.counts.items())
    click.echo(counts + ("" if report.applied else "; nothing was imported"))


def _show_changes(report: ImportReport) -> None:
    for values in report.new:
        click.echo(f"new: {employee_label(values)}")
    for change in report.changed:
        texts = (f"{SPOKEN[n]} {a} → {b}" for n, (a, b) in change.differences.items())
        click.echo(f"changed: {change.employee.label}: {', '.join(texts)}")
    for employee in report.deactivated:
        click.echo(f"deactivated: {employee.label}")


@employee_commands.command("export-person")
@click.argument("number")
@click.option("--reason", default=BY_OPERATOR, help="Why; it is put on record.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="FILE or FILE.zip.")
def export_one(number: str, reason: str, output: Path | None) -> None:
    """Write everything that is held on one person: JSON, or a zip file with a page to read."""
    try:
        export = export_person(find_by_number(number).id, reason)
    except (Invalid, NotFound) as refusal:
        raise click.ClickException(refusal.message) from None
    if output is None:
        click.echo(as_json(export), nl=False)
        return
    try:
        output.write_bytes(
            zip_export(export) if output.suffix == ".zip" else as_json(export).encode()
        )
    except OSError as error:
        raise click.ClickException(f"{output}: {error.strerror}.") from None
    click.echo(f"Wrote {output}.")


@employee_commands.command("erase")
@click.argument("number")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase_one(number: str, yes: bool) -> None:
    """Replace one person by a pseudonym, for good. Figures of events stay."""
    try:
        employee = find_by_number(number)
        if not yes:
            click.confirm(f"Erase {employee.label} for good?", abort=True)
        done = erase(employee.id)
    except NotFound as refusal:
        raise click.ClickException(refusal.message) from None
    events = "1 event name" if (count := len(done.event_ids)) == 1 else f"{count} events name"
    click.echo(f"Erased. The records of {events} {done.label} instead.")


@event_commands.command("list")
def list_events() -> None:
    """List the events, latest first."""
    for event in event_store.list_events():
        starts_at = event.local(event.starts_at).isoformat(timespec="minutes")
        click.echo(f"{event.state:9}  {starts_at}  {event.slug}  {event.title}")


@attendance_commands.command("prune")
def prune_minutes() -> None:
    """Delete watched minutes older than KEEP_MINUTES_DAYS; keep the totals. Run daily from cron."""
    days = current_app.config["KEEP_MINUTES_DAYS"]
    deleted = retention.prune(utcnow(), days)
    uploads.drop_expired(utcnow())
    click.echo(f"Deleted {deleted} watched minutes older than {days} days; the totals stay.")
