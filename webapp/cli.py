"""The commands of `flask --app wsgi`, beside Flask-Migrate's `db`."""

import sys

import click
from flask import Flask
from flask.cli import AppGroup, with_appcontext

from webapp.core import admins, events, seed
from webapp.core.clock import utcnow
from webapp.core.database import answers
from webapp.core.errors import Invalid
from webapp.core.waiting import wait_until

admin_commands = AppGroup("admin", help="Admin accounts.")
event_commands = AppGroup("events", help="Events.")


def register_commands(app: Flask) -> None:
    """Add the commands to `flask --app wsgi`."""
    app.cli.add_command(load_demo_data)
    app.cli.add_command(admin_commands)
    app.cli.add_command(event_commands)


@click.command("seed")
@click.option("--force", is_flag=True, help="Replace all that is in the database.")
@with_appcontext
def load_demo_data(force: bool) -> None:
    """Load the demo data into an empty database."""
    wait_until("the database", answers)
    try:
        seed.seed(utcnow(), force=force)
    except seed.DatabaseNotEmpty:
        # Not a failure: the composed system seeds at each start.
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


@event_commands.command("list")
def list_events() -> None:
    """List the events, the latest first."""
    for event in events.list_events():
        starts_at = event.local(event.starts_at).isoformat(timespec="minutes")
        click.echo(f"{event.state:9}  {starts_at}  {event.slug}  {event.title}")
