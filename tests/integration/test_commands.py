"""The commands of `flask --app wsgi`, on each database."""

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from webapp.app import create_app
from webapp.domain.models import Employee, Event
from webapp.infra.extensions import db
from webapp.infra.settings import load_settings


def employees(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(Employee)) or 0


def test_prepare_loads_the_demo_data_once_and_only_where_it_is_wanted(app: Flask) -> None:
    run = app.test_cli_runner().invoke
    app.config["DEMO"] = False
    assert run(args=["prepare"]).exit_code == 0
    assert employees(app) == 0

    app.config["DEMO"] = True
    assert run(args=["prepare"]).exit_code == 0
    assert employees(app) == 200

    with app.app_context():
        db.session.execute(db.update(Event).values(title="Ours"))
        db.session.commit()
    assert run(args=["prepare"]).exit_code == 0
    assert "Ours" in run(args=["events", "list"]).output


def stamp(app: Flask, revision: str) -> None:
    change = text("UPDATE alembic_version SET version_num = :revision")
    with app.app_context():
        db.session.execute(change, {"revision": revision})
        db.session.commit()


def test_prepare_leaves_the_schema_of_a_newer_version_alone(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    run = app.test_cli_runner().invoke
    assert run(args=["prepare"]).exit_code == 0
    with app.app_context():
        ours = db.session.scalar(text("SELECT version_num FROM alembic_version"))
    stamp(app, "9999")
    try:
        assert run(args=["prepare"]).exit_code == 0
    finally:
        stamp(app, ours)  # Other tests use the same database.
    assert "the schema 9999 is newer than this version: left as it is" in caplog.text
    assert employees(app) == 200


def test_a_command_that_meets_no_schema_says_so_in_one_line(tmp_path: Path) -> None:
    app = create_app(load_settings({"INSTANCE_PATH": str(tmp_path)}))
    done = app.test_cli_runner().invoke(args=["events", "list"])
    assert done.exit_code == 1
    assert done.output == "Error: database: no such table: events\n"
    with app.app_context():
        db.engine.dispose()
