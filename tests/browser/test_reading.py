"""Reading older messages while others write, one's own messages, and times of day."""

import re
from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import insert, select

from tests.support.browser import (
    People,
    check_in,
    come_in,
    expect_connected,
    expect_messages,
    write,
)
from tests.support.meeting import Meeting
from webapp.domain.models import Employee, Event, Message
from webapp.infra.clock import from_isoformat, utcnow
from webapp.infra.extensions import db

# Scroll, and return the id and the place of the first visible message, in pixels.
SCROLL_TO = """(log, top) => {
  log.scrollTop = top;
  const edge = log.getBoundingClientRect().top;
  const row = [...log.querySelectorAll("#messages > li")].find(
    row => row.getBoundingClientRect().bottom > edge);
  return [row.id, row.getBoundingClientRect().top];
}"""


def add_messages(meeting: Meeting, count: int) -> None:
    """Store `count` messages of one new employee, numbered from 1."""
    _, number = meeting.employee()
    with meeting.app.app_context():
        author = db.session.scalar(select(Employee.id).where(Employee.employee_number == number))
        event = db.session.scalar(select(Event.id).where(Event.slug == meeting.slug))
        values = {"event_id": event, "employee_id": author, "posted_at": utcnow()}
        rows = [{**values, "body": str(n), "nonce": str(n)} for n in range(1, count + 1)]
        db.session.execute(insert(Message), rows)
        db.session.commit()


def scroll_to(page: Page, top: int) -> tuple[str, float]:
    id_, place = page.locator("#log").evaluate(SCROLL_TO, top)
    return id_, place


def expect_in_place(page: Page, id_: str, place: float) -> None:
    now = page.locator(f"#{id_}").evaluate("row => row.getBoundingClientRect().top")
    assert abs(now - place) <= 1, f"it moved by {now - place} px"


def test_without_a_script_the_log_begins_with_the_latest_message(
    people: People, meeting: Meeting
) -> None:
    add_messages(meeting, 60)
    page = people.come(meeting.site, javascript=False)
    check_in(page, meeting.slug, *meeting.employee())
    expect(page.locator("#messages > li").last).to_be_in_viewport(ratio=0.9)
    page.get_by_role("link", name="Earlier messages").first.click()
    expect(page.locator(".messages > li").last).to_contain_text("10")


def test_earlier_messages_load_when_the_reader_scrolls_back(
    people: People, meeting: Meeting
) -> None:
    add_messages(meeting, 170)
    page = come_in(people, meeting)
    rows = page.locator("#messages > li")
    # The page brings 50, and asks again for the last 100 ids when it connects.
    expect(rows).to_have_count(100)
    for count in (150, 170):
        first = scroll_to(page, 0)
        expect(rows).to_have_count(count)
        expect_in_place(page, *first)
    expect(page.locator("#earlier")).to_be_hidden()
    assert rows.locator(".body").all_text_contents() == [str(n) for n in range(1, 171)]


def test_the_text_stays_under_the_reader_while_others_write(
    people: People, meeting: Meeting
) -> None:
    add_messages(meeting, 250)
    page = come_in(people, meeting)
    rows = page.locator("#messages > li")
    for count in (100, 150, 200):
        expect(rows).to_have_count(count)
        scroll_to(page, 0)
    expect(rows).to_have_count(250)
    first = scroll_to(page, 500)
    with meeting.viewer().connect(meeting.site) as ada:
        for number in range(4):
            assert ada.post(f"new {number}")["ok"]
    expect(page.locator("#unread")).to_have_text("4 new messages")
    expect_in_place(page, *first)
    page.locator("#unread").click()
    expect(rows.last.locator(".body")).to_be_in_viewport()


def test_the_composer_is_in_sight_on_a_phone(people: People, meeting: Meeting) -> None:
    add_messages(meeting, 50)
    page = come_in(people, meeting)
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.get_by_role("button", name="Send")).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert page.locator("#log").evaluate("log => log.clientHeight") > 200


def test_ones_own_messages_are_marked_before_and_after_a_reload(
    people: People, meeting: Meeting
) -> None:
    ada, grace = come_in(people, meeting), come_in(people, meeting)
    write(ada, "mine")
    for page in (ada, grace):
        expect_messages(page, "mine")
    for _ in range(2):
        expect(ada.locator("#messages > li.own")).to_have_count(1)
        expect(grace.locator("#messages > li.own")).to_have_count(0)
        for page in (ada, grace):
            page.reload()
            expect_connected(page)


@pytest.mark.parametrize("meeting", ["Asia/Tokyo"], indirect=True)
def test_times_are_those_of_the_reader(people: People, meeting: Meeting) -> None:
    """A browser in Berlin at an event in Tokyo; without a script the page names Tokyo."""
    page = come_in(people, meeting)
    write(page, "What time is it?")
    expect_messages(page, "What time is it?")
    for _ in range(2):
        expect(page.locator("#messages time")).to_have_text(time_in("Europe/Berlin", page))
        page.reload()
        expect_connected(page)
    plain = people.come(meeting.site, javascript=False)
    check_in(plain, meeting.slug, *meeting.employee())
    expect(plain.locator("noscript span")).to_have_text("Times: Asia/Tokyo")
    expect(plain.locator("#messages time")).to_have_text(time_in("Asia/Tokyo", page))


@pytest.mark.parametrize("meeting", ["Factory"], indirect=True)
def test_a_zone_that_the_browser_does_not_know_stops_nothing(
    people: People, meeting: Meeting
) -> None:
    page = come_in(people, meeting)
    write(page, "Good morning")
    expect_messages(page, "Good morning")
    expect(page.locator("#messages time")).to_have_text(time_in("Europe/Berlin", page))


def time_in(zone: str, page: Page) -> str:
    """Return the time of the first message on the page, as a clock in `zone` shows it."""
    at = page.locator("#messages time").get_attribute("datetime")
    assert at
    return from_isoformat(at).replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).strftime("%H:%M")


def test_messages_of_one_author_stand_under_one_name(people: People, meeting: Meeting) -> None:
    ada, grace = come_in(people, meeting), come_in(people, meeting)
    write(ada, "First")
    expect_messages(grace, "First")
    write(ada, "Second")
    expect_messages(grace, "First", "Second")
    for _ in range(2):
        heads = grace.locator("#messages .message-head")
        expect(heads.nth(0)).to_be_in_viewport()
        box = heads.nth(1).bounding_box()
        assert box is not None
        assert box["height"] <= 1
        # The server arranges them the same way.
        grace.reload()


def test_a_reply_names_its_author_by_keyboard_alone(people: People, meeting: Meeting) -> None:
    ada, grace = come_in(people, meeting), come_in(people, meeting)
    write(ada, "Who has the slides?")
    expect_messages(grace, "Who has the slides?")
    grace.get_by_role("region", name="Messages").focus()
    grace.keyboard.press("ArrowUp")
    grace.keyboard.press("r")
    composer = grace.get_by_label("Your message")
    expect(composer).to_be_focused()
    name = ada.locator("#chat").get_attribute("data-author")
    expect(composer).to_have_value(f"@{name} ")
    grace.keyboard.type("I have")
    grace.keyboard.press("Enter")
    expect(ada.locator(".message.mentioned mark")).to_have_text(f"@{name}")


def test_log_follows_while_a_long_message_is_typed(people: People, meeting: Meeting) -> None:
    add_messages(meeting, 40)
    ada, grace = come_in(people, meeting), come_in(people, meeting)
    composer = grace.get_by_label("Your message")
    composer.press_sequentially("a" * 40)
    composer.fill("line\n" * 8)
    composer.press_sequentially("and the end")
    write(ada, "The latest")
    expect(grace.get_by_text("The latest", exact=True)).to_be_in_viewport()
    expect(grace.locator("#unread")).to_be_hidden()


def test_messages_are_counted_at_the_tab_while_another_one_is_in_front(
    people: People, meeting: Meeting
) -> None:
    ada, grace = come_in(people, meeting), come_in(people, meeting)
    grace.get_by_role("tab", name="Questions").click()
    write(ada, "One")
    write(ada, "Two")
    expect(grace.locator("#tab-chat .unread-mark")).to_have_text("2")
    expect(grace).to_have_title(re.compile(r"^\(2\) "))
    grace.get_by_role("tab", name="Chat").click()
    expect(grace.locator("#tab-chat .unread-mark")).to_be_hidden()
    expect(grace.get_by_text("Two", exact=True)).to_be_in_viewport()


# In the page itself: on a busy machine the three seconds of one sum could pass between two clicks.
WRITE_ALL = """texts => {
  const composer = document.getElementById("composer");
  for (const text of texts) {
    composer.body.value = text;
    composer.requestSubmit();
  }
}"""


def test_own_messages_are_announced_once_and_others_summed_up(
    people: People, meeting: Meeting
) -> None:
    ada, grace = come_in(people, meeting), come_in(people, meeting)
    ada.evaluate(WRITE_ALL, ["One", "Two", "Three"])
    expect(ada.locator("#announcer")).to_have_text("Your message was sent.")
    expect(grace.locator("#announcer")).to_have_text("3 new messages")
    grace.get_by_label("Options of the chat").click()
    grace.get_by_label("Read new messages out").uncheck()
    grace.reload()
    grace.get_by_label("Options of the chat").click()
    expect(grace.get_by_label("Read new messages out")).not_to_be_checked()
