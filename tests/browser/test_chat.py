"""The chat of two people, in one process and over two nodes behind nginx."""

from playwright.sync_api import expect

from stack import Stack
from tests.support.browser import (
    People,
    check_in,
    come_in,
    expect_connected,
    expect_messages,
    talk,
    write,
)
from tests.support.meeting import Meeting


def test_a_message_appears_on_both_pages(people: People, meeting: Meeting) -> None:
    ada, grace = come_in(people, meeting), come_in(people, meeting)
    expect(ada.locator("#watching")).to_have_text("2 watching")
    write(ada, "Good morning <b>everybody</b>")
    expect_messages(grace, "Good morning <b>everybody</b>")
    grace.get_by_label("Your message").fill("Good morning, Ada")
    grace.get_by_label("Your message").press("Enter")
    for page in (ada, grace):
        expect_messages(page, "Good morning <b>everybody</b>", "Good morning, Ada")
    expect(ada.get_by_label("Your message")).to_be_empty()


def test_over_two_nodes_each_page_gets_every_message_once_in_order(
    people: People, stack: Stack, full_meeting: Meeting
) -> None:
    first, second = (node.url for node in stack.realtime)
    ada, grace = come_in(people, full_meeting), come_in(people, full_meeting)
    # Whichever node a page is on, one of these two is on the other.
    with (
        full_meeting.viewer().connect(first) as alan,
        full_meeting.viewer().connect(second) as edsger,
    ):
        written = talk((ada, grace), (alan, edsger))
        for page in (ada, grace):
            expect_messages(page, *written)
        assert alan.bodies == edsger.bodies == written


def test_an_address_in_a_message_is_a_link(people: People, meeting: Meeting) -> None:
    ada = come_in(people, meeting)
    write(ada, "The slides: https://example.com/slides?a=1&b=2.")
    for _ in range(2):
        expect_messages(ada, "The slides: https://example.com/slides?a=1&b=2.")
        link = ada.locator("#messages .body a")
        expect(link).to_have_attribute("href", "https://example.com/slides?a=1&b=2")
        expect(link).to_have_attribute("target", "_blank")
        ada.reload()
        expect_connected(ada)


def test_without_a_script_the_form_posts_and_the_link_refreshes(
    people: People, meeting: Meeting
) -> None:
    ada = come_in(people, meeting)
    plain = people.come(meeting.site, javascript=False)
    check_in(plain, meeting.slug, *meeting.employee())
    write(plain, "Written without a script")
    expect_messages(plain, "Written without a script")
    expect(plain.get_by_label("Your message")).to_be_empty()
    expect_messages(ada, "Written without a script")
    write(ada, "I can read it")
    expect_messages(ada, "Written without a script", "I can read it")
    expect_messages(plain, "Written without a script")
    plain.get_by_role("link", name="Refresh").click()
    expect_messages(plain, "Written without a script", "I can read it")
