"""Run the migrations on the application's engine, with the application's logging."""

from alembic import context
from flask import current_app

from webapp.infra.connection_pool import allow_long_statements
from webapp.infra.database import wait_for_database

database = current_app.extensions["migrate"].db
wait_for_database()

with database.engine.connect() as connection:
    # To build an index of a large table takes minutes.
    allow_long_statements(connection.connection, None)
    context.configure(
        connection=connection,
        target_metadata=database.metadata,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
