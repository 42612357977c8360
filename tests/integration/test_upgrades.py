"""An upgrade from each release keeps everything that it stored, and shows it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pymysql
import pytest
from flask import Flask
from flask_migrate import check, downgrade, upgrade
from redis import Redis

from stack.ports import LOOPBACK
from tests.conftest import BACKENDS, SECRET_KEY, Servers
from tests.support import old_rows
from tests.support.client import PageClient, text_of
from tests.support.old_rows import ADMIN, BODIES, EVENTS, PASSWORD, RELEASES, ROWS, WATCHED
from webapp.app import create_app
from webapp.domain.events.store import get_event
from webapp.domain.roster import roster
from webapp.infra import previous_release
from webapp.infra.extensions import db
from webapp.infra.settings import Settings, load_settings

OPEN = "/admin/events/open"
# Pages and exports that show stored rows, and a text that each has to contain.
SHOWN = {
    "/admin/": "Event open",
    OPEN: "Event open",
    f"{OPEN}/attendance": "C-now",
    f"{OPEN}/attendance.csv": "E-now",
    f"{OPEN}/attendance.xlsx": "",
    f"{OPEN}/attendance/charts": "Research",
    "/admin/events/closed/attendance": "C-then",
    "/admin/events/closed/attendance.csv": "Excused",
    f"{OPEN}/chat": "May I?",
    f"{OPEN}/chat.csv": "Grüße 👋 <b>",
    f"{OPEN}/chat.json": "=1+1",
    f"{OPEN}/chat.xlsx": "",
    "/admin/employees": "São Paulo",
    "/admin/audit": "Event open",
}
SHOWN_SINCE_0_3 = {
    f"{OPEN}/questions": "Why?",
    f"{OPEN}/questions.csv": "Soon.",
    f"{OPEN}/polls": "Lunch?",
    f"{OPEN}/polls.csv": "Pay?",
}
LIVE = [
    ("D-now", "left_early", 10),
    ("C-now", "absent", 0),
    ("B-now", "absent", 0),
    ("A-now", "checked_in", 0),
    ("E-now", "attended", 40),
]
Figures = list[tuple[str, str, int]]


@pytest.fixture(params=BACKENDS)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """Yield an application on an empty database of its own."""
    settings = load_settings({"INSTANCE_PATH": str(tmp_path), "SECRET_KEY": SECRET_KEY})
    if request.param == "full":
        settings = on_servers(settings, request.getfixturevalue("servers"))
    app = create_app(settings)
    app.test_client_class = PageClient
    app.jinja_env.bytecode_cache = request.getfixturevalue("compiled_templates")
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def on_servers(settings: Settings, servers: Servers) -> Settings:
    """Return settings for a new database on the server."""
    with Redis(port=servers.redis.port) as redis:
        redis.flushall()
    # The user of the application may only use its own database.
    name = password = "operator"
    port = servers.database.port
    with pymysql.connect(host=LOOPBACK, port=port, user=name, password=password) as connection:
        for statement in ("DROP DATABASE IF EXISTS earlier", "CREATE DATABASE earlier"):
            connection.cursor().execute(statement)
    url = f"mysql+pymysql://{name}:{password}@{LOOPBACK}:{port}/earlier"
    return replace(settings, database_url=url, redis_url=servers.redis.url)


@pytest.mark.parametrize("release", RELEASES)
def test_an_upgrade_keeps_everything(old: Flask, release: str) -> None:
    with old.app_context():
        upgrade(revision=RELEASES[release])
        old_rows.store(ROWS)
        before = old_rows.read()
        assert all(before.values()), [name for name, rows in before.items() if not rows]
        upgrade()
        after = old_rows.read()
        gone = before.keys() - after.keys()
        # `roster_entries` took their place.
        assert gone <= {"attendance", "frozen_attendance"}
        for table in before.keys() - gone:
            columns = before[table][0].keys()
            kept = [{name: row[name] for name in columns} for row in after[table]]
            assert kept == before[table], table
        assert not old_rows.broken_references()
        check()
        assert_rosters()
    assert_pages(old, SHOWN | (SHOWN_SINCE_0_3 if release >= "0.3.0" else {}))


def assert_rosters() -> None:
    corrected = {"C": "excused"}
    kept = {slug: figures_of(slug) for slug in EVENTS.values()}
    then = [(f"{name[0]}-then", status, n) for name, status, n in LIVE if name[0] != "B"]
    assert kept["legacy"] == by_name(LIVE)
    assert kept["open"] == by_name(LIVE, **corrected)
    assert kept["closed"] == by_name(then, **corrected)
    assert kept["reopened"] == by_name([*then, LIVE[2]], **corrected)
    planned = [(name, "absent", 0) for name, *_ in LIVE if name[0] != "A"]
    assert kept["scheduled"] == by_name(planned, **corrected)


def figures_of(slug: str) -> Figures:
    """Return name, status and minutes of each row of a roster, in order of the names."""
    rows = roster.stream_rows(get_event(slug), roster.Filters())
    return [(row.last_name, row.status, row.watched_minutes) for row in rows]


def by_name(rows: Figures, **statuses: str) -> Figures:
    changed = [(name, statuses.get(name[0], status), minutes) for name, status, minutes in rows]
    return sorted(changed)


def assert_pages(app: Flask, shown: dict[str, str]) -> None:
    client = app.test_client()
    assert isinstance(client, PageClient)
    assert client.sign_in(ADMIN, PASSWORD).status_code == 303
    for address, text in shown.items():
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert not text or text in answer.get_data(as_text=True).replace("&lt;", "<"), address
    assert client.check_in("open", "p2@example.com", "N2").status_code == 303
    live = text_of(client.get("/events/open/live").text)
    assert BODIES[0] in live
    assert "second line" not in live
    watched = client.get("/events/open/attendance/me").get_json()["watched_minutes"]
    assert watched == WATCHED[2]


def test_the_schema_of_the_release_before_is_among_them() -> None:
    assert RELEASES[previous_release.RELEASE] == previous_release.SCHEMA


@pytest.mark.parametrize("old", ["embedded"], indirect=True)
def test_the_roster_entries_can_be_taken_back(old: Flask) -> None:
    with old.app_context():
        upgrade(revision="0008")
        old_rows.store(ROWS)
        upgrade()
        before = {slug: figures_of(slug) for slug in EVENTS.values()}
        db.session.rollback()
        downgrade(revision="0008")
        upgrade()
        after = {slug: figures_of(slug) for slug in EVENTS.values()}
        # Schema 0008 shows a reopened event under the names of now.
        assert {row[0][0]: row[1:] for row in after.pop("reopened")} == {
            row[0][0]: row[1:] for row in before.pop("reopened")
        }
        assert after == before
