"""People with a browser each, and actions that many tests share."""

import itertools
import re
import shutil
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    WebError,
    expect,
)

from tests.support.meeting import Meeting
from tests.support.viewer import Viewer

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE = {"width": 360, "height": 740}
# HTMX says both when a page that is left, or a newer request, ends a request.
ENDED = ("htmx:afterRequest", "htmx:sendAbort")
LIVE = re.compile(r"/events/[^/]+/live(#chat)?$")

# Generous, for a busy machine.
expect.set_options(timeout=15_000)


def launch_chromium(playwright: Playwright) -> Browser:
    """Start the machine's Chromium; unlike Playwright's it plays H.264."""
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    assert path, "no Chromium here: bin/install-tools"
    return playwright.chromium.launch(executable_path=path, args=FLAGS)


class People:
    """The visitors of the site; `complaints` collects errors of their browsers."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self._complaints: list[str] = []
        self._expected = list(ENDED)

    def come(
        self, site: str, *, javascript: bool = True, phone: bool = False, locale: str = "en-GB"
    ) -> Page:
        """Return the page of a new person; addresses are relative to `site`."""
        more: dict[str, Any] = {"viewport": PHONE} if phone else {}
        context = self._browser.new_context(
            base_url=site,
            java_script_enabled=javascript,
            locale=locale,
            timezone_id="Europe/Berlin",
            **more,
        )
        self._contexts.append(context)
        context.on("console", self._note_console)
        context.on("weberror", self._note_error)
        return context.new_page()

    def expect_complaint(self, text: str) -> None:
        """Allow complaints that the test causes."""
        self._expected.append(text)

    @property
    def complaints(self) -> list[str]:
        """Return errors of consoles and scripts, except expected ones."""
        return [said for said in self._complaints if not any(e in said for e in self._expected)]

    def leave(self) -> None:
        """Close every browser."""
        for context in self._contexts:
            context.close()

    def _note_console(self, said: ConsoleMessage) -> None:
        if said.type == "error":
            self._complaints.append(said.text)

    def _note_error(self, error: WebError) -> None:
        self._complaints.append(str(error.error))


def fill_in(page: Page, email: str, number: str) -> None:
    """Fill in the check-in form and send it."""
    page.get_by_label("Work e-mail").fill(email)
    page.get_by_label("Employee number").fill(number)
    page.get_by_role("button", name="Check in").click()


def check_in(page: Page, slug: str, email: str, number: str) -> None:
    """Check in to the event and wait for its live page."""
    page.goto(f"/events/{slug}/")
    fill_in(page, email, number)
    expect(page).to_have_url(LIVE)


def sign_in(page: Page, email: str, password: str) -> None:
    """Sign in as an admin."""
    page.goto("/admin/login")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Events")).to_be_visible()


def write(page: Page, body: str) -> None:
    """Write a message in the chat."""
    page.get_by_label("Your message").fill(body)
    page.get_by_role("button", name="Send").click()


def expect_connected(page: Page) -> None:
    """Wait until the live page has its socket, which shows as a viewer count."""
    expect(page.locator("#watching")).to_contain_text("watching")
    expect(page.locator("#connection")).to_be_empty()


def come_in(people: People, meeting: Meeting) -> Page:
    """Let a new employee check in, and return their live page when it is connected."""
    page = people.come(meeting.site)
    check_in(page, meeting.slug, *meeting.employee())
    expect_connected(page)
    return page


def expect_messages(page: Page, *bodies: str) -> None:
    """Assert that the page shows exactly these messages, in order of id, and none in its outbox."""
    rows = page.locator("#messages > li")
    expect(rows.locator(".body")).to_have_text(list(bodies))
    expect(page.locator("#pending > li")).to_have_count(0)
    ids = [int(row.get_attribute("data-id") or 0) for row in rows.all()]
    assert ids == sorted(set(ids))


def talk(pages: Sequence[Page], viewers: Sequence[Viewer]) -> list[str]:
    """Let everybody write three messages, each after the first page shows the one before; return
    them in the order of their ids."""
    writers: list[Callable[[str], object]] = [partial(write, page) for page in pages]
    writers += [viewer.post for viewer in viewers]
    written: list[str] = []
    for number, (place, write_one) in itertools.product(range(3), enumerate(writers)):
        written.append(f"{number} by writer {place}")
        write_one(written[-1])
        viewers[0].wait_for_bodies(written[-1])
    return written
