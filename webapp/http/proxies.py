"""Believe the proxies in front of the web tier, as many as TRUSTED_PROXIES says."""

from collections.abc import Iterable
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from webapp.infra.addresses import client_address


def trust_proxies(app: Flask, hops: int) -> None:
    """Take client, scheme and host from the X-Forwarded-* headers of the last `hops` proxies."""
    inner = app.wsgi_app

    def with_client(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        # ProxyFix would keep the port that some load balancers add to an address.
        environ["REMOTE_ADDR"] = client_address(environ, hops)
        return inner(environ, start_response)

    app.wsgi_app = ProxyFix(with_client, x_for=0, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
