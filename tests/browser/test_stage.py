"""The stage of the live page: theatre, shapes of the window, pages from before an update."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import People, check_in, come_in, expect_connected
from tests.support.meeting import Meeting

PANEL = "#panel"
LYING = (844, 390)
# The first page that loads names the scripts of an older version.
AGE_ONCE = """new MutationObserver(() => {
  const live = document.getElementById("live");
  if (!live || sessionStorage.getItem("aged")) return;
  sessionStorage.setItem("aged", "yes");
  live.dataset.build = "older";
}).observe(document, { childList: true, subtree: true });
"""
VISIBLE_BOX = "element => element.getBoundingClientRect().toJSON()"


def box_of(page: Page, selector: str) -> dict[str, float]:
    box: dict[str, float] = page.locator(selector).evaluate(VISIBLE_BOX)
    return box


def test_closed_panel_leaves_the_window_to_the_video(people: People, meeting: Meeting) -> None:
    page = come_in(people, meeting)
    narrow = box_of(page, ".picture")["width"]
    page.get_by_role("button", name="Close the side panel").click()
    expect(page.locator(PANEL)).to_be_hidden()
    assert box_of(page, ".picture")["width"] > narrow
    page.reload()
    expect(page.locator(PANEL)).to_be_hidden()
    with meeting.viewer().connect(meeting.site) as ada:
        assert ada.post("Is anybody there?")["ok"]
    page.get_by_role("button", name=re.compile("Open the side panel")).press("Enter")
    expect(page.locator("#body")).to_be_visible()
    expect(page.locator("#toggle-panel")).to_be_focused()


def test_full_screen_keeps_the_chat(people: People, meeting: Meeting) -> None:
    page = come_in(people, meeting)
    page.get_by_role("button", name="Full screen").click()
    expect(page.get_by_role("banner")).to_be_hidden()
    expect(page.get_by_label("Your message")).to_be_visible()
    page.evaluate("document.exitFullscreen()")
    expect(page.get_by_role("banner")).to_be_visible()


def test_tabs_follow_the_keys_and_count_what_was_not_seen(people: People, meeting: Meeting) -> None:
    page = come_in(people, meeting)
    page.get_by_role("tab", name="Chat").press("ArrowRight")
    tab = page.get_by_role("tab", name="Questions")
    expect(tab).to_be_focused()
    expect(page.get_by_role("tabpanel", name="Questions")).to_be_visible()
    expect(page.get_by_label("Your message")).to_be_hidden()
    with meeting.viewer().connect(meeting.site) as ada:
        for body in ("One", "Two"):
            assert ada.post(body)["ok"]
    expect(page.locator("#messages > li")).to_have_count(2)
    expect(page.get_by_role("tab", name="Chat")).to_have_text("Chat2")
    expect(page).to_have_title(re.compile(r"^\(2\) "))
    page.reload()
    expect(tab).to_have_attribute("aria-selected", "true")
    tab.press("Home")
    expect(page.locator("#messages > li")).to_have_count(2)
    expect(page).to_have_title(re.compile("^Town hall"))


def test_tabs_are_links_without_javascript(people: People, meeting: Meeting) -> None:
    page = people.come(meeting.site, javascript=False)
    check_in(page, meeting.slug, *meeting.employee())
    page.get_by_role("link", name="Questions").click()
    expect(page.get_by_text("Ask a question")).to_be_visible()
    expect(page.get_by_label("Your message")).to_be_hidden()
    page.get_by_role("link", name="Chat").click()
    expect(page.get_by_label("Your message")).to_be_visible()


@pytest.mark.parametrize(
    ("width", "height"), [(390, 844), (390, 500), LYING, (768, 1024), (320, 256)]
)
def test_composer_is_within_the_window(
    people: People, meeting: Meeting, width: int, height: int
) -> None:
    """Upright, with a keyboard open, lying, on a tablet, and with 400 % zoom."""
    page = come_in(people, meeting)
    page.set_viewport_size({"width": width, "height": height})
    if (width, height) == LYING:
        page.get_by_role("button", name="Open the side panel").click()
    page.get_by_label("Your message").focus()
    expect(page.get_by_role("button", name="Send")).to_be_in_viewport(ratio=1)
    assert box_of(page, "#log")["height"] > 80
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_page_from_before_an_update_says_so_and_keeps_the_draft(
    people: People, meeting: Meeting
) -> None:
    page = people.come(meeting.site)
    page.add_init_script(AGE_ONCE)
    check_in(page, meeting.slug, *meeting.employee())
    expect_connected(page)
    expect(page.locator("#update")).to_contain_text("This page has been updated.")
    page.get_by_label("Your message").fill("Half a thou")
    page.get_by_role("button", name="Reload").click()
    expect_connected(page)
    expect(page.locator("#update")).to_be_empty()
    expect(page.get_by_label("Your message")).to_have_value("Half a thou")
