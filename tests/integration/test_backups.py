"""Backups of a running database, restoring them, and moving to another database."""

import gzip
import os
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from tests.conftest import SECRET_KEY
from tests.support.data import add_employee
from webapp.app import create_app
from webapp.domain import seed
from webapp.domain.models import Employee
from webapp.infra.clock import utcnow
from webapp.infra.extensions import db
from webapp.infra.settings import load_settings

Content = dict[str, list[tuple[Any, ...]]]


@pytest.fixture
def filled(app: Flask) -> Flask:
    """Return an application with the demo data: rows in nearly every table."""
    with app.app_context():
        seed.seed(utcnow())
        db.session.remove()
    return app


def content(app: Flask) -> Content:
    """Return every row of every table."""
    with app.app_context(), db.engine.connect() as connection:
        return {
            table.name: [
                tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))
            ]
            for table in db.metadata.sorted_tables
        }


def run(app: Flask, *arguments: str) -> Any:
    return app.test_cli_runner().invoke(args=list(arguments))


def test_a_restored_database_equals_the_original(filled: Flask, tmp_path: Path) -> None:
    before = content(filled)
    assert sum(bool(rows) for rows in before.values()) >= 6
    folder = tmp_path / "backups"
    assert run(filled, "backup", str(folder)).exit_code == 0
    [file] = folder.iterdir()
    assert file.stat().st_mode & 0o077 == 0
    with filled.app_context():
        db.session.execute(update(Employee).values(first_name="Changed"))
        db.session.commit()
        db.session.remove()
    refused = run(filled, "restore", str(file))
    assert (refused.exit_code, refused.output) == (1, "Error: This database is not empty.\n")
    restored = run(filled, "restore", "--force", str(file))
    assert restored.exit_code == 0, restored.output
    assert content(filled) == before


def test_a_row_can_be_added_after_a_restore(filled: Flask, tmp_path: Path) -> None:
    run(filled, "backup", str(tmp_path / "one.townhall.gz"))
    assert run(filled, "restore", "--force", str(tmp_path / "one.townhall.gz")).exit_code == 0
    with filled.app_context():
        last = db.session.scalars(select(Employee.id).order_by(Employee.id.desc())).first()
        added = add_employee("new")
        assert last is not None
        assert added.id > last


@pytest.mark.parametrize("damage", ["cut", "line", "foot", "other", "schema"])
def test_a_damaged_backup_changes_nothing(filled: Flask, tmp_path: Path, damage: str) -> None:
    path = tmp_path / "one.townhall.gz"
    run(filled, "backup", str(path))
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    match damage:
        case "cut":
            path.write_bytes(path.read_bytes()[:-100])
        case "line":
            path.write_bytes(gzip.compress(b"".join([*lines[:5], *lines[6:]])))
        case "foot":
            path.write_bytes(gzip.compress(b"".join(lines[:-1])))
        case "other":
            path.write_bytes(b"no gzip")
        case "schema":
            lines[0] = lines[0].replace(b'"revision":"', b'"revision":"x')
            path.write_bytes(gzip.compress(b"".join(lines)))
    before = content(filled)
    refused = run(filled, "restore", "--force", str(path))
    assert refused.exit_code == 1
    assert refused.output.startswith("Error: This ")
    assert refused.output.count("\n") == 1
    assert content(filled) == before


def test_old_backups_are_deleted(filled: Flask, tmp_path: Path) -> None:
    old = tmp_path / "20200101T000000Z.townhall.gz"
    other = tmp_path / "notes.txt"
    for file in (old, other):
        file.touch()
        os.utime(file, (0, 0))
    assert run(filled, "backup", str(tmp_path), "--keep", "7").exit_code == 0
    assert not old.exists()
    assert other.exists()
    assert len(list(tmp_path.glob("*.townhall.gz"))) == 1


@pytest.mark.parametrize("settings", ["embedded"], indirect=True)
def test_an_embedded_system_moves_to_a_database_server(
    filled: Flask, request: pytest.FixtureRequest
) -> None:
    servers = request.getfixturevalue("migrated_servers")
    target = create_app(
        load_settings({"DATABASE_URL": servers.database.url, "SECRET_KEY": SECRET_KEY})
    )
    with target.app_context():
        servers.empty()
    moved = run(filled, "move-to", servers.database.url)
    assert moved.exit_code == 0, moved.output
    assert content(target) == content(filled)
    again = run(filled, "move-to", servers.database.url)
    assert (again.exit_code, again.output) == (1, "Error: This database is not empty.\n")
    with target.app_context():
        db.session.remove()
        db.engine.dispose()
