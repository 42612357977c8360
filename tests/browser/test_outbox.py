"""The outbox: what is written while the server is away is kept, and sent once."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import People, check_in, expect_connected, write
from tests.support.embedded import Embedded
from tests.support.meeting import Meeting, held_meeting


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Embedded]:
    """A system of this test's own, which it may kill."""
    server = Embedded(tmp_path)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def meeting(server: Embedded) -> Iterator[Meeting]:
    with held_meeting(server.settings, server.url, stream_url="") as meeting:
        yield meeting


def come_in(people: People, meeting: Meeting) -> Page:
    page = people.come(meeting.site)
    check_in(page, meeting.slug, *meeting.employee())
    expect_connected(page)
    return page


def without_socket(page: Page) -> Page:
    """Another tab of the same person, which cannot open a socket."""
    tab = page.context.new_page()
    tab.route("**/socket.io/**", lambda route: route.abort())
    tab.route_web_socket("**/socket.io/**", lambda socket: socket.close())
    return tab


def expect_bodies(page: Page, *bodies: str) -> None:
    expect(page.locator("#messages .body")).to_have_text(list(bodies))
    expect(page.locator("#pending > li")).to_have_count(0)


def test_a_message_written_while_the_server_is_away_arrives_once(
    people: People, server: Embedded, meeting: Meeting
) -> None:
    for complaint in ("WebSocket connection to", "net::ERR_"):
        people.expect_complaint(complaint)
    ada, grace = come_in(people, meeting), come_in(people, meeting)
    write(ada, "before")
    expect_bodies(grace, "before")

    server.kill()
    for page in (ada, grace):
        expect(page.locator("#connection")).to_have_text("Reconnecting…")
    write(ada, "while the server was away")
    expect(ada.locator("#pending .body")).to_have_text(["while the server was away"])
    live, context = ada.url, ada.context
    ada.close()

    server.start()
    page = context.new_page()
    with page.expect_websocket():
        page.goto(live)
    expect_bodies(page, "before", "while the server was away")
    expect_bodies(grace, "before", "while the server was away")
    page.reload()
    expect_connected(page)
    expect_bodies(page, "before", "while the server was away")
