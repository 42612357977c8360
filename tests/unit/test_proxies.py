"""The example of another nginx in front, tried before the nginx of this repository."""

import re
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPSConnection
from pathlib import Path

import pytest

from stack.ports import LOOPBACK
from stack.process import ROOT
from stack.servers import Nginx
from tests.support.certificates import Authority
from tests.unit.test_nginx_conf import HANDSHAKE, NEW_SOCKET, Site, last_request, logged

PATHS = "".join(
    f"{kind}_temp_path {kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
)


class Outer(Nginx):
    """An nginx with the example as its configuration."""

    def __init__(self, folder: Path, inner: int, authority: Authority) -> None:
        super().__init__(folder, [], [])
        certificate, key = authority.issue("townhall.example.com")
        text = (ROOT / "deploy/proxies/nginx.conf").read_text()
        text = text.replace("listen 443 ssl", f"listen {LOOPBACK}:{self.port} ssl")
        text = re.sub(r"listen \[::\]:443.*", "", text)
        text = re.sub(r"ssl_certificate .*;", f"ssl_certificate {certificate};", text)
        text = re.sub(r"ssl_certificate_key .*;", f"ssl_certificate_key {key};", text)
        text = text.replace("127.0.0.1:8080", f"{LOOPBACK}:{inner}")
        self.conf = f"pid {folder}/nginx.pid; events {{}} http {{ access_log off; {PATHS} {text} }}"

    def ready(self) -> bool:
        """Return whether something answers."""
        try:
            ssl.get_server_certificate((LOOPBACK, self.port), timeout=2)
        except OSError:
            return False
        return True


@pytest.fixture
def behind(tmp_path: Path) -> Iterator[tuple[Site, Outer, Authority]]:
    with ExitStack() as closing:
        site = Site(tmp_path / "inner", closing, trusted_proxies=2)
        authority = Authority(tmp_path)
        outer = Outer(tmp_path / "outer", site.nginx.port, authority)
        closing.callback(outer.kill)
        outer.start()
        yield site, outer, authority


def ask(
    behind: tuple[Site, Outer, Authority], path: str, headers: dict[str, str] | None = None
) -> int:
    site, outer, authority = behind
    context = ssl.create_default_context(cafile=str(authority.path))
    connection = HTTPSConnection(LOOPBACK, outer.port, context=context, timeout=10)
    site.closing.callback(connection.close)
    connection.request("GET", path, headers={"Host": "townhall.example.com"} | (headers or {}))
    return connection.getresponse().status


def test_the_client_reaches_the_application(behind: tuple[Site, Outer, Authority]) -> None:
    site = behind[0]
    assert ask(behind, "/mine", {"X-Forwarded-For": "203.0.113.66"}) == 200
    headers = last_request(site.web).headers
    # What a client claims about itself ends at the first proxy.
    assert headers["X-Forwarded-For"] == "127.0.0.1, 127.0.0.1"
    assert headers["X-Forwarded-Proto"] == "https, http"
    assert headers["X-Forwarded-Host"] == "townhall.example.com, townhall.example.com"
    assert logged(site, "/mine").startswith("127.0.0.1 ")


def test_websockets_pass(behind: tuple[Site, Outer, Authority]) -> None:
    assert ask(behind, NEW_SOCKET, HANDSHAKE) == 101
    assert sum(len(node.open_sockets) for node in behind[0].nodes) == 1
