"""Requests to addresses that people entered: which are made, and how they are bounded."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address

import pytest

from tests.support.hls_server import HlsServer, hls_server
from webapp.infra.outbound import (
    Allowed,
    InternalAddressError,
    Outbound,
    OutboundError,
    is_public,
)

LOOPBACK = Allowed.parse("127.0.0.1")


@pytest.fixture
def server() -> Iterator[HlsServer]:
    with hls_server() as server:
        yield server


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.1.2.3",
        "0.0.0.0",
        "10.0.0.5",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:10.0.0.5",
        "::ffff:169.254.169.254",
        "64:ff9b::a00:5",
        "2002:0a00:0005::1",
        "2001:0:4136:e378::1",
        "fe80::1",
        "fe80::1%1",
        "fd00:ec2::254",
        "fec0::1",
        "ff02::1",
    ],
)
def test_internal_address_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_public_address_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "0177.0.0.1", "127.1"]
)
def test_no_spelling_of_loopback_is_asked(server: HlsServer, host: str) -> None:
    with pytest.raises(InternalAddressError):
        Outbound().get(f"http://{host}:{server.port}/captions.vtt")
    assert server.asked == []


def test_allowed_hosts_and_networks_are_asked(server: HlsServer) -> None:
    for allowed in ("127.0.0.0/8", "10.0.0.0/8, 127.0.0.1"):
        outbound = Outbound(Allowed.parse(allowed))
        assert outbound.get(server.url("/captions.vtt")).body.startswith(b"WEBVTT")
    named = Outbound(Allowed.parse("localhost"))
    assert named.get(f"http://localhost:{server.port}/captions.vtt").status == 200
    with pytest.raises(InternalAddressError):
        named.get(server.url("/captions.vtt"))


@pytest.mark.parametrize("text", ["10.0.0.0/33", "10.0.0.1/8", "fd00::/200"])
def test_malformed_network_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"network|host bits"):
        Allowed.parse(text)


def test_redirect_is_followed_and_noted(server: HlsServer) -> None:
    server.answers["/old"] = lambda: (302, {"Location": "/captions.vtt"}, b"")
    answer = Outbound(LOOPBACK).get(server.url("/old"))
    assert answer.status == 200
    assert answer.hops == [server.url("/old"), server.url("/captions.vtt")]


def test_redirect_to_an_internal_address_is_not_followed(server: HlsServer) -> None:
    with hls_server() as other:
        there = f"http://localhost:{other.port}/captions.vtt"
        server.answers["/old"] = lambda: (302, {"Location": there}, b"")
        # The name of the first host is allowed, that of the second is not.
        allowed = Allowed(hosts=frozenset(["127.0.0.1"]))
        with pytest.raises(InternalAddressError):
            Outbound(allowed).get(server.url("/old"))
        assert server.asked == ["/old"]
        assert other.asked == []


def test_redirects_end(server: HlsServer) -> None:
    server.answers["/loop"] = lambda: (302, {"Location": "/loop"}, b"")
    with pytest.raises(OutboundError, match="redirects"):
        Outbound(LOOPBACK).get(server.url("/loop"))
    assert len(server.asked) == 6


@pytest.mark.parametrize("location", ["file:///etc/passwd", "gopher://127.0.0.1/", "http://a@b/"])
def test_redirect_leads_only_to_web_addresses(server: HlsServer, location: str) -> None:
    server.answers["/old"] = lambda: (302, {"Location": location}, b"")
    with pytest.raises(OutboundError, match="that can be loaded"):
        Outbound(LOOPBACK).get(server.url("/old"))


def test_connection_goes_to_the_address_that_was_checked(
    server: HlsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The name has an allowed address first and the server's, which is not allowed, from then on.
    answers = iter(["127.0.0.2", "127.0.0.1", "127.0.0.1"])

    def look_up(host: str, port: int, *_args: object, **_kwargs: object) -> list[object]:
        address = next(answers) if host == "rebind.example" else host
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(OutboundError, match="does not answer"):
        Outbound(Allowed.parse("127.0.0.2")).get(f"http://rebind.example:{server.port}/")
    assert server.asked == []


def test_large_answer_is_cut(server: HlsServer) -> None:
    server.answers["/large"] = lambda: (200, {}, b"x" * 5_000_000)
    assert len(Outbound(LOOPBACK).get(server.url("/large"), limit=1000).body) == 1000


@contextmanager
def dripping(part: bytes) -> Iterator[int]:
    """Answer every connection with `part` again and again, five times a second."""
    ended = threading.Event()

    def drip() -> None:
        connection, _ = listener.accept()
        with connection:
            while not ended.wait(0.2):
                try:
                    connection.sendall(part)
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip)
        thread.start()
        yield listener.getsockname()[1]
        ended.set()
        thread.join()


@pytest.mark.parametrize("part", [b"", b"HTTP/1.1 200 OK\r\nX: y", b"x"])
def test_slow_server_is_given_up(part: bytes) -> None:
    with dripping(part) as port:
        begin = time.monotonic()
        with pytest.raises(OutboundError):
            Outbound(LOOPBACK, seconds=1).get(f"http://127.0.0.1:{port}/")
        assert time.monotonic() - begin < 3


def test_unknown_host_and_closed_port_are_told() -> None:
    with pytest.raises(OutboundError, match=r"no host"):
        Outbound().get("http://nowhere.invalid/")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(OutboundError, match="does not answer"):
        Outbound(LOOPBACK).get(f"http://127.0.0.1:{port}/")
