"""HTTPS by the nginx of Compose, behind another proxy, and what its containers may read."""

import http.client
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.compose.composed import PATIENCE, Composed
from tests.compose.conftest import free_port
from tests.support.certificates import Authority
from tests.support.waiting import wait_for

FILES = "compose.yaml:deploy/compose.tls.yaml"


@pytest.fixture
def secure(system: Composed, tmp_path: Path) -> Iterator[tuple[Composed, int, Authority]]:
    """Serve HTTPS on a port of this machine, with a certificate of a private authority."""
    tmp_path.chmod(0o755)
    authority, port = Authority(tmp_path), free_port()
    certificate, key = authority.issue("localhost")
    certificate.rename(tmp_path / "fullchain.pem")
    key.rename(tmp_path / "privkey.pem")
    (tmp_path / "privkey.pem").chmod(0o644)
    before = dict(system.environment)
    # The lines of .env in the handbook.
    own = {"COMPOSE_FILE": FILES, "TLS_FOLDER": str(tmp_path), "HTTPS_PORT": str(port)}
    system.environment |= own
    system.up()
    try:
        yield system, port, authority
    finally:
        system.environment.clear()
        system.environment.update(before)
        system.up()


def test_https_is_served_and_http_leads_to_it(secure: tuple[Composed, int, Authority]) -> None:
    system, port, authority = secure
    plain = requests.get(f"{system.url}/admin/", allow_redirects=False, timeout=PATIENCE)
    assert plain.status_code == 308
    assert plain.headers["Location"] == "https://127.0.0.1/admin/"
    site = f"https://127.0.0.1:{port}"
    for address in ("/", "/static/build/site.css", "/healthz"):
        answer = requests.get(site + address, verify=str(authority.path), timeout=PATIENCE)
        assert answer.status_code == 200, address
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    page = requests.get(f"{site}/admin/login", verify=str(authority.path), timeout=PATIENCE)
    assert "Secure" in page.headers["Set-Cookie"]
    assert negotiated(port, authority) == "h2"
    # A renewed certificate is read without a restart.
    first = ssl.get_server_certificate(("127.0.0.1", port))
    certificate, key = authority.issue("localhost")
    (authority.folder / "fullchain.pem").write_bytes(certificate.read_bytes())
    (authority.folder / "privkey.pem").write_bytes(key.read_bytes())
    system.compose("exec", "-T", "nginx", "nginx", "-c", "/run/nginx.conf", "-s", "reload")
    wait_for(
        lambda: ssl.get_server_certificate(("127.0.0.1", port)) != first, 10, "the new certificate"
    )


def negotiated(port: int, authority: Authority) -> str | None:
    """Return the protocol that nginx chooses."""
    context = ssl.create_default_context(cafile=str(authority.path))
    context.set_alpn_protocols(["h2", "http/1.1"])
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=PATIENCE)
    connection.connect()
    try:
        sock = connection.sock
        assert isinstance(sock, ssl.SSLSocket)
        return sock.selected_alpn_protocol()
    finally:
        connection.close()


def test_static_files_come_compressed_from_the_image(system: Composed) -> None:
    answer = requests.get(
        f"{system.url}/static/build/site.css", headers={"Accept-Encoding": "gzip"}, timeout=PATIENCE
    )
    assert answer.headers["Content-Encoding"] == "gzip"
    assert int(answer.headers["Content-Length"]) < len(answer.content)


def test_web_and_realtime_cannot_read_the_root_password(system: Composed) -> None:
    look = ["sh", "-c", "cat /run/mysql/* /run/townhall/mysql_root_password 2>/dev/null; true"]
    for service in ("web", "realtime"):
        assert system.compose("exec", "-T", service, *look) == ""
    assert len(system.compose("exec", "-T", "mysql", *look)) == 64


def test_every_container_has_limits(system: Composed) -> None:
    for container in system.containers("nginx", "web", "realtime", "redis", "mysql"):
        limits = "{{.HostConfig.Memory}} {{.HostConfig.PidsLimit}}"
        memory, pids = system.docker("inspect", "-f", limits, container.id).split()
        assert int(memory) > 0, container.service
        assert int(pids) > 0, container.service


def test_a_backup_is_restored_by_the_scripts(system: Composed, tmp_path: Path) -> None:
    # The scripts find the project as `docker compose` does.
    environ = system.environment | {"COMPOSE_PROJECT_NAME": system.project}

    def run(*command: str) -> str:
        done = subprocess.run(
            command, cwd=system.tree, env=environ, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip().splitlines()[-1] if done.stdout else ""

    before = system.sql("SELECT id, email, first_name FROM employees ORDER BY id")
    file = run("bin/backup", str(tmp_path))
    system.sql("UPDATE employees SET first_name = 'Changed'")
    run("bin/restore", file, "--yes")
    assert system.sql("SELECT id, email, first_name FROM employees ORDER BY id") == before
    wait_for(system.at_rest, 60, "everything is healthy again")
