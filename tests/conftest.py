"""Fixtures of all tests: real servers, started once, and applications on them."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade
from hypothesis import settings as hypothesis_settings
from jinja2 import FileSystemBytecodeCache
from redis import Redis as RedisClient

from stack import Stack
from stack.servers import Database, Redis
from tests.support.client import PageClient
from webapp.app import create_app
from webapp.infra.extensions import db
from webapp.infra.settings import Settings, load_settings

BACKENDS = ["embedded", "full"]
SECRET_KEY = "a key for tests only, 32 characters"

# No test is timed: a busy machine takes 200 ms for what else takes 20.
hypothesis_settings.register_profile("untimed", deadline=None)
hypothesis_settings.load_profile("untimed")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a skipped test is a failure: a server that is missing there is no excuse."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if reporter and skipped and os.environ.get("CI"):
        reporter.write_line(f"{len(skipped)} tests were skipped, which CI does not allow", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@dataclass(frozen=True)
class Servers:
    """A private database server and a private Redis, for as long as the tests run."""

    database: Database
    redis: Redis

    def empty(self) -> None:
        """Delete every row and every key; the schema stays."""
        with db.engine.begin() as connection:
            for table in reversed(db.metadata.sorted_tables):
                connection.execute(table.delete())
        with RedisClient(port=self.redis.port) as client:
            client.flushall()


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    folder = tmp_path_factory.mktemp("servers")
    database, redis = Database(folder / "database"), Redis(folder / "redis")
    try:
        for server in (database, redis):
            server.launch()
        for server in (database, redis):
            server.wait_until_ready()
        yield Servers(database, redis)
    finally:
        for server in (database, redis):
            server.stop()


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The full system on loopback, without data; each test holds a meeting of its own on it."""
    with Stack(demo=False) as stack:
        yield stack


@pytest.fixture(params=BACKENDS)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """The embedded default (SQLite, in-process cache), and the full system's stores."""
    environ = {"INSTANCE_PATH": str(tmp_path), "SECRET_KEY": SECRET_KEY}
    if request.param == "full":
        servers = request.getfixturevalue("servers")
        environ |= {"DATABASE_URL": servers.database.url, "REDIS_URL": servers.redis.url}
    return load_settings(environ)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an empty, migrated database to copy: migrating takes longer than a test."""
    folder = tmp_path_factory.mktemp("sqlite")
    migrate(load_settings({"INSTANCE_PATH": str(folder), "SECRET_KEY": SECRET_KEY}))
    return folder


@pytest.fixture(scope="session")
def migrated_servers(servers: Servers) -> Servers:
    """The private servers, with the schema in the database."""
    environ = {"DATABASE_URL": servers.database.url, "SECRET_KEY": SECRET_KEY}
    migrate(load_settings(environ))
    return servers


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    """Each test has an application of its own; compiling its templates was a third of the time."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


def migrate(settings: Settings) -> None:
    app = create_app(settings)
    with app.app_context():
        upgrade()
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def app(settings: Settings, request: pytest.FixtureRequest) -> Iterator[Flask]:
    """The web tier with an empty, migrated database."""
    if settings.embedded:
        migrated = request.getfixturevalue("migrated_sqlite")
        shutil.copytree(migrated, settings.instance_path, dirs_exist_ok=True)
    app = create_app(settings)
    app.test_client_class = PageClient
    app.jinja_env.bytecode_cache = request.getfixturevalue("compiled_templates")
    if not settings.embedded:
        with app.app_context():
            request.getfixturevalue("migrated_servers").empty()
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def client(app: Flask) -> PageClient:
    """A browser without JavaScript; it checks every page it gets."""
    client = app.test_client()
    assert isinstance(client, PageClient)
    return client
