"""Check the live page in Chromium while its node is killed and Redis hangs."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from stack import Stack
from tests.faults.conftest import stored
from tests.faults.test_processes import frozen
from tests.support.browser import (
    People,
    check_in,
    expect_connected,
    expect_messages,
    launch_chromium,
    write,
)
from tests.support.meeting import Meeting

LOST = "Reconnecting…"
KEEP_STATES = """line => {
  window.states = [];
  new MutationObserver(() => window.states.push(line.textContent)).observe(line, {childList: true});
}"""
OUTBOX = "Object.keys(localStorage).filter(key => key.startsWith('townhall:outbox:'))"


@pytest.fixture
def people() -> Iterator[People]:
    with sync_playwright() as playwright:
        people = People(launch_chromium(playwright))
        people.expect_complaint("WebSocket connection to")
        yield people
        people.leave()
        assert people.complaints == []


def come_in(people: People, meeting: Meeting) -> Page:
    page = people.come(meeting.site)
    check_in(page, meeting.slug, *meeting.employee())
    expect_connected(page)
    page.locator("#connection").evaluate(KEEP_STATES)
    return page


def test_page_survives_killed_node_and_frozen_redis(
    stack: Stack, meeting: Meeting, people: People
) -> None:
    first, second, third = stack.realtime
    second.kill()
    third.kill()
    ada = come_in(people, meeting)
    second.start()
    # The first node already has Ada, so nginx chooses the other.
    grace = come_in(people, meeting)
    pages = (ada, grace)
    write(ada, "before")
    write(grace, "before, too")

    first.kill()
    write(ada, "in the gap")
    write(grace, "meanwhile")
    for page in pages:
        expect_count(page, 4)
    first.start()
    with meeting.viewer().connect(first.url) as alan, frozen(stack.redis):
        for round_, writer in enumerate((ada, grace, ada)):
            write(writer, f"while Redis hangs {round_}")
            assert alan.post(f"at the other node {round_}")["ok"]
            for page in pages:
                expect_count(page, 6 + 2 * round_)
    write(ada, "after")
    for page in pages:
        expect_count(page, 11)

    rows = stored(meeting)
    assert len(rows) == 11
    for page in pages:
        expect_messages(page, *(body for _, body in rows))
        expect(page.locator("#connection")).to_be_empty()
        assert page.evaluate(OUTBOX) == []
    assert LOST in ada.evaluate("states")
    assert LOST not in grace.evaluate("states")


def expect_count(page: Page, count: int) -> None:
    """Wait until the page shows `count` messages and has sent all of its own."""
    expect(page.locator("#messages > li")).to_have_count(count)
    expect(page.locator("#pending > li")).to_have_count(0)
