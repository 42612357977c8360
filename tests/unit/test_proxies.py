"""The examples of proxies in front, each tried before the nginx of this repository."""

import json
import os
import re
import socket
import ssl
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from http.client import HTTPResponse, HTTPSConnection
from pathlib import Path

import pytest

from stack.ports import LOOPBACK, free_port
from stack.process import ROOT
from stack.server import Server
from stack.tools import require
from tests.support.certificates import Authority
from tests.unit.test_nginx_conf import HANDSHAKE, IMPORT, NEW_SOCKET, Site, last_request, logged

HOST = "townhall.example.com"
CLIENT = "127.0.0.9"
PATHS = "".join(
    f"{kind}_temp_path {kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
)


@dataclass
class Example:
    """An example of deploy/proxies, with addresses and files of this test."""

    folder: Path
    port: int
    inner: int
    certificate: Path
    key: Path

    def text(self, name: str) -> str:
        """Return the file, with the port of the nginx inside."""
        text = (ROOT / "deploy/proxies" / name).read_text()
        assert "127.0.0.1:8080" in text
        return text.replace("127.0.0.1:8080", f"{LOOPBACK}:{self.inner}")

    def nginx(self) -> list[str]:
        """Write the configuration of nginx; return its command."""
        text = self.text("nginx.conf")
        text = text.replace("listen 443 ssl", f"listen {LOOPBACK}:{self.port} ssl")
        text = re.sub(r"listen \[::\]:443.*", "", text)
        text = re.sub(r"ssl_certificate .*;", f"ssl_certificate {self.certificate};", text)
        text = re.sub(r"ssl_certificate_key .*;", f"ssl_certificate_key {self.key};", text)
        around = f"pid {self.folder}/pid; events {{}} http {{ access_log off; {PATHS} {text} }}"
        (self.folder / "nginx.conf").write_text(around)
        argv = [require(("nginx",)), "-p", str(self.folder), "-c", f"{self.folder}/nginx.conf"]
        return [*argv, "-e", "stderr", "-g", "daemon off;"]

    def caddy(self) -> list[str]:
        """Write the configuration of Caddy; return its command."""
        own = f"{HOST}:{self.port} {{\n\tbind {LOOPBACK}\n\ttls {self.certificate} {self.key}"
        text = self.text("Caddyfile").replace(f"{HOST} {{", own)
        around = "{\n\tadmin off\n\tauto_https disable_redirects\n}\n" + text
        (self.folder / "Caddyfile").write_text(around)
        return [
            require(("caddy",)),
            "run",
            "--adapter=caddyfile",
            f"--config={self.folder}/Caddyfile",
        ]

    def haproxy(self) -> list[str]:
        """Write the configuration of HAProxy; return its command."""
        both = self.folder / "both.pem"
        both.write_text(self.certificate.read_text() + self.key.read_text())
        text = self.text("haproxy.cfg").replace("bind :443", f"bind {LOOPBACK}:{self.port}")
        text = text.replace("/etc/haproxy/townhall.example.com.pem", str(both))
        (self.folder / "haproxy.cfg").write_text(text)
        return [require(("haproxy",)), "-db", "-f", f"{self.folder}/haproxy.cfg"]

    def traefik(self) -> list[str]:
        """Write the configuration of Traefik; return its command."""
        text = self.text("traefik.yaml").replace("{certResolver: letsencrypt}", "{}")
        pair = {"certFile": str(self.certificate), "keyFile": str(self.key)}
        own = f"tls: {{stores: {{default: {{defaultCertificate: {json.dumps(pair)}}}}}}}\n"
        (self.folder / "traefik.yaml").write_text(text + own)
        return [
            str(Path(sys.prefix) / "bin/traefik"),
            f"--providers.file.filename={self.folder}/traefik.yaml",
            f"--entryPoints.websecure.address={LOOPBACK}:{self.port}",
            "--global.checkNewVersion=false",
            "--global.sendAnonymousUsage=false",
        ]


class Outer(Server):
    """A proxy that speaks TLS."""

    def ready(self) -> bool:
        """Return whether something answers."""
        try:
            ssl.get_server_certificate((LOOPBACK, self.port), timeout=2)
        except OSError:
            return False
        return True


class Client(HTTPSConnection):
    """A connection from `CLIENT`, which asks loopback for the host of the examples."""

    def __init__(self, port: int, authority: Authority) -> None:
        super().__init__(HOST, port, timeout=10)
        self.tls = ssl.create_default_context(cafile=str(authority.path))

    def connect(self) -> None:
        """Connect to the port on loopback."""
        plain = socket.create_connection((LOOPBACK, self.port), 10, (CLIENT, 0))
        self.sock = self.tls.wrap_socket(plain, server_hostname=HOST)


@dataclass
class Behind:
    """The nginx of this repository behind another proxy."""

    name: str
    site: Site
    port: int
    authority: Authority

    def ask(
        self, path: str, headers: dict[str, str], method: str = "GET", body: bytes | None = None
    ) -> HTTPResponse:
        """Return the answer of the proxy."""
        connection = Client(self.port, self.authority)
        self.site.closing.callback(connection.close)
        connection.request(method, path, body, headers)
        return connection.getresponse()


@pytest.fixture(scope="module", params=["nginx", "caddy", "haproxy", "traefik"])
def behind(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Behind]:
    folder = tmp_path_factory.mktemp(request.param)
    with ExitStack() as closing:
        site = Site(folder / "inner", closing, trusted_proxies=2)
        authority = Authority(folder)
        example = Example(folder, free_port(), site.nginx.port, *authority.issue(HOST))
        argv = getattr(example, request.param)()
        environ = os.environ | {"HOME": str(folder), "XDG_DATA_HOME": str(folder)}
        outer = Outer(request.param, argv, example.port, env=environ)
        closing.callback(outer.kill)
        outer.start()
        yield Behind(request.param, site, outer.port, authority)


def test_the_client_reaches_nginx_and_the_application(behind: Behind) -> None:
    forged = "203.0.113.66"
    answer = behind.ask("/mine", {"X-Forwarded-For": forged, "X-Forwarded-Proto": "http"})
    assert answer.status == 200
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    headers = last_request(behind.site.web).headers
    # The others drop what a client claims; HAProxy keeps it where nobody looks.
    chain = f"{CLIENT}, {LOOPBACK}"
    assert headers["X-Forwarded-For"] == (
        f"{forged}, {chain}" if behind.name == "haproxy" else chain
    )
    assert headers["X-Forwarded-Proto"] == "https, http"
    name = headers["X-Forwarded-Host"].split(", ")[0]
    assert name.split(":")[0] == HOST
    assert logged(behind.site, "/mine").startswith(f"{CLIENT} ")


def test_websockets_pass(behind: Behind) -> None:
    assert behind.ask(NEW_SOCKET, HANDSHAKE).status == 101
    assert sum(len(node.open_sockets) for node in behind.site.nodes) == 1


def test_an_upload_passes(behind: Behind) -> None:
    session = {"Cookie": "townhall=mine"}
    assert behind.ask(IMPORT, session, "POST", bytes(2_000_000)).status == 200
