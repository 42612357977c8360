"""Migrations are the schema's only source, and the models say the same."""

from flask import Flask
from flask_migrate import check, downgrade, upgrade
from sqlalchemy import text

from tests.support.data import add_employee, add_event
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


def test_messages_and_what_refers_to_them_outlast_new_columns(app: Flask) -> None:
    with app.app_context():
        add_event()
        add_employee("1001")
        downgrade(revision="0012")
        for statement in (
            "INSERT INTO messages (id, event_id, employee_id, body, posted_at, nonce)"
            " SELECT 7, events.id, employees.id, 'kept', '2026-01-01 10:00:00', 'n'"
            " FROM events, employees",
            "INSERT INTO held_messages (event_id, employee_id, body, posted_at, nonce, message_id)"
            " SELECT event_id, employee_id, body, posted_at, nonce, id FROM messages",
        ):
            db.session.execute(text(statement))
        db.session.commit()
        upgrade()
        kept = db.session.execute(
            text(
                "SELECT messages.body FROM held_messages JOIN messages ON message_id = messages.id"
            )
        )
        assert kept.scalars().all() == ["kept"]


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
