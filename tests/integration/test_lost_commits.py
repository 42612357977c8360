"""A connection that breaks in a commit leaves open whether it happened; both must end alike."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import func, select

from tests.conftest import Servers
from tests.support.client import PageClient
from tests.support.data import add_employee, add_event
from tests.support.proxy import CommitProxy
from webapp.app import create_app
from webapp.core import audit, closing, events
from webapp.core.extensions import db
from webapp.core.models import Attendance, AuditEntry, Message
from webapp.core.settings import load_settings

LOSSES = ["request", "answer"]


@pytest.fixture
def proxy(servers: Servers) -> Iterator[CommitProxy]:
    proxy = CommitProxy(servers.database.port)
    yield proxy
    proxy.close()


@pytest.fixture
def viewer(servers: Servers, proxy: CommitProxy, tmp_path: Path) -> Iterator[PageClient]:
    """A browser before a web tier whose database is behind the proxy."""
    settings = load_settings(
        {
            "DATABASE_URL": servers.database.url.replace(
                f":{servers.database.port}/", f":{proxy.port}/"
            ),
            "INSTANCE_PATH": str(tmp_path),
        }
    )
    app = create_app(settings)
    app.test_client_class = PageClient
    with app.app_context():
        upgrade()
        servers.empty()
        add_event()
        add_employee("1001")
    client = app.test_client()
    assert isinstance(client, PageClient)
    yield client
    with app.app_context():
        db.engine.dispose()


def count(app: Flask, table: type[Attendance | AuditEntry | Message]) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(table)) or 0


@pytest.mark.parametrize("loss", LOSSES)
def test_a_check_in_is_counted_once(viewer: PageClient, proxy: CommitProxy, loss: str) -> None:
    page = viewer.get("/events/town-hall/")
    proxy.lose_next(loss)
    answer = viewer.submit(page, "check-in", email="person1001@example.com", employee_number="1001")
    assert answer.status_code == 303
    assert proxy.lost == [loss]
    assert count(viewer.application, Attendance) == 1


@pytest.mark.parametrize("loss", LOSSES)
def test_a_message_is_stored_once(viewer: PageClient, proxy: CommitProxy, loss: str) -> None:
    viewer.check_in("town-hall", "person1001@example.com", "1001")
    page = viewer.get("/events/town-hall/live")
    proxy.lose_next(loss)
    assert viewer.submit(page, "messages", body="once").status_code == 303
    assert proxy.lost == [loss]
    assert count(viewer.application, Message) == 1


@pytest.mark.parametrize("loss", LOSSES)
def test_what_an_admin_did_is_recorded_once(
    viewer: PageClient, proxy: CommitProxy, loss: str
) -> None:
    with viewer.application.app_context():
        event = events.get_event("town-hall")
        db.session.rollback()
        proxy.lose_next(loss)
        closing.change_state(event, "closed")
        proxy.lose_next(loss)
        audit.record_now("transcript_exported", event_id=event.id)
    assert proxy.lost == [loss] * 2
    assert count(viewer.application, AuditEntry) == 2
