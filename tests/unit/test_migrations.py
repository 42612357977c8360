"""Migrations after the release before only expand its schema, so that its code works on the result.

docs/decisions/0015-expand-and-contract.md has the rules.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.script import Script, ScriptDirectory
from flask_migrate import upgrade
from sqlalchemy import Connection, create_engine, text

from tests.support.expand import Schema, find_breaks, read_schema
from webapp.base import create_base
from webapp.infra.extensions import db
from webapp.infra.previous_release import RELEASE, SCHEMA
from webapp.infra.settings import ROOT, load_settings

SCRIPTS = ScriptDirectory(str(ROOT / "migrations"))
CHAIN = list(reversed(list(SCRIPTS.walk_revisions())))
CHANGELOG = (ROOT / "CHANGELOG.md").read_text()

SMALL = """
    CREATE TABLE events (
        id INTEGER PRIMARY KEY, title VARCHAR(80) NOT NULL, state VARCHAR(16) DEFAULT 'open',
        note VARCHAR(80), CHECK (state IN ('open', 'closed'))
    );
    CREATE TABLE notes (id INTEGER PRIMARY KEY)
"""


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def run(connection: Connection, statements: str) -> None:
    for statement in statements.split(";"):
        connection.execute(text(statement))


def test_later_migrations_only_expand(tmp_path: Path) -> None:
    settings = load_settings({"INSTANCE_PATH": str(tmp_path), "SECRET_KEY": "x" * 32})
    with create_base("migrations", settings).app_context():
        upgrade(revision=SCHEMA)
        for script in CHAIN[[script.revision for script in CHAIN].index(SCHEMA) + 1 :]:
            before = schema()
            upgrade(revision=script.revision)
            check_step(script, find_breaks(before, schema()))
        db.engine.dispose()


def check_step(script: Script, breaks: dict[str, str]) -> None:
    """Fail when a migration breaks the release before without saying why it may."""
    contracts = getattr(script.module, "contracts", "")
    tolerated = getattr(script.module, "tolerated", {})
    # A contract step names the migration that the release before has run already.
    if contracts and contracts <= SCHEMA:
        return
    assert breaks.keys() <= tolerated.keys(), (script.revision, breaks)
    assert tolerated.keys() <= breaks.keys(), (script.revision, "tolerates too much")
    assert all(len(reason.split()) > 3 for reason in tolerated.values()), script.revision


def schema() -> Schema:
    with db.engine.connect() as connection:
        return read_schema(connection)


def test_the_chain_has_no_branches() -> None:
    assert len(SCRIPTS.get_heads()) == 1
    assert [script.down_revision for script in CHAIN[1:]] == [s.revision for s in CHAIN[:-1]]


def test_the_release_before_is_one_of_the_last_two() -> None:
    # While the next release is being made, the changelog may have it already.
    versions = re.findall(r"^## \[(\d+\.\d+\.\d+)\]", CHANGELOG, re.MULTILINE)
    assert RELEASE in versions[:2]
    assert Path(ROOT, "tests", "data", "releases", f"{RELEASE}.json").exists()


def copied(old: str, new: str) -> str:
    """Return statements that change a table as `batch_alter_table` does: by a copy."""
    definition = SMALL.split(";")[0]
    assert old in definition
    return f"DROP TABLE events; {definition.replace(old, new)}"


@pytest.mark.parametrize(
    "change",
    [
        "DROP TABLE notes",
        "ALTER TABLE notes RENAME TO remarks",
        "ALTER TABLE events DROP COLUMN note",
        "ALTER TABLE events RENAME COLUMN note TO remark",
        copied("note VARCHAR(80)", "note VARCHAR(80), room VARCHAR(80) NOT NULL"),
        copied("note VARCHAR(80)", "note VARCHAR(40)"),
        copied("note VARCHAR(80)", "note VARCHAR(80) NOT NULL"),
        copied("note VARCHAR(80)", "note INTEGER"),
        copied("note VARCHAR(80)", "note VARCHAR(80), CONSTRAINT uq UNIQUE (note)"),
        copied("note VARCHAR(80)", "note VARCHAR(80) CHECK (note <> '')"),
        copied("note VARCHAR(80)", "note INTEGER REFERENCES notes (id)"),
        copied("DEFAULT 'open'", "NOT NULL"),
        copied("'open', 'closed'", "'open'"),
        "CREATE UNIQUE INDEX uq ON events (title)",
    ],
)
def test_a_change_that_breaks_the_release_before_is_found(
    connection: Connection, change: str
) -> None:
    run(connection, SMALL)
    before = read_schema(connection)
    run(connection, change)
    assert find_breaks(before, read_schema(connection))


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE rooms (id INTEGER PRIMARY KEY, name VARCHAR(80) NOT NULL UNIQUE)",
        "ALTER TABLE events ADD COLUMN room VARCHAR(80)",
        "ALTER TABLE events ADD COLUMN room VARCHAR(80) NOT NULL DEFAULT ''",
        "ALTER TABLE events ADD COLUMN room INTEGER REFERENCES notes (id)",
        "CREATE INDEX ix ON events (title)",
        copied("note VARCHAR(80)", "note VARCHAR(200)"),
        copied("note VARCHAR(80)", "note TEXT"),
        copied("title VARCHAR(80) NOT NULL", "title VARCHAR(80)"),
        copied("note VARCHAR(80)", "note VARCHAR(80), room VARCHAR(80) UNIQUE"),
    ],
)
def test_a_change_that_expands_is_accepted(connection: Connection, change: str) -> None:
    run(connection, SMALL)
    before = read_schema(connection)
    run(connection, change)
    assert find_breaks(before, read_schema(connection)) == {}
