"""A phone that comes back from another app to a connection that died without anybody noticing."""

from collections.abc import Callable
from functools import partial

from playwright.sync_api import Page, WebSocketRoute, expect

from tests.support.browser import People, check_in, expect_connected, expect_messages
from tests.support.meeting import Meeting

HIDE = """() => {
  Object.defineProperty(document, "hidden", {value: true, configurable: true});
  document.dispatchEvent(new Event("visibilitychange"));
  const now = Date.now;
  Date.now = () => now() + 180_000;
}"""
SHOW = """() => {
  delete document.hidden;
  document.dispatchEvent(new Event("visibilitychange"));
}"""
FRESH_MS = 2_000


def through_tunnel(page: Page) -> Callable[[], None]:
    """Lead the page's WebSockets through a tunnel, and return a function that kills open ones."""
    open_now: list[bool] = []

    def lead(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        place = len(open_now)
        open_now.append(True)

        def forward(send: Callable[[str | bytes], None], message: str | bytes) -> None:
            if open_now[place]:
                send(message)

        socket.on_message(partial(forward, server.send))
        server.on_message(partial(forward, socket.send))

    def kill() -> None:
        open_now[:] = [False] * len(open_now)

    page.route_web_socket("**/socket.io/**", lead)
    return kill


def test_a_page_that_comes_back_is_fresh_within_two_seconds(
    people: People, meeting: Meeting
) -> None:
    page = people.come(meeting.site)
    kill = through_tunnel(page)
    check_in(page, meeting.slug, *meeting.employee())
    expect_connected(page)
    with meeting.viewer().connect(meeting.site) as ada:
        page.evaluate(HIDE)
        kill()
        assert ada.post("while the phone was in a pocket")["ok"]
        expect(page.locator("#messages > li")).to_have_count(0)
        page.evaluate(SHOW)
        expect(page.locator("#messages > li")).to_have_count(1, timeout=FRESH_MS)
        assert ada.post("and it is live again")["ok"]
        expect_messages(page, "while the phone was in a pocket", "and it is live again")
