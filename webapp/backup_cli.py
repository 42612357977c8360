"""The commands `backup`, `restore` and `move-to`, which copy every row of the database."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import IO

import click
from flask import Flask
from flask.cli import with_appcontext
from flask_migrate import upgrade
from sqlalchemy import Connection

from webapp.base import create_base
from webapp.infra import cache
from webapp.infra.clock import utcnow
from webapp.infra.connection_pool import allow_long_statements
from webapp.infra.database import wait_for_database
from webapp.infra.extensions import db
from webapp.infra.settings import SettingsError, load_settings
from webapp.infra.table_copies import (
    BackupError,
    Counts,
    count_rows,
    delete_rows,
    insert_rows,
    read_backup,
    read_rows,
    require_empty,
    revision_of,
    write_backup,
)

SUFFIX = ".townhall.gz"


def register_backup_commands(app: Flask) -> None:
    """Add the commands to `flask --app wsgi`."""
    for command in (backup, restore, move_to):
        app.cli.add_command(command)


@click.command("backup")
@click.argument("target", default="backups")
@click.option("--keep", type=click.IntRange(1), help="Delete backups older than this many days.")
@click.option("--every", type=click.IntRange(1), help="Go on, and make one after so many hours.")
@with_appcontext
def backup(target: str, keep: int | None, every: int | None) -> None:
    """Write every row to TARGET: a folder, a file, or - for standard output.

    The servers may run meanwhile: the backup shows one moment.
    """
    wait_for_database()
    if target == "-":
        with _connection() as connection:
            _say(write_backup(connection, sys.stdout.buffer))
        return
    while True:
        _back_up(Path(target), keep)
        if not every:
            return
        time.sleep(timedelta(hours=every).total_seconds())


@click.command("restore")
@click.argument("file", type=click.File("rb"))
@click.option("--force", is_flag=True, help="Replace everything in the database.")
@click.option("--check", is_flag=True, help="Only read the backup and count its rows.")
@with_appcontext
def restore(file: IO[bytes], force: bool, check: bool) -> None:
    """Load a backup into an empty database. Stop web and realtime before."""
    with _one_line(), _connection() as connection:
        revision = revision_of(connection)
        if check:
            counts: Counts = {}
            for table, _row in read_backup(file, revision):
                counts[table.name] = counts.get(table.name, 0) + 1
            _say(counts)
            return
        if force:
            delete_rows(connection)
        require_empty(connection)
        counts = insert_rows(connection, read_backup(file, revision))
        _check(connection, counts)
        connection.commit()
    cache.clear()
    _say(counts)


@click.command("move-to")
@click.argument("database_url")
@with_appcontext
def move_to(database_url: str) -> None:
    """Copy everything into an empty database, for example from SQLite to MySQL.

    Stop Townhall before, and start it with this DATABASE_URL afterwards.
    """
    with _one_line(), _connection() as source:
        settings = load_settings({"DATABASE_URL": database_url, "SECRET_KEY": "not used for this"})
        with create_base("target", replace(settings, redis_url="")).app_context():
            upgrade()
            with _connection() as target:
                if revision_of(source) != revision_of(target):
                    raise BackupError("First run `flask --app wsgi db upgrade` on this database.")
                require_empty(target)
                counts = insert_rows(target, read_rows(source))
                _check(target, counts)
                target.commit()
    _say(counts)


def _back_up(target: Path, keep: int | None) -> None:
    folder = target if target.is_dir() or not target.suffix else target.parent
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{utcnow():%Y%m%dT%H%M%SZ}{SUFFIX}"
    path = folder / name if folder == target else target
    draft = path.with_name(f".{path.name}.part")
    with _one_line(), _connection() as connection:
        with draft.open("wb") as file:
            draft.chmod(0o600)
            counts = write_backup(connection, file)
        with draft.open("rb") as file:
            # Read it again, so that a backup is complete and on disk before it gets its name.
            rows = sum(1 for _ in read_backup(file, revision_of(connection)))
    if rows != sum(counts.values()):
        raise click.ClickException(f"{draft} lacks rows.")
    draft.replace(path)
    click.echo(str(path), err=True)
    _say(counts)
    for old in folder.glob(f"*{SUFFIX}") if keep else ():
        if old.stat().st_mtime < time.time() - timedelta(days=keep or 0).total_seconds():
            old.unlink()


@contextmanager
def _connection() -> Iterator[Connection]:
    with db.engine.connect() as connection:
        # A large table takes minutes.
        allow_long_statements(connection.connection, None)
        yield connection


@contextmanager
def _one_line() -> Iterator[None]:
    try:
        yield
    except (BackupError, SettingsError) as error:
        raise click.ClickException(str(error)) from None


def _check(connection: Connection, counts: Counts) -> None:
    if count_rows(connection) != counts:
        raise BackupError("Not every row arrived; nothing was changed.")


def _say(counts: Counts) -> None:
    rows = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()) if count)
    click.echo(rows or "no rows", err=True)
