"""One story by plain forms and by HTMX, with and without Redis: it ends in the same rows."""

import logging
import os
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis as RedisClient
from sqlalchemy import select

from stack.servers import Redis
from tests.conftest import SECRET_KEY, Servers
from tests.support.client import PageClient
from tests.support.data import add_employee, add_event
from tests.support.waiting import wait_for
from webapp.app import create_app
from webapp.domain.models import Employee, Event, Message, RosterEntry
from webapp.infra.extensions import db
from webapp.infra.settings import load_settings

LIVE = "/events/town-hall/live"
REDIS = ["alive", "dead", "frozen"]
FORMS = {"plain": {}, "htmx": {"HX-Request": "true"}}


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    redis = Redis(tmp_path_factory.mktemp("redis"))
    redis.start()
    yield redis
    redis.stop()


@pytest.fixture(params=REDIS)
def client(
    request: pytest.FixtureRequest, migrated_servers: Servers, redis: Redis, tmp_path: Path
) -> Iterator[PageClient]:
    """Return a browser before a web tier whose Redis is in the state of the parameter."""
    settings = load_settings(
        {
            "DATABASE_URL": migrated_servers.database.url,
            "REDIS_URL": redis.url,
            "SECRET_KEY": SECRET_KEY,
            "INSTANCE_PATH": str(tmp_path),
        }
    )
    app = create_app(settings)
    app.test_client_class = PageClient
    with app.app_context():
        migrated_servers.empty()
        with RedisClient(port=redis.port) as known:
            # The cache of the test before names events by other ids.
            known.flushall()
        add_event()
        add_event("second")
        add_employee("1001", email="ada@example.com")
    if request.param == "frozen":
        os.kill(redis.pid, signal.SIGSTOP)
    elif request.param == "dead":
        redis.kill()
    client = app.test_client()
    assert isinstance(client, PageClient)
    yield client
    if request.param == "frozen":
        os.kill(redis.pid, signal.SIGCONT)
    elif request.param == "dead":
        redis.start()
    with app.app_context():
        db.engine.dispose()


def rows(app: Flask) -> dict[str, Sequence[object]]:
    checked_in = select(RosterEntry.event_id).where(RosterEntry.checked_in_at.is_not(None))
    with app.app_context():
        return {
            "checked in": sorted(db.session.scalars(checked_in)),
            "messages": list(db.session.scalars(select(Message.body).order_by(Message.id))),
            "session_version": list(db.session.scalars(select(Employee.session_version))),
        }


@pytest.mark.parametrize("headers", FORMS.values(), ids=FORMS.keys())
def test_every_way_ends_in_the_same_rows(client: PageClient, headers: dict[str, str]) -> None:
    app = client.application
    with app.app_context():
        events = sorted(db.session.scalars(select(Event.id)))
    form = client.get("/events/town-hall/")
    assert form.status_code == 200
    fields = {"email": "Ada@Example.com ", "employee_number": "9999"}
    refused = client.submit(form, "check-in", headers=headers, **fields)
    assert refused.status_code == 422
    for _ in range(2):
        client.submit(form, "check-in", headers=headers, **fields | {"employee_number": "01001"})
    page = client.get(LIVE)
    for _ in range(2):
        client.submit(page, "messages", headers=headers, body="Good morning")
    client.submit(client.get("/events/second/"), "again", headers=headers)
    assert client.get("/events/second/live").status_code == 200
    client.submit(client.get(LIVE), "check-out", headers=headers)
    assert client.get(LIVE).status_code == 303
    assert rows(app) == {
        "checked in": events,
        "messages": ["Good morning"],
        "session_version": [1],
    }


@pytest.mark.parametrize("client", ["dead", "frozen"], indirect=True)
def test_pages_answer_soon_without_redis_and_log_it_once(
    client: PageClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert client.check_in("town-hall", "ada@example.com", "1001").status_code == 303
        for _ in range(3):
            began = time.monotonic()
            answer = client.get(LIVE)
            assert answer.status_code == 200
            # At most two timeouts of half a second; then the circuit breaker is open.
            assert time.monotonic() - began < 3
            wait_for(lambda: not client.application.extensions["redis_breaker"].open)
    assert [r.message for r in caplog.records if "Redis does not answer" in r.message] == [
        r.message for r in caplog.records
    ]
    assert len(caplog.records) == 1
