"""Addresses of clients: by IPv4, by IPv6, through proxies, and where a server listens."""

import socket
from pathlib import Path

import pytest

from realtime.transport import eventlet_runtime
from stack.ports import free_port
from webapp.infra.addresses import client_address, network_of
from webapp.infra.settings import load_settings


@pytest.mark.parametrize(
    ("chain", "proxies", "client"),
    [
        ("203.0.113.9", 0, "127.0.0.1"),
        ("203.0.113.9", 1, "203.0.113.9"),
        ("192.0.2.66, 203.0.113.9, 198.51.100.1", 2, "203.0.113.9"),
        ("203.0.113.9:4711, 198.51.100.1:443", 2, "203.0.113.9"),
        ("[2001:db8::1]:4711", 1, "2001:db8::1"),
        # By fewer proxies than usual: the first address is the client.
        ("203.0.113.9", 3, "203.0.113.9"),
        ("unknown", 1, "127.0.0.1"),
        ("", 1, "127.0.0.1"),
    ],
)
def test_the_client_stands_where_the_proxies_put_it(chain: str, proxies: int, client: str) -> None:
    environ = {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": chain}
    assert client_address(environ, proxies) == client


def test_an_ipv4_client_of_an_ipv6_socket_is_itself() -> None:
    """All of them would otherwise be one network, and share its limits."""
    assert client_address({"REMOTE_ADDR": "::ffff:203.0.113.9"}, 0) == "203.0.113.9"
    assert network_of("::ffff:203.0.113.9") == "203.0.113.9"
    assert network_of("2001:db8:1:2::9") == "2001:db8:1:2::/64"
    assert network_of("somewhere") == "unknown"


def test_a_server_on_ipv6_serves_both(tmp_path: Path) -> None:
    environ = {"INSTANCE_PATH": str(tmp_path), "HOST": "[::]"}
    host, port = load_settings(environ).host, free_port()
    assert host == "::"
    with eventlet_runtime.listen(host, port):
        for address in ("127.0.0.1", "::1"):
            socket.create_connection((address, port), timeout=5).close()
