"""The network address of a client, the same for both tiers and for nginx."""

import re
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

# Some load balancers add the port.
WITH_PORT = re.compile(r"\[(?P<v6>[0-9A-Fa-f:.]+)\](?::\d+)?|(?P<v4>[\d.]+):\d+")


def client_address(environ: Mapping[str, Any], trusted_proxies: int) -> str:
    """Return the address of the client of a WSGI request.

    Each trusted proxy has appended its peer to X-Forwarded-For. A request that came by fewer of
    them has fewer addresses there, and the first one is its client.
    """
    peer = str(environ.get("REMOTE_ADDR", ""))
    hops = str(environ.get("HTTP_X_FORWARDED_FOR", "")).split(",")
    forwarded = _parse(hops[-min(trusted_proxies, len(hops))]) if trusted_proxies else None
    return str(forwarded or _parse(peer) or peer)


def network_of(address: str) -> str:
    """Return what to count a client by: its address, the /64 of an IPv6 one, or `unknown`."""
    parsed = _parse(address)
    if isinstance(parsed, IPv6Address):
        # A customer usually has a whole /64.
        return str(ip_network((parsed, 64), strict=False))
    return str(parsed or "unknown")


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    text = text.strip()
    if found := WITH_PORT.fullmatch(text):
        text = found["v6"] or found["v4"]
    try:
        parsed = ip_address(text)
    except ValueError:
        return None
    # A socket that listens on [::] sees IPv4 clients like this.
    return getattr(parsed, "ipv4_mapped", None) or parsed
