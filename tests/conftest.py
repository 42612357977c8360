"""Fixtures for all tests: real servers, started once, and applications on them."""

import gc
import itertools
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

# No deadlines: a busy machine is ten times slower.
hypothesis_settings.register_profile("untimed", deadline=None)
hypothesis_settings.load_profile("untimed")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run when a test was skipped in CI, where every server must be installed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if reporter and skipped and os.environ.get("CI"):
        reporter.write_line(f"{len(skipped)} tests were skipped, which CI does not allow", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


# Tests of these folders wait for processes and browsers half of the time.
WAITING = ("tests/system", "tests/browser")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put files that wait and files that compute by turns, and short files last.

    The workers take the files in this order. Those that are long come first and the workers end
    together; the order within files, and of files of a kind, stays random.
    """
    files: dict[str, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.nodeid.partition("::")[0], []).append(item)
    waiting = [name for name in files if name.startswith(WAITING)]
    computing = [name for name in files if name not in waiting]
    # Stable, so that integration tests follow each other in random order, then unit tests.
    computing.sort(key=lambda name: name.startswith("tests/unit"))
    turns = itertools.chain.from_iterable(itertools.zip_longest(waiting, computing))
    items[:] = [item for name in turns if name for item in files[name]]


def pytest_collection_finish() -> None:
    """Search for garbage less often: that was a fifth of the tests' CPU.

    Leave out the imported modules and collected tests, which stay until the end.
    """
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


@dataclass(frozen=True)
class Servers:
    """A private database server and a private Redis for the whole run."""

    database: Database
    redis: Redis

    def empty(self) -> None:
        """Delete every row and every key; keep the schema."""
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
    """Start the full system without data; each test adds its own meeting."""
    with Stack(demo=False) as stack:
        yield stack


@pytest.fixture(params=BACKENDS)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Return settings for the embedded default, then for the stores of the full system."""
    environ = {"INSTANCE_PATH": str(tmp_path), "SECRET_KEY": SECRET_KEY}
    if request.param == "full":
        servers = request.getfixturevalue("servers")
        environ |= {"DATABASE_URL": servers.database.url, "REDIS_URL": servers.redis.url}
    return load_settings(environ)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a migrated database to copy: migrating takes longer than a test."""
    folder = tmp_path_factory.mktemp("sqlite")
    migrate(load_settings({"INSTANCE_PATH": str(folder), "SECRET_KEY": SECRET_KEY}))
    return folder


@pytest.fixture(scope="session")
def migrated_servers(servers: Servers) -> Servers:
    """Return the private servers with a migrated database."""
    environ = {"DATABASE_URL": servers.database.url, "SECRET_KEY": SECRET_KEY}
    migrate(load_settings(environ))
    return servers


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    """Share compiled templates between the applications of all tests; compiling took a third."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


def migrate(settings: Settings) -> None:
    app = create_app(settings)
    with app.app_context():
        upgrade()
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def app(settings: Settings, request: pytest.FixtureRequest) -> Iterator[Flask]:
    """Yield the web tier with an empty, migrated database."""
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
    """Return a browser without JavaScript that checks every page it gets."""
    client = app.test_client()
    assert isinstance(client, PageClient)
    return client
