"""Pages and forms of the embedded default while SQLite cannot write, or cannot be opened."""

import logging
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from prometheus_client import REGISTRY
from sqlalchemy import event

from tests.support.client import PageClient
from tests.support.data import add_employee, add_event
from webapp.infra.extensions import db

pytestmark = pytest.mark.parametrize("settings", ["embedded"], indirect=True)


def unavailable_checkins() -> float:
    return REGISTRY.get_sample_value("townhall_checkins_total", {"result": "unavailable"}) or 0.0


@pytest.fixture
def form(app: Flask, client: PageClient) -> Any:
    """Return the open check-in form of an event."""
    with app.app_context():
        add_event()
        add_employee("1001")
    return client.get("/events/town-hall/")


def test_a_read_only_file_refuses_forms_and_shows_pages(
    app: Flask, client: PageClient, form: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with app.app_context():
        event.listen(db.engine, "checkout", lambda raw, *_: raw.execute("PRAGMA query_only = ON"))
    fields = {"email": "person1001@example.com", "employee_number": "1001"}
    counted = unavailable_checkins()
    with caplog.at_level(logging.WARNING):
        refusal = client.submit(form, "check-in", **fields)
    assert refusal.status_code == 503
    assert refusal.headers["Retry-After"]
    assert unavailable_checkins() == counted + 1
    assert 'value="person1001@example.com"' in refusal.text
    assert client.get("/events/town-hall/").status_code == 200
    reasons = {record.getMessage() for record in caplog.records}
    assert reasons == {"the database refuses: attempt to write a readonly database"}


def test_a_page_that_cannot_be_read_says_so(
    app: Flask, client: PageClient, form: Any, tmp_path: Path
) -> None:
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
        file = Path(str(db.engine.url.database))
    file.rename(tmp_path / "away")
    file.mkdir()
    page = client.get("/events/somewhere-else/")
    assert (page.status_code, page.headers["Retry-After"]) == (503, "2")
    assert "This page cannot be shown right now." in page.text
