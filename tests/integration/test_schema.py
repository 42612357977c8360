"""Migrations are the schema's only source, and the models say the same."""

from flask import Flask
from flask_migrate import check, downgrade, upgrade


def test_the_migrations_make_what_the_models_describe(app: Flask) -> None:
    with app.app_context():
        # Exits with what is different.
        check()


def test_every_migration_can_be_undone(app: Flask) -> None:
    with app.app_context():
        downgrade(revision="base")
        upgrade()
        check()
