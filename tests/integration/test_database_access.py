"""A database that refuses its user, and one that asks for TLS: told in one line, not waited for."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.engine import make_url

from stack.app import RealtimeNode, WebWorker
from stack.database import Database
from stack.process import NotReadyError
from tests.conftest import SECRET_KEY, Servers
from tests.support.certificates import Authority
from webapp.base import create_base
from webapp.infra import retry
from webapp.infra.database import wait_for_database
from webapp.infra.extensions import db
from webapp.infra.settings import load_settings
from webapp.startup import prepare_database, wait_for_services


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def encrypted(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Return a database server with a certificate of `authority`."""
    certificate, key = authority.issue("localhost")
    database = Database(tmp_path_factory.mktemp("encrypted"))
    database.argv += [f"--ssl-ca={authority.path}", f"--ssl-cert={certificate}"]
    database.argv += [f"--ssl-key={key}"]
    try:
        database.start()
        yield database
    finally:
        database.stop()


def connected(url: str) -> Flask:
    """Return an application that has reached the database."""
    app = create_base("test", load_settings({"DATABASE_URL": url, "SECRET_KEY": SECRET_KEY}))
    with app.app_context():
        try:
            wait_for_database()
        finally:
            db.engine.dispose()
    return app


def cipher(app: Flask) -> str:
    with app.app_context():
        row = db.session.execute(text("SHOW STATUS LIKE 'Ssl_cipher'")).one()
        db.session.remove()
        db.engine.dispose()
    return str(row[1])


@pytest.mark.parametrize(
    "query", ["ssl-mode=REQUIRED", "ssl=true", "ssl-mode=REQUIRED&ssl-ca={ca}", "ssl_ca={ca}"]
)
def test_a_hosted_database_is_reached_over_tls(
    encrypted: Database, authority: Authority, query: str
) -> None:
    url = encrypted.url.replace("mysql+pymysql", "mysql")
    assert cipher(connected(f"{url}?{query.format(ca=authority.path)}"))


def test_tls_can_be_left_out(encrypted: Database) -> None:
    assert not cipher(connected(f"{encrypted.url}?ssl-mode=DISABLED"))


def refusal(monkeypatch: pytest.MonkeyPatch, url: str) -> str:
    """Return the line with which a process ends that was given this URL."""
    monkeypatch.setattr(retry, "REFUSED_SECONDS", 0)
    with pytest.raises(SystemExit) as caught:
        connected(url)
    line = str(caught.value)
    assert line.startswith("townhall: DATABASE_URL: ")
    assert "\n" not in line
    return line


def test_a_certificate_of_another_authority_is_refused(
    encrypted: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Authority(tmp_path, "another")
    line = refusal(monkeypatch, f"{encrypted.url}?ssl_ca={other.path}")
    assert "certificate verify failed" in line


def test_the_name_in_the_certificate_counts(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = authority.issue("elsewhere", "192.0.2.1")
    database = Database(tmp_path / "elsewhere")
    database.argv += [f"--ssl-cert={certificate}", f"--ssl-key={key}"]
    try:
        database.start()
        assert cipher(connected(f"{database.url}?ssl-mode=VERIFY_CA&ssl_ca={authority.path}"))
        line = refusal(monkeypatch, f"{database.url}?ssl_ca={authority.path}")
        assert "certificate" in line
    finally:
        database.stop()


def test_a_server_without_tls_does_not_satisfy_required(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "SSL" in refusal(monkeypatch, f"{servers.database.url}?ssl-mode=REQUIRED")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"password": "wrong"}, "Access denied for user 'townhall'"),
        ({"username": "nobody"}, "Access denied for user 'nobody'"),
        ({"database": "elsewhere"}, "to database 'elsewhere'"),
        ({"username": "operator", "password": "operator", "database": "no"}, "Unknown database"),
        # PyMySQL cannot send it.
        ({"password": "пароль"}, "codec can't encode"),
    ],
)
def test_a_url_that_the_server_refuses_ends_the_process(
    servers: Servers, monkeypatch: pytest.MonkeyPatch, change: dict[str, str], words: str
) -> None:
    url = make_url(servers.database.url).set(**change)  # type: ignore[arg-type]
    assert words in refusal(monkeypatch, url.render_as_string(hide_password=False))


def test_a_missing_folder_of_sqlite_ends_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "unable to open" in refusal(monkeypatch, f"sqlite:///{tmp_path}/none/townhall.sqlite3")


def test_a_broken_sqlite_file_ends_the_first_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "townhall.sqlite3").write_bytes(b"not a database" * 1000)
    monkeypatch.setattr(retry, "REFUSED_SECONDS", 0)
    app = create_base("test", load_settings({"INSTANCE_PATH": str(tmp_path)}))
    with pytest.raises(SystemExit, match=r"^townhall: DATABASE_URL: file is not a database$"):
        prepare_database(app, demo=True)


def test_every_process_says_it_and_ends(servers: Servers) -> None:
    url = make_url(servers.database.url).set(password="wrong")
    environ = {"DATABASE_URL": url.render_as_string(hide_password=False)}
    environ |= {"SECRET_KEY": SECRET_KEY, "REDIS_URL": servers.redis.url}
    worker = WebWorker("web", os.environ | environ)
    node = RealtimeNode("node", os.environ | environ)
    for process in (worker, node):
        process.launch()
    for process in (worker, node):
        with pytest.raises(NotReadyError, match="exit status 1") as caught:
            process.wait_until_ready()
        lines = str(caught.value).splitlines()
        assert lines[-1].startswith("townhall: DATABASE_URL: ")
        assert any("waiting for the database" in line for line in lines)
        assert "Access denied" in lines[-1]
        assert "Traceback" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        # There are sixteen databases.
        ("127.0.0.1:{port}/99", "DB index is out of range"),
        ("nobody:wrong@127.0.0.1:{port}/0", "invalid username-password pair"),
    ],
)
def test_a_redis_that_refuses_is_told_as_well(
    servers: Servers,
    migrated_servers: Servers,
    monkeypatch: pytest.MonkeyPatch,
    address: str,
    words: str,
) -> None:
    monkeypatch.setattr(retry, "REFUSED_SECONDS", 0)
    environ = {"DATABASE_URL": migrated_servers.database.url, "SECRET_KEY": SECRET_KEY}
    environ |= {"REDIS_URL": "redis://" + address.format(port=servers.redis.port)}
    app = create_base("test", load_settings(environ))
    with pytest.raises(SystemExit, match=f"townhall: REDIS_URL: {words}"):
        wait_for_services(app)
