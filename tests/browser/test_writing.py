"""Writing a message: input methods, long texts, emoji, and drafts that outlive a reload."""

from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from tests.support.browser import (
    People,
    check_in,
    come_in,
    expect_connected,
    expect_messages,
    write,
)
from tests.support.meeting import Meeting
from webapp.domain.audit import trail
from webapp.domain.chat import mutes
from webapp.domain.events.store import get_event
from webapp.domain.models import Admin, Employee
from webapp.infra.extensions import db

# Safari sends this for the Enter that confirms a word of a Japanese input method.
CONFIRM_WORD = """field => field.dispatchEvent(new KeyboardEvent("keydown", {
  key: "Enter", keyCode: 229, isComposing: false, bubbles: true, cancelable: true,
}))"""


def composer(page: Page) -> Locator:
    return page.get_by_label("Your message")


def test_enter_that_confirms_a_word_does_not_send(people: People, meeting: Meeting) -> None:
    page = come_in(people, meeting)
    composer(page).fill("おはよう")
    # True: the key press is left to the input method.
    assert composer(page).evaluate(CONFIRM_WORD) is True
    expect(composer(page)).to_have_value("おはよう")
    composer(page).press("Enter")
    expect_messages(page, "おはよう")


def test_a_pasted_text_is_never_cut_in_silence(people: People, meeting: Meeting) -> None:
    page = come_in(people, meeting)
    composer(page).fill("x" * 10_000)
    expect(page.locator("#room")).to_have_text("9,500 characters too many")
    composer(page).press("Enter")
    expect(page.locator("#refusal")).to_have_text("Use at most 500 characters: this has 10,000.")
    expect(composer(page)).to_have_value("x" * 10_000)
    expect(page.locator("#pending > li")).to_have_count(0)
    composer(page).fill("short")
    expect(page.locator("#room")).to_be_hidden()
    composer(page).press("Enter")
    expect_messages(page, "short")
    expect(page.locator("#refusal")).to_be_hidden()


# In the page itself: the second text stands in the field before the answer to the first one comes.
WRITE_TWO = """
([first, second]) => {
  const composer = document.getElementById("composer");
  composer.body.value = first;
  composer.requestSubmit();
  composer.body.value = second;
  composer.body.dispatchEvent(new Event("input"));
}
"""


def test_a_text_refused_while_another_is_written_can_be_sent_again(
    people: People, meeting: Meeting
) -> None:
    email, number = meeting.employee()
    page = people.come(meeting.site)
    check_in(page, meeting.slug, email, number)
    expect_connected(page)
    with meeting.app.app_context():
        employee = db.session.scalars(select(Employee).where(Employee.email == email)).one()
        event = get_event(meeting.slug)
        with trail.acting_as(db.session.scalars(select(Admin.id)).first()):
            mutes.mute(event, employee.id, None)
            page.evaluate(WRITE_TWO, ["refused", "the next one"])
            refused = page.locator("#pending .refused")
            expect(refused).to_contain_text("Not sent: A moderator has muted you")
            mutes.unmute(event, employee.id)
    page.reload()
    expect(refused.locator(".body")).to_have_text("refused")
    expect(composer(page)).to_have_value("the next one")
    refused.get_by_role("button", name="Send again").click()
    expect(composer(page)).to_be_focused()
    expect_messages(page, "refused")


def test_an_emoji_counts_as_one_character_everywhere(people: People, meeting: Meeting) -> None:
    ada, grace = come_in(people, meeting), come_in(people, meeting)
    composer(ada).fill("👍" * 500)
    expect(ada.locator("#room")).to_have_text("0 characters left")
    composer(ada).press("Enter")
    for page in (ada, grace):
        expect_messages(page, "👍" * 500)


def test_the_field_grows_with_its_text_up_to_a_limit(people: People, meeting: Meeting) -> None:
    page = come_in(people, meeting)

    def height() -> int:
        return int(composer(page).evaluate("field => field.offsetHeight"))

    small = height()
    composer(page).fill("\n".join("12345"))
    grown = height()
    assert small < grown < 200
    composer(page).fill("\n".join("x" * 60))
    assert grown <= height() < 200
    composer(page).fill("")
    assert height() == small


def test_a_draft_survives_a_reload_in_its_own_tab(people: People, meeting: Meeting) -> None:
    page = come_in(people, meeting)
    tab = page.context.new_page()
    tab.goto(page.url)
    expect_connected(tab)
    composer(page).fill("half a sent")
    composer(tab).fill("something else")
    for each, text in ((page, "half a sent"), (tab, "something else")):
        each.reload()
        expect_connected(each)
        expect(composer(each)).to_have_value(text)
    write(page, "half a sentence")
    expect_messages(page, "half a sentence")
    page.reload()
    expect_connected(page)
    expect(composer(page)).to_be_empty()
