"""Migrations are the schema's only source, and the models say the same."""

from flask import Flask
from flask_migrate import check, downgrade, upgrade
from sqlalchemy import text

from tests.support.employees import everybody
from webapp.infra.extensions import db


def test_the_migrations_make_what_the_models_describe(app: Flask) -> None:
    with app.app_context():
        # Exits with what is different.
        check()


def test_every_migration_can_be_undone(app: Flask) -> None:
    with app.app_context():
        downgrade(revision="base")
        upgrade()
        check()


def test_stored_addresses_become_those_that_check_in_looks_for(app: Flask) -> None:
    with app.app_context():
        downgrade(revision="0007")
        for number, email in {
            "1": "nora@xn--bcher-kva.example",
            "2": "nick@example.com\u200b",
            "3": "ada@example.com",
            "4": "ada@example.com\u200b",
        }.items():
            values = {"number": number, "email": email}
            db.session.execute(
                text(
                    "INSERT INTO employees (email, employee_number, first_name, last_name,"
                    " department, location, active, epoch)"
                    " VALUES (:email, :number, '-', '-', '-', '-', 1, 0)"
                ),
                values,
            )
        db.session.commit()
        upgrade()
        emails = [email for _, email, _ in everybody().values()]
        # Two employees never get one address.
        assert emails == [
            "nora@bücher.example",
            "nick@example.com",
            "ada@example.com",
            "ada@example.com\u200b",
        ]
