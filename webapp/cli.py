"""The commands of `flask --app wsgi`, beside Flask-Migrate's `db`."""

import sys
from pathlib import Path
from typing import Any, BinaryIO

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from sqlalchemy.exc import DBAPIError

from webapp.domain import admins, seed
from webapp.domain.attendance import retention
from webapp.domain.employees import importing
from webapp.domain.employees.import_progress import Progress
from webapp.domain.events import store as event_store
from webapp.errors import Invalid, first_line
from webapp.infra.clock import utcnow
from webapp.infra.database import ping
from webapp.infra.retry import wait_until
from webapp.startup import prepare_database


class Commands(AppGroup):
    """Commands that say in one line what the database would not do."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the one that was asked for."""
        try:
            return super().invoke(ctx)
        except DBAPIError as error:
            raise click.ClickException(f"the database: {first_line(error)}") from None


admin_commands = Commands("admin", help="Admin accounts.")
employee_commands = Commands("employees", help="Employees.")
event_commands = Commands("events", help="Events.")
attendance_commands = Commands("attendance", help="Attendance.")


def register_commands(app: Flask) -> None:
    """Add the commands to `flask --app wsgi`."""
    app.cli.add_command(prepare)
    app.cli.add_command(load_demo_data)
    app.cli.add_command(admin_commands)
    app.cli.add_command(employee_commands)
    app.cli.add_command(event_commands)
    app.cli.add_command(attendance_commands)


@click.command("prepare")
@with_appcontext
def prepare() -> None:
    """Bring the schema up to date; unless DEMO=0, load the demo data into an empty database."""
    prepare_database(current_app, demo=current_app.config["DEMO"])


@click.command("seed")
@click.option("--force", is_flag=True, help="Replace all that is in the database.")
@with_appcontext
def load_demo_data(force: bool) -> None:
    """Load the demo data into an empty database."""
    wait_until("the database", ping)
    try:
        seed.seed(utcnow(), force=force)
    except seed.DatabaseNotEmpty:
        click.echo("The database has data already; nothing was loaded (--force replaces it).")
    else:
        click.echo("The demo data is loaded.")


@admin_commands.command("create")
@click.argument("email")
@click.option("--name", default="", help="How other admins see them.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def create_admin(email: str, name: str, password_stdin: bool) -> None:
    """Add an admin; asks for the password."""
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    try:
        admins.create_admin(email, password, name)
    except Invalid as refusal:
        raise click.ClickException(refusal.message) from None
    click.echo(f"{email} may sign in at /admin/login.")


@employee_commands.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@click.option("--strict", is_flag=True, help="Import nothing if a row is broken.")
@click.option("--sync", is_flag=True, help="Deactivate employees who are not in the file.")
def import_employees(file: BinaryIO, dry_run: bool, strict: bool, sync: bool) -> None:
    """Add and change employees as a CSV file says."""
    try:
        report = importing.import_employees(
            file.read(),
            name=Path(file.name).name,
            dry_run=dry_run,
            strict=strict,
            sync=sync,
            say=_say_progress,
        )
    except Invalid as refusal:
        raise click.ClickException(refusal.message) from None
    if not report.applied:
        _say_what_would_change(report)
    for row in report.broken:
        click.echo(f"row {row.number}: {row.reason}", err=True)
    if report.unsure:
        click.echo("nobody was deactivated: a broken row does not say whose it is", err=True)
    counts = ", ".join(f"{count} {kind}" for kind, count in report.counts.items())
    click.echo(counts + ("" if report.applied else "; nothing was imported"))
    if strict and report.broken:
        sys.exit(1)


def _say_progress(progress: Progress) -> None:
    # One line that grows on a terminal; in a log, the end alone.
    ends = progress.step == "written" and progress.done == progress.total
    if ends or sys.stderr.isatty():
        said = f"{progress.done} of {progress.total} rows {progress.step}"
        click.echo(f"\r{said:40}" if sys.stderr.isatty() else said, err=True, nl=ends)


def _say_what_would_change(report: importing.ImportReport) -> None:
    for values in report.new:
        click.echo(
            f"new: {values['first_name']} {values['last_name']} ({values['employee_number']})"
        )
    for change in report.changed:
        said = (f"{n.replace('_', ' ')} {a} → {b}" for n, (a, b) in change.differences.items())
        click.echo(f"changed: {change.employee.label}: {', '.join(said)}")
    for employee in report.deactivated:
        click.echo(f"deactivated: {employee.label}")


@event_commands.command("list")
def list_events() -> None:
    """List the events, the latest first."""
    for event in event_store.list_events():
        starts_at = event.local(event.starts_at).isoformat(timespec="minutes")
        click.echo(f"{event.state:9}  {starts_at}  {event.slug}  {event.title}")


@attendance_commands.command("prune")
def prune_minutes() -> None:
    """Reduce what is older than KEEP_MINUTES_DAYS to totals. For cron, once a day."""
    days = current_app.config["KEEP_MINUTES_DAYS"]
    deleted = retention.prune(utcnow(), days)
    click.echo(f"{deleted} minutes older than {days} days deleted; their totals stay.")
