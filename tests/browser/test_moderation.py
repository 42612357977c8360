"""The moderation page beside a viewer's live page, in the embedded default."""

import re
import time

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.browser import People, check_in, expect_connected, sign_in
from tests.support.meeting import Meeting
from webapp.domain.seed import ADMIN_EMAIL, ADMIN_PASSWORD


@pytest.fixture
def viewer(people: People, meeting: Meeting) -> Page:
    """Return an employee on the live page."""
    page = people.come(meeting.site)
    check_in(page, meeting.slug, *meeting.employee())
    expect_connected(page)
    return page


@pytest.fixture
def moderator(people: People, meeting: Meeting) -> Page:
    """Return an admin on the moderation page of the same event, with the default settings."""
    page = people.come(meeting.site)
    sign_in(page, ADMIN_EMAIL, ADMIN_PASSWORD)
    page.goto(f"/admin/events/{meeting.slug}/chat")
    for button in ("#chat-open", "#slow-0", "#hold-off"):
        expect(page.locator(button)).to_have_attribute("aria-pressed", "true")
    return page


def write(viewer: Page, text: str) -> None:
    viewer.get_by_label("Your message").fill(text)
    viewer.get_by_label("Your message").press("Enter")


# In the page itself, so that on a busy machine the five seconds do not pass in between. What the
# page says of its pace once the second message waits, and what is left in the composer.
WRITE_IN_SLOW_MODE = """
async ([first, ...others]) => {
  const composer = document.getElementById("composer");
  const pace = document.getElementById("pace");
  const submit = (text) => { composer.body.value = text; composer.requestSubmit(); };
  const until = async (done) => {
    for (let n = 0; n < 700 && !done(); n++) await new Promise((go) => setTimeout(go, 20));
  };
  submit(first);
  await until(() => !pace.hidden);
  others.forEach(submit);
  await until(() => !pace.textContent.includes("write again"));
  return [pace.textContent, composer.body.value];
}
"""


def message(page: Page, text: str) -> Locator:
    return page.locator("#messages .message", has_text=text)


def test_a_removed_message_leaves_the_page_and_a_draft_stays(viewer: Page, moderator: Page) -> None:
    write(viewer, "something rude")
    expect(message(viewer, "something rude")).to_be_visible()
    draft = moderator.get_by_label("Pin an announcement")
    draft.fill("not finished yet")
    row = moderator.locator("#board .message", has_text="something rude")
    row.get_by_role("button", name="Remove the message").click()
    expect(message(viewer, "something rude")).to_have_count(0)
    expect(row.locator("del")).to_have_text("something rude")
    draft.press("End")
    write(viewer, "and another one")
    expect(moderator.locator("#board")).to_contain_text("and another one")
    expect(draft).to_be_focused()
    expect(draft).to_have_value("not finished yet")


def test_a_removal_can_be_undone(viewer: Page, moderator: Page) -> None:
    write(viewer, "removed by mistake")
    write(viewer, "after it")
    expect(message(viewer, "after it")).to_be_visible()
    row = moderator.locator("#board .message", has_text="removed by mistake")
    row.get_by_role("button", name="Remove the message").press("Enter")
    expect(message(viewer, "removed by mistake")).to_have_count(0)
    # The button that takes it back has the focus.
    expect(row.get_by_role("button", name="Restore")).to_be_focused()
    moderator.locator("#toasts").get_by_role("button", name="Undo").click()
    in_order = ["removed by mistake", "after it"]
    expect(viewer.locator("#messages .body")).to_have_text(in_order)
    viewer.reload()
    expect(viewer.locator("#messages .body")).to_have_text(in_order)


def test_a_host_writes_into_the_chat_and_the_focus_stays(viewer: Page, moderator: Page) -> None:
    moderator.get_by_label("Write as the host").fill("Welcome, everyone")
    moderator.locator("#host-post").press("Enter")
    expect(message(viewer, "Welcome, everyone").locator(".badge")).to_have_text("Host")
    expect(moderator.get_by_label("Write as the host")).to_have_value("")
    expect(moderator.locator("#host-post")).to_be_focused()
    expect(moderator.locator("#toasts")).to_contain_text("Posted as the host.")
    viewer.reload()
    expect(message(viewer, "Welcome, everyone").locator(".badge")).to_have_text("Host")


def test_rows_stay_where_they_are_under_the_pointer(viewer: Page, moderator: Page) -> None:
    write(viewer, "the first row")
    button = moderator.locator("#board").get_by_role("button", name="Remove the message")
    expect(button).to_have_count(1)
    button.hover()
    place = button.bounding_box()
    write(viewer, "one more row")
    expect(message(viewer, "one more row")).to_be_visible()
    expect(moderator.locator("#board")).not_to_contain_text("one more row")
    assert button.bounding_box() == place
    moderator.mouse.move(1, 1)
    expect(moderator.locator("#board")).to_contain_text("one more row")


# As a fragment brings them; counted at once, before the first ones leave.
SHOW_FOUR = """
() => {
  const toasts = [["Removed", "/undo"], ["One"], ["Two"], ["Three"]];
  const list = toasts.map(([text, undo]) => ({ text, undo }));
  document.dispatchEvent(new CustomEvent("toasts", { detail: { list } }));
  const texts = (found) => [...document.querySelectorAll(found)].map((line) => line.textContent);
  return ["#toasts .toast > p", "#toasts p", "#toasts .visually-hidden button"].map(texts);
}
"""


def test_two_toasts_are_shown_and_each_is_announced(people: People, meeting: Meeting) -> None:
    admin = people.come(meeting.site, phone=True)
    sign_in(admin, ADMIN_EMAIL, ADMIN_PASSWORD)
    shown, said, hidden_buttons = admin.evaluate(SHOW_FOUR)
    # What can be undone stays.
    assert shown == ["Removed", "Three"]
    assert said[-4:] == ["Removed", "One", "Two", "Three"]
    assert hidden_buttons == []


def test_an_announcement_appears_above_the_video(viewer: Page, moderator: Page) -> None:
    moderator.get_by_label("Pin an announcement").fill("Lunch at noon")
    moderator.get_by_role("button", name="Pin", exact=True).click()
    expect(viewer.locator("#announcement")).to_have_text("Lunch at noon")
    expect(moderator.get_by_label("Pin an announcement")).to_have_value("")
    viewer.reload()
    expect(viewer.locator("#announcement")).to_have_text("Lunch at noon")
    moderator.get_by_role("button", name="Unpin").click()
    expect(viewer.locator("#announcement")).to_be_hidden()
    moderator.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(viewer.locator("#announcement")).to_have_text("Lunch at noon")
    expect(moderator.locator("#switches")).to_contain_text("Lunch at noon")


def test_a_held_message_says_so_until_it_is_approved(viewer: Page, moderator: Page) -> None:
    moderator.get_by_role("button", name="After approval").click()
    expect(viewer.locator("#approval")).to_be_visible()
    write(viewer, "may I ask?")
    expect(viewer.locator("#pending .held")).to_contain_text("may I ask?")
    viewer.reload()
    expect(viewer.locator("#pending .held")).to_contain_text("may I ask?")
    moderator.get_by_role("button", name="Approve the message").click()
    expect(message(viewer, "may I ask?")).to_have_count(1)
    expect(viewer.locator("#pending .message")).to_have_count(0)


def test_slow_mode_counts_down_keeps_the_draft_and_sends_by_itself(
    viewer: Page, moderator: Page
) -> None:
    moderator.locator("#slow-5").click()
    expect(moderator.locator("#slow-5")).to_have_attribute("aria-pressed", "true")
    # From the first word on it knows how slow it has to be.
    viewer.reload()
    expect_connected(viewer)
    pace, draft = viewer.evaluate(WRITE_IN_SLOW_MODE, ["slow one", "slow two", "a draft"])
    assert pace.startswith("Your message is sent in")
    assert draft == "a draft"
    expect(message(viewer, "slow two")).to_be_visible(timeout=10_000)
    expect(viewer.get_by_label("Your message")).to_have_value("a draft")


def test_a_muted_viewer_sees_how_long_and_keeps_the_text(viewer: Page, moderator: Page) -> None:
    write(viewer, "the last straw")
    row = moderator.locator("#board .message", has_text="the last straw")
    muted_at = time.monotonic()
    row.get_by_role("link", name="Mute").click()
    moderator.get_by_label("Reason").fill("Insults")
    moderator.locator("#mute-form").get_by_role("button", name="Mute").click()
    expect(moderator.get_by_role("button", name="Unmute")).to_be_visible()
    write(viewer, "but I")
    expect(viewer.locator("#refusal")).to_contain_text("muted")
    expect(viewer.locator("#pace")).to_contain_text("muted for another")
    expect(viewer.locator("#pace")).to_contain_text("Reason: Insults")
    minutes, seconds = map(int, re.findall(r"\d+", viewer.locator("#pace").inner_text()))
    # Exact to the second, however long a busy machine took to get here.
    assert 299 - (time.monotonic() - muted_at) <= 60 * minutes + seconds <= 300
    expect(viewer.get_by_label("Your message")).to_have_value("but I")
    moderator.get_by_role("button", name="Unmute").click()
    expect(moderator.get_by_role("button", name="Unmute")).to_have_count(0)
    viewer.get_by_label("Your message").press("Enter")
    expect(message(viewer, "but I")).to_be_visible()
    expect(viewer.locator("#pace")).to_be_hidden()


def test_keys_decide_on_held_messages_and_the_focus_goes_on(viewer: Page, moderator: Page) -> None:
    moderator.get_by_role("button", name="After approval").click()
    expect(viewer.locator("#approval")).to_be_visible()
    for text in ("first", "second", "third"):
        write(viewer, text)
    rows = moderator.locator("#held [data-row]")
    expect(rows).to_have_count(3)
    draft = moderator.get_by_label("Write as the host")
    draft.fill("jar")
    draft.press("a")
    expect(rows).to_have_count(3)
    moderator.locator("#held-title").evaluate("(title) => title.focus()")
    moderator.keyboard.press("j")
    expect(rows.nth(0)).to_be_focused()
    moderator.keyboard.press("a")
    expect(message(viewer, "first")).to_be_visible()
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_be_focused()
    moderator.keyboard.press("m")
    expect(moderator.locator("#mute-dialog")).to_be_visible()
    moderator.keyboard.press("Escape")
    expect(rows.nth(0)).to_be_focused()
    moderator.keyboard.press("r")
    expect(rows).to_have_count(1)
    expect(rows.nth(0)).to_contain_text("third")
    expect(draft).to_have_value("jara")
    moderator.keyboard.press("?")
    moderator.get_by_label("These keys work on this page").uncheck()
    moderator.keyboard.press("Escape")
    rows.nth(0).evaluate("(row) => row.focus()")
    moderator.keyboard.press("a")
    moderator.keyboard.press("?")
    expect(moderator.locator("#keys")).to_be_hidden()
    expect(rows).to_have_count(1)
    rows.get_by_role("button", name="Approve").press("Enter")
    expect(rows).to_have_count(0)
    # The title of the list that is left, not the first switch of the page.
    expect(moderator.locator("#messages-title")).to_be_focused()


def test_a_phone_shows_the_switches_first_and_a_selection_survives(
    viewer: Page, moderator: Page
) -> None:
    moderator.set_viewport_size({"width": 390, "height": 844})
    for text in ("one", "two"):
        write(viewer, text)
    boxes = moderator.locator("#messages input[name=message]")
    expect(boxes).to_have_count(2)
    for switch in ("#chat-frozen", "#hold-on", "#slow-5"):
        box = moderator.locator(switch).bounding_box()
        assert box is not None
        assert box["y"] + box["height"] < 844
    for box_ in boxes.all():
        box_.check()
    write(viewer, "three")
    expect(boxes).to_have_count(3)
    expect(moderator.locator("#messages input:checked")).to_have_count(2)
    moderator.get_by_role("button", name="Remove selected").click()
    expect(viewer.locator("#messages .body")).to_have_text(["three"])
    expect(moderator.locator("#messages input:checked")).to_have_count(0)
    moderator.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(viewer.locator("#messages .body")).to_have_text(["one", "two", "three"])
    assert moderator.evaluate("document.documentElement.scrollWidth") <= 390


# Written by people who want to draw over the page, or push the buttons away.
UNRULY = [
    "Z\u0335\u0336\u0337\u0338" * 60,
    "\ufdfd" * 100,
    "W" * 500,
    "\u2067\u202e" + "\u05d0" * 400,
    "x\n" * 249 + "x",
]
# Widths are compared with the row's own: what it holds may neither widen nor leave it.
OVERFLOWING = """
(rows) => rows.filter((row) => row.scrollWidth > row.clientWidth || row.offsetHeight > 600
  || row.getBoundingClientRect().right > row.parentElement.getBoundingClientRect().right + 1).length
"""


@pytest.mark.parametrize("width", [1280, 320])
def test_unruly_text_stays_in_its_row(
    people: People, meeting: Meeting, moderator: Page, width: int
) -> None:
    viewer = people.come(meeting.site)
    viewer.set_viewport_size({"width": width, "height": 800})
    moderator.set_viewport_size({"width": width, "height": 800})
    check_in(viewer, meeting.slug, *meeting.employee())
    expect_connected(viewer)
    for text in UNRULY:
        write(viewer, text)
    expect(viewer.locator("#messages .message")).to_have_count(len(UNRULY))
    expect(moderator.locator("#board .tools")).to_have_count(len(UNRULY))
    for rows in (viewer.locator("#messages .message"), moderator.locator("#board .message")):
        assert rows.evaluate_all(OVERFLOWING) == 0
    for button in moderator.get_by_role("button", name="Remove the message").all():
        box = button.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width


def test_a_frozen_chat_closes_and_opens_without_a_reload(viewer: Page, moderator: Page) -> None:
    viewer.evaluate("window.sameDocument = true")
    viewer.get_by_label("Your message").fill("half a sentence")
    moderator.get_by_role("button", name="Frozen").click()
    expect(viewer.get_by_text("The chat is closed.")).to_be_visible()
    expect(viewer.locator("#composer")).to_be_hidden()
    moderator.get_by_role("button", name="Open", exact=True).click()
    expect(viewer.get_by_label("Your message")).to_have_value("half a sentence")
    assert viewer.evaluate("window.sameDocument")
