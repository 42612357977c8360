"""Rules for every page: no socket but on the live page, and nothing wider than a phone."""

import pytest
from playwright.sync_api import Page

from tests.support.addresses import address_of, rules
from tests.support.browser import LIVE, PHONE, People, check_in, expect_connected, sign_in
from tests.support.embedded import Embedded
from tests.support.meeting import Meeting
from webapp.app import create_app
from webapp.domain.seed import ADMIN_EMAIL, ADMIN_PASSWORD


@pytest.fixture
def addresses(embedded: Embedded, broadcast: Meeting) -> list[str]:
    """Return every address that a visitor may open, with the broadcast as its event."""
    app = create_app(embedded.settings)
    return [
        address_of(app, rule, broadcast.slug)
        for rule in rules(app)
        if rule.methods and "GET" in rule.methods
    ]


@pytest.fixture(params=["public", "viewer", "admin"])
def visitor(request: pytest.FixtureRequest, people: People, broadcast: Meeting) -> Page:
    """Return a person with a phone."""
    # A sign-in that nobody began (422), and one that is not set up (404).
    people.expect_complaint("status of 4")
    page = people.come(broadcast.site, phone=True)
    if request.param == "viewer":
        check_in(page, broadcast.slug, *broadcast.employee())
    if request.param == "admin":
        sign_in(page, ADMIN_EMAIL, ADMIN_PASSWORD)
    return page


def pages(page: Page, addresses: list[str]) -> list[str]:
    """Return the distinct pages to which these addresses lead this person."""
    found: set[str] = set()
    for address in addresses:
        answer = page.context.request.get(address)
        if answer.headers["content-type"].startswith("text/html"):
            found.add(answer.url.partition("?")[0])
    assert len(found) > 2
    return sorted(found)


def addresses_asked(page: Page) -> list[str]:
    """Return a growing list of the page's requests from now on: files, and sockets as `ws:`."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: asked.append(socket.url))
    return asked


def width_of(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth"))


def test_a_phone_shows_every_page_and_only_the_live_page_opens_a_socket(
    visitor: Page, addresses: list[str]
) -> None:
    for address in pages(visitor, addresses):
        page = visitor.context.new_page()
        asked = addresses_asked(page)
        answer = page.goto(address)
        assert answer is not None
        assert answer.status < 500, address
        if LIVE.search(page.url):
            expect_connected(page)
            assert len([url for url in asked if url.startswith("ws:")]) == 1
        else:
            assert not [url for url in asked if "socket.io" in url], address
        assert width_of(page) <= PHONE["width"], f"{address} is too wide for a phone"
        page.close()
