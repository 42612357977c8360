"""The connections to the database server."""

import pytest
from flask import Flask

from webapp.infra.extensions import db


@pytest.mark.parametrize("settings", ["full"], indirect=True)
def test_connections_share_what_encrypts_them(app: Flask) -> None:
    """Made anew for each, it would cost the first second of a rush."""
    with app.app_context(), db.engine.connect() as one, db.engine.connect() as other:
        pair = [connection.connection.dbapi_connection for connection in (one, other)]
        assert pair[0] is not pair[1]
        contexts = [connection.ctx for connection in pair if connection]
        assert contexts[0] is contexts[1]
