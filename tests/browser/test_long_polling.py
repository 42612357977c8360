"""Where no WebSocket gets through, the live page goes on over long-polling."""

import re

from playwright.sync_api import Page

from stack import Stack
from tests.support.browser import People, check_in, expect_connected, expect_messages, talk
from tests.support.meeting import Meeting
from tests.support.no_websockets import REFUSAL, NoWebSockets


def come(people: People, meeting: Meeting, proxy: NoWebSockets) -> tuple[Page, list[str]]:
    """Return somebody's live page, and the addresses at which it began sessions by polling."""
    page = people.come(proxy.url)
    begun: list[str] = []
    page.on("request", lambda request: begun.append(request.url) if begins(request.url) else None)
    check_in(page, meeting.slug, *meeting.employee())
    return page, begun


def begins(url: str) -> bool:
    return "transport=polling" in url and "sid=" not in url


def test_behind_proxies_that_refuse_or_swallow_a_websocket_the_chat_is_whole(
    people: People, stack: Stack, full_meeting: Meeting
) -> None:
    """nginx pins by the first three parts of an address: these two are of different nodes."""
    people.expect_complaint("WebSocket connection to")
    first, second = (node.url for node in stack.realtime)
    with (
        NoWebSockets(stack.nginx.port, "127.0.1.1") as swallowing,
        NoWebSockets(stack.nginx.port, "127.0.0.1", REFUSAL) as refusing,
        full_meeting.viewer().connect(first) as alan,
        full_meeting.viewer().connect(second) as edsger,
    ):
        grace, grace_began = come(people, full_meeting, swallowing)
        ada, ada_began = come(people, full_meeting, refusing)
        for page in (ada, grace):
            expect_connected(page)
        written = talk((ada, grace), (alan, edsger))
        for page in (ada, grace):
            expect_messages(page, *written)
        assert refusing.handshakes
        assert swallowing.handshakes
        # A poll at the other node would have been the end of the session.
        assert len(ada_began) == len(grace_began) == 1
        # Silence may also be that of a node, and nginx is told.
        assert re.search(r"[?&]again=\d+", grace_began[0])
        people.leave()
