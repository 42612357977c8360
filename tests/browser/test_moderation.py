"""The moderation page beside a viewer's live page, in the embedded default."""

import os
import re
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from stack.app import AppServer
from stack.ports import free_port
from webapp.core.seed import ADMIN_EMAIL, ADMIN_PASSWORD
from webapp.core.settings import ROOT

# Each test has an employee of its own: mutes and the rate are theirs.
EMPLOYEE = re.compile(r"^\(\d+, '(\S+@example\.com)', '(\d+)', .*, 1, 0\)", re.MULTILINE)
EMPLOYEES = iter(EMPLOYEE.findall((ROOT / "seed.sql").read_text()))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The embedded default with the demo data."""
    port = free_port()
    env = os.environ | {"PORT": str(port), "INSTANCE_PATH": str(tmp_path_factory.mktemp("site"))}
    server = AppServer("embedded", [sys.executable, "wsgi.py"], port, env=env)
    try:
        server.start()
        yield server.url
    finally:
        server.stop()


@pytest.fixture
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        yield browser
        browser.close()


@pytest.fixture
def viewer(browser: Browser, site: str) -> Page:
    """Another employee on the live page."""
    email, number = next(EMPLOYEES)
    page = browser.new_context().new_page()
    page.goto(site)
    page.get_by_label("Work e-mail").fill(email)
    page.get_by_label("Employee number").fill(number)
    page.get_by_role("button", name="Check in").click()
    expect(page.locator("#watching")).to_be_visible()
    return page


@pytest.fixture
def moderator(browser: Browser, site: str, viewer: Page) -> Page:
    """An admin on the moderation page of the same event, with everything as it is at first."""
    page = browser.new_context().new_page()
    page.goto(f"{site}/admin/login")
    page.get_by_label("E-mail").fill(ADMIN_EMAIL)
    page.get_by_label("Password").fill(ADMIN_PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.goto(f"{site}/admin/events/{viewer.url.split('/')[4]}/chat")
    for button in ("#chat-open", "#slow-0", "#hold-off"):
        page.locator(button).click()
        expect(page.locator(button)).to_have_attribute("aria-pressed", "true")
    return page


def write(viewer: Page, text: str) -> None:
    viewer.get_by_label("Your message").fill(text)
    viewer.get_by_label("Your message").press("Enter")


WRITE_AT_ONCE = """
(texts) => texts.forEach((text) => {
  const composer = document.getElementById("composer");
  composer.body.value = text;
  composer.requestSubmit();
})
"""


def message(page: Page, text: str) -> Locator:
    return page.locator("#messages .message", has_text=text)


def test_a_removed_message_leaves_the_open_page_and_what_is_typed_stays(
    viewer: Page, moderator: Page
) -> None:
    write(viewer, "something rude")
    expect(message(viewer, "something rude")).to_be_visible()
    draft = moderator.get_by_label("Pin an announcement")
    draft.fill("not finished yet")
    row = moderator.locator("#board .message", has_text="something rude")
    row.get_by_role("button", name="Remove").click()
    expect(message(viewer, "something rude")).to_have_count(0)
    expect(row.locator("del")).to_have_text("something rude")
    draft.press("End")
    write(viewer, "and another one")
    expect(moderator.locator("#board")).to_contain_text("and another one")
    expect(draft).to_be_focused()
    expect(draft).to_have_value("not finished yet")


def test_rows_stay_where_they_are_under_the_pointer(viewer: Page, moderator: Page) -> None:
    button = moderator.locator("#board").get_by_role("button", name="Remove").first
    button.hover()
    place = button.bounding_box()
    write(viewer, "one more row")
    expect(message(viewer, "one more row")).to_be_visible()
    expect(moderator.locator("#board")).not_to_contain_text("one more row")
    assert button.bounding_box() == place
    moderator.mouse.move(1, 1)
    expect(moderator.locator("#board")).to_contain_text("one more row")


def test_an_announcement_appears_above_the_video(viewer: Page, moderator: Page) -> None:
    moderator.get_by_label("Pin an announcement").fill("Lunch at noon")
    moderator.get_by_role("button", name="Pin", exact=True).click()
    expect(viewer.locator("#announcement")).to_have_text("Lunch at noon")
    expect(moderator.get_by_label("Pin an announcement")).to_have_value("")
    viewer.reload()
    expect(viewer.locator("#announcement")).to_have_text("Lunch at noon")
    moderator.get_by_role("button", name="Unpin").click()
    expect(viewer.locator("#announcement")).to_be_hidden()


def test_a_held_message_says_so_until_it_is_approved(viewer: Page, moderator: Page) -> None:
    moderator.get_by_role("button", name="After approval").click()
    expect(viewer.locator("#approval")).to_be_visible()
    write(viewer, "may I ask?")
    expect(viewer.locator("#pending .held")).to_contain_text("may I ask?")
    viewer.reload()
    expect(viewer.locator("#pending .held")).to_contain_text("may I ask?")
    moderator.get_by_role("button", name="Approve").click()
    expect(message(viewer, "may I ask?")).to_have_count(1)
    expect(viewer.locator("#pending .message")).to_have_count(0)


def test_slow_mode_counts_down_keeps_the_draft_and_sends_by_itself(
    viewer: Page, moderator: Page
) -> None:
    moderator.locator("#slow-5").click()
    expect(moderator.locator("#slow-5")).to_have_attribute("aria-pressed", "true")
    write(viewer, "slow one")
    expect(message(viewer, "slow one")).to_be_visible()
    # At once, so that a busy machine does not let the five seconds pass in between.
    viewer.evaluate(WRITE_AT_ONCE, ["slow two", "a draft"])
    expect(viewer.locator("#pace")).to_contain_text("Your message is sent in")
    expect(viewer.get_by_label("Your message")).to_have_value("a draft")
    expect(message(viewer, "slow two")).to_be_visible(timeout=10_000)
    expect(viewer.get_by_label("Your message")).to_have_value("a draft")


def test_a_muted_viewer_sees_how_long_and_keeps_the_text(viewer: Page, moderator: Page) -> None:
    write(viewer, "the last straw")
    row = moderator.locator("#board .message", has_text="the last straw")
    row.get_by_role("button", name="5 min").click()
    expect(moderator.get_by_role("button", name="Unmute")).to_be_visible()
    write(viewer, "but I")
    expect(viewer.locator("#refusal")).to_contain_text("muted")
    expect(viewer.locator("#pace")).to_contain_text("4 min 5")
    expect(viewer.get_by_label("Your message")).to_have_value("but I")
    moderator.get_by_role("button", name="Unmute").click()
    expect(moderator.get_by_role("button", name="Unmute")).to_have_count(0)
    viewer.get_by_label("Your message").press("Enter")
    expect(message(viewer, "but I")).to_be_visible()
    expect(viewer.locator("#pace")).to_be_hidden()


def test_a_frozen_chat_closes_and_opens_without_a_reload(viewer: Page, moderator: Page) -> None:
    viewer.evaluate("window.sameDocument = true")
    viewer.get_by_label("Your message").fill("half a sentence")
    moderator.get_by_role("button", name="Frozen").click()
    expect(viewer.get_by_text("The chat is closed.")).to_be_visible()
    expect(viewer.locator("#composer")).to_be_hidden()
    moderator.get_by_role("button", name="Open", exact=True).click()
    expect(viewer.get_by_label("Your message")).to_have_value("half a sentence")
    assert viewer.evaluate("window.sameDocument")
