"""Prepare a process before it serves, where services may start in any order; start its loops."""

import logging
from collections.abc import Callable
from contextlib import suppress

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import upgrade

from webapp.domain import seed
from webapp.domain.running.timetable import run_timetable
from webapp.infra.clock import utcnow
from webapp.infra.database import wait_for_database
from webapp.infra.extensions import db
from webapp.infra.loops import start_loop
from webapp.infra.redis_client import wait_for_redis
from webapp.infra.retry import wait_until
from webapp.infra.settings import ROOT

log = logging.getLogger(__name__)


class SchemaNotReady(Exception):
    """Some migrations of this version have not run yet."""


def wait_for_services(app: Flask) -> None:
    """Wait for the database, its schema, and Redis if there is one."""
    with app.app_context():
        wait_for_database()
        wait_until("the schema", check_schema)
        if not app.config["EMBEDDED"]:
            wait_for_redis()


def prepare_database(app: Flask, *, demo: bool) -> None:
    """Migrate the database, and load the demo data into an empty one."""
    with app.app_context():
        wait_for_database()
        current, scripts = schema()
        if is_newer(current, scripts):
            # An operator goes back to the previous version.
            log.warning("the schema %s is newer than this version: left as it is", current)
        else:
            upgrade()
        if demo:
            with suppress(seed.DatabaseNotEmpty):
                seed.seed(utcnow())


def check_schema() -> None:
    """Raise `SchemaNotReady` while migrations that this version knows have not run.

    A newer schema passes: whether this version works on it, CHANGELOG.md says.
    """
    current, scripts = schema()
    if not is_newer(current, scripts) and current != scripts.get_current_head():
        raise SchemaNotReady(f"it is at {current}: run `flask --app wsgi db upgrade`")


def schema() -> tuple[str | None, ScriptDirectory]:
    """Return the revision of the database, None before the first, and the migrations we know."""
    with db.engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    return current, ScriptDirectory(str(ROOT / "migrations"))


def is_newer(current: str | None, scripts: ScriptDirectory) -> bool:
    """Return whether a newer version has migrated the database."""
    return current is not None and current not in {s.revision for s in scripts.walk_revisions()}


def start_timetable(
    app: Flask, spawn: Callable[..., object], sleep: Callable[[float], object]
) -> None:
    """Open and close events by time, in a task of this process that `spawn` makes.

    Every web worker and every node does this, so one of them is enough.
    """

    def step() -> None:
        with app.app_context():
            seconds = run_timetable()
        sleep(seconds)

    start_loop(spawn, "timetable", step)
