"""HTTP requests to addresses that people entered: bounded, and not into the company's own network.

A name is resolved once, every address that it has is checked, and the connection goes to a checked
address: a second look-up could answer differently (DNS rebinding). Redirects are checked the same
way.
"""

import re
import socket
import threading
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as LookupTimeout
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urljoin, urlsplit

import certifi
from urllib3 import HTTPResponse
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from webapp.i18n import gettext as _

REDIRECTS = 5
REDIRECT_CODES = (301, 302, 303, 307, 308)
LOOKUP_SECONDS = 5
CONNECT_SECONDS = 4
BODY_BYTES = 1024 * 1024
HOST_NAME = re.compile(r"[\w-]+(\.[\w-]+)*")
# Addresses that carry an IPv4 address in their last four bytes: IPv4-compatible, NAT64.
CARRIERS = (ip_network("::/96"), ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"))
# Azure answers with secrets of the machine at this public address.
REFUSED = (ip_address("168.63.129.16"),)

Address = IPv4Address | IPv6Address


class OutboundError(Exception):
    """A request that was not made or not answered. `str()` says why, to the admin who asked."""


class InternalAddressError(OutboundError):
    """The host has an address inside a private network."""


@dataclass(frozen=True)
class Fetched:
    """An answer: the beginning of its body, and every address that was asked for it, in order."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    hops: list[str]

    @property
    def content_type(self) -> str:
        """Return the media type without parameters, in lower case."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True)
class Allowed:
    """Hosts and networks that may be asked although they are internal."""

    hosts: frozenset[str] = frozenset()
    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Allowed":
        """Return the hosts and networks in `text`. Raises `ValueError`."""
        hosts, networks = set(), []
        for word in text.replace(",", " ").lower().split():
            if "/" in word or ":" in word or word.replace(".", "").isdigit():
                networks.append(ip_network(word))
            elif HOST_NAME.fullmatch(word):
                hosts.add(word)
            else:
                raise ValueError(f"{word} is not a host name")
        return cls(frozenset(hosts), tuple(networks))

    def check(self, host: str, addresses: Iterable[Address]) -> None:
        """Raise `InternalAddressError` if one of the host's addresses must not be asked."""
        if host in self.hosts:
            return
        for address in addresses:
            if not (is_public(address) or any(address in network for network in self.networks)):
                raise InternalAddressError(
                    _(
                        "%(host)s is %(address)s, which is not an address of the public internet.",
                        host=host,
                        address=address,
                    )
                )


def is_public(address: Address) -> bool:
    """Return False for private, local, multicast and cloud metadata addresses.

    An IPv6 address that carries an IPv4 address is as public as that one.
    """
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if any(address in network for network in CARRIERS):
            inner = IPv4Address(int(address) & 0xFFFF_FFFF)
        if inner is not None:
            return is_public(inner)
        if address.is_site_local or address.teredo:
            return False
    return address.is_global and not address.is_multicast and address not in REFUSED


@dataclass
class Outbound:
    """Requests that together take at most `seconds`."""

    allowed: Allowed = field(default_factory=Allowed)
    seconds: float = 15
    _begun: float = field(default_factory=time.monotonic)

    def get(self, url: str, origin: str = "", limit: int = BODY_BYTES) -> Fetched:
        """Return the answer at `url` with at most `limit` bytes of its body.

        `origin` is sent as a browser on that site would. Raises `OutboundError`.
        """
        hops: list[str] = []
        while True:
            hops.append(url)
            answer = self._ask(url, origin, limit, hops)
            target = answer.headers.get("Location")
            if answer.status not in REDIRECT_CODES or not target:
                return answer
            if len(hops) > REDIRECTS:
                raise OutboundError(
                    _("%(url)s redirects more than %(count)s times.", url=url, count=REDIRECTS)
                )
            url = urljoin(url, target)

    def _ask(self, url: str, origin: str, limit: int, hops: list[str]) -> Fetched:
        parts = _split(url)
        host = parts.hostname or ""
        addresses = _resolve(host, parts.port or (443 if parts.scheme == "https" else 80))
        self.allowed.check(host, addresses)
        error: Exception | None = None
        for address in addresses[:2]:
            connection = _connection(parts, str(address))
            try:
                return self._exchange(connection, parts, origin, limit, hops)
            except (HTTPError, HTTPException, OSError) as failure:
                error = failure
            finally:
                connection.close()
        raise OutboundError(_explain(host, error))

    def _exchange(
        self,
        connection: HTTPConnection,
        parts: SplitResult,
        origin: str,
        limit: int,
        hops: list[str],
    ) -> Fetched:
        left = self.seconds - (time.monotonic() - self._begun)
        if left <= 0:
            raise OutboundError(_("%(host)s did not answer in time.", host=parts.hostname))
        connection.connect()
        # A time limit per read would let a server send a byte a second for hours.
        expired = threading.Event()
        timer = threading.Timer(left, _hang_up, (connection.sock, expired))
        timer.start()
        try:
            connection.request(
                "GET", _target(parts), headers=_headers(parts, origin), preload_content=False
            )
            answer = connection.getresponse()
            body = _read(answer, limit)
        finally:
            timer.cancel()
        if expired.is_set():
            raise OutboundError(_("%(host)s did not answer in time.", host=parts.hostname))
        return Fetched(parts.geturl(), answer.status, answer.headers, body, list(hops))


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        valid = False
    if not valid or "@" in parts.netloc:
        raise OutboundError(_("%(url)s is not an address that can be loaded.", url=url[:200]))
    return parts


def _resolve(host: str, port: int) -> list[Address]:
    # In a thread of its own: the system's resolver has no time limit to set.
    executor = ThreadPoolExecutor(1)
    try:
        look_up = executor.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        found = look_up.result(LOOKUP_SECONDS)
    except (OSError, UnicodeError):
        raise OutboundError(_("There is no host %(host)s.", host=host)) from None
    except LookupTimeout:
        raise OutboundError(
            _("The host name %(host)s could not be looked up in time.", host=host)
        ) from None
    finally:
        executor.shutdown(wait=False)
    return [ip_address(entry[4][0]) for entry in found]


def _connection(parts: SplitResult, address: str) -> HTTPConnection:
    if parts.scheme == "http":
        return HTTPConnection(address, parts.port or 80, timeout=CONNECT_SECONDS)
    return HTTPSConnection(
        address,
        parts.port or 443,
        timeout=CONNECT_SECONDS,
        # The certificate must be that of the host, although the connection goes to its address.
        server_hostname=parts.hostname,
        assert_hostname=parts.hostname,
        cert_reqs="CERT_REQUIRED",
        ca_certs=certifi.where(),
    )


def _hang_up(opened: socket.socket, expired: threading.Event) -> None:
    expired.set()
    # Closed already, if this fails.
    with suppress(OSError):
        opened.shutdown(socket.SHUT_RDWR)


def _target(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _headers(parts: SplitResult, origin: str) -> dict[str, str]:
    host = parts.netloc.rpartition("@")[2]
    headers = {"Host": host, "User-Agent": "Townhall", "Accept-Encoding": "identity"}
    return headers | ({"Origin": origin} if origin else {})


def _read(answer: HTTPResponse, limit: int) -> bytes:
    body = bytearray()
    while len(body) < limit and (part := answer.read1(limit - len(body))):
        body += part
    return bytes(body)


def _explain(host: str, error: Exception | None) -> str:
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text or "hostname" in text.lower():
        return _("The certificate of %(host)s is not valid, so browsers refuse it.", host=host)
    return _("%(host)s does not answer.", host=host)
