"""Backups of a running database, restoring them, and moving to another database."""

import gzip
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from tests.conftest import SECRET_KEY
from tests.support import old_rows
from tests.support.data import add_employee, add_event
from webapp.app import create_app
from webapp.domain.models import Employee
from webapp.infra import table_copies
from webapp.infra.extensions import db
from webapp.infra.settings import load_settings

Content = dict[str, list[tuple[Any, ...]]]


@pytest.fixture
def filled(app: Flask) -> Flask:
    """Return an application with rows in every table."""
    with app.app_context():
        old_rows.store(old_rows.ROWS)
        db.session.remove()
    empty = [name for name, rows in content(app).items() if not rows]
    assert not empty, f"tests/support/old_rows.py has no rows for {empty}"
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


def test_a_backup_shows_one_moment_while_people_write(filled: Flask) -> None:
    with filled.app_context(), db.engine.connect() as connection:
        before = table_copies.count_rows(connection)
        connection.rollback()
        rows = table_copies.read_rows(connection)
        read = Counter([next(rows)[0].name])
        # In tables that were read, that are being read, and that are still to be read.
        add_event("later")
        add_employee("later")
        read.update(table.name for table, _ in rows)
        assert dict(read) == before
        connection.rollback()
        assert table_copies.count_rows(connection) != before


def of_lines(change: Callable[[list[bytes]], list[bytes]]) -> Callable[[bytes], bytes]:
    """Return a damage that changes the lines of a backup and compresses them again."""
    return lambda data: gzip.compress(b"".join(change(gzip.decompress(data).splitlines(True))))


def flip(data: bytes, place: float) -> bytes:
    """Return `data` with one byte changed."""
    at = int(len(data) * place)
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "foreign": lambda _: b"no gzip",
    "cut at its end": lambda data: data[:-1],
    "cut in the middle": lambda data: data[: len(data) // 2],
    "early byte": lambda data: flip(data, 0.2),
    "late byte": lambda data: flip(data, 0.8),
    "no head": of_lines(lambda lines: lines[1:]),
    "no foot": of_lines(lambda lines: lines[:-1]),
    "missing row": of_lines(lambda lines: [*lines[:5], *lines[6:]]),
    "row twice": of_lines(lambda lines: [*lines[:5], *lines[4:]]),
    "unknown table": of_lines(lambda lines: [lines[0], b'["spies",[1]]\n', *lines[1:]]),
    "short row": of_lines(lambda lines: [lines[0], b'["admins",[1]]\n', *lines[1:]]),
    "no row": of_lines(lambda lines: [lines[0], b"7\n", *lines[1:]]),
    "no JSON": of_lines(lambda lines: [*lines[:3], b"[\n", *lines[3:]]),
    "other schema": of_lines(lambda lines: [lines[0].replace(b'revision":"', b"&x"), *lines[1:]]),
}


def test_a_damaged_backup_is_refused_in_one_line(filled: Flask, tmp_path: Path) -> None:
    path = tmp_path / "one.townhall.gz"
    run(filled, "backup", str(path))
    whole, before = path.read_bytes(), content(filled)
    for damage, make in DAMAGES.items():
        path.write_bytes(make(whole))
        # bin/restore checks before it stops anything; without the check nothing changes either.
        for option in ("--check", "--force"):
            refused = run(filled, "restore", option, str(path))
            assert refused.exit_code == 1, damage
            assert refused.output.startswith("Error: This "), (damage, refused.output)
            assert refused.output.count("\n") == 1, damage
        assert content(filled) == before, damage


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
