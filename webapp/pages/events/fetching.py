"""Loading a stream to test it: from other hosts, or from this application itself."""

from flask import current_app
from werkzeug.test import Client

from webapp.domain.events.embeds import Site
from webapp.domain.events.inspection import Get
from webapp.infra.allowance import Allowance
from webapp.infra.outbound import Allowed, Fetched, Outbound

# Each asks up to a dozen addresses and holds a thread for seconds.
TESTS = 10
TESTS_SECONDS = 120.0


def take_stream_test(admin_id: int) -> None:
    """Count a test of this admin in this process. Raises `SlowDown`."""
    extensions = current_app.extensions
    allowance: Allowance = extensions.setdefault("stream_tests", Allowance(TESTS, TESTS_SECONDS))
    allowance.take(admin_id)


def fetcher(site: Site) -> Get:
    """Return a function that loads the beginning of an address, within a limit of time."""
    outbound = Outbound(Allowed.parse(current_app.config["STREAM_TEST_ALLOW"]))

    def get(address: str, limit: int) -> Fetched:
        if address.startswith(f"{site.origin}/"):
            return _load_own(address, site, limit)
        return outbound.get(address, site.origin, limit)

    return get


def _load_own(address: str, site: Site, limit: int) -> Fetched:
    # Without the network: a process behind a proxy cannot know how to reach itself.
    path = address.removeprefix(site.origin)
    with Client(current_app.wsgi_app).get(path, base_url=site.origin) as answer:
        body = answer.data[:limit]
        return Fetched(address, answer.status_code, dict(answer.headers), body, [address])
