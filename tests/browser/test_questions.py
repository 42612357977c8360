"""Questions of two people: asked, voted for, answered; with JavaScript and without."""

from playwright.sync_api import Locator, Page, expect

from tests.support.browser import People, check_in, come_in, expect_connected, sign_in
from tests.support.meeting import Meeting
from webapp.domain.admins.accounts import create_admin
from webapp.domain.events.store import change_columns, get_event

PASSWORD = "correct horse battery"


def open_questions(page: Page) -> None:
    page.get_by_role("tab", name="Questions").click()


def ask(page: Page, body: str, *, anonymous: bool = False) -> None:
    page.get_by_text("Ask a question").click()
    page.get_by_label("Your question").fill(body)
    if anonymous:
        page.get_by_label("Ask without my name").check()
    page.get_by_role("button", name="Ask", exact=True).click()


def vote_button(page: Page, body: str) -> Locator:
    """Return the button that votes for a question."""
    return page.locator("#question-list li", has_text=body).locator(".vote")


def come_as_admin(people: People, meeting: Meeting) -> Page:
    email = f"{meeting.slug}@example.com"
    with meeting.app.app_context():
        create_admin(email, PASSWORD)
    page = people.come(meeting.site)
    sign_in(page, email, PASSWORD)
    page.goto(f"/admin/events/{meeting.slug}/questions")
    return page


def test_a_question_is_asked_voted_for_and_answered(people: People, meeting: Meeting) -> None:
    ada, grace = come_in(people, meeting), come_in(people, meeting)
    open_questions(ada)
    ask(ada, "When do we move?")
    expect(grace.locator("#tab-questions .unread-mark")).to_have_text("1")
    open_questions(grace)
    expect(grace.locator("#tab-questions .unread-mark")).to_be_hidden()
    button = vote_button(grace, "When do we move?")
    for pressed, count in (("true", "1"), ("false", "0"), ("true", "1")):
        button.click()
        expect(button).to_have_attribute("aria-pressed", pressed)
        for page in (ada, grace):
            expect(vote_button(page, "When do we move?").locator(".votes")).to_have_text(count)
    expect(vote_button(ada, "When do we move?")).to_have_attribute("aria-pressed", "false")
    admin = come_as_admin(people, meeting)
    admin.get_by_role("button", name="Answer now").click()
    for page in (ada, grace):
        expect(page.locator("#answering")).to_contain_text("When do we move?")
    ada.locator("#answering summary").click()
    expect(ada.locator(".answering-text")).to_be_hidden()
    admin.get_by_role("button", name="Answered").click()
    for page in (ada, grace):
        expect(page.locator("#answering")).to_be_hidden()
        expect(page.locator("#question-list")).to_contain_text("Answered live at 00:3")
    ada.reload()
    expect_connected(ada)
    expect(ada.locator("#question-list li")).to_have_attribute("data-state", "answered")


def test_what_is_typed_and_what_is_asked_survives_a_reload(
    people: People, meeting: Meeting
) -> None:
    ada = come_in(people, meeting)
    open_questions(ada)
    ask(ada, "When do we move?")
    expect(ada.locator("#question-list")).to_contain_text("When do we move?")
    ada.get_by_text("Ask a question").click()
    ada.get_by_label("Your question").fill("Half a quest")
    ada.reload()
    expect_connected(ada)
    expect(ada.get_by_label("Your question")).to_have_value("Half a quest")
    expect(ada.locator("#question-list li")).to_have_count(1)


def test_asking_by_keyboard_keeps_the_focus_and_says_that_it_worked(
    people: People, meeting: Meeting
) -> None:
    ada = come_in(people, meeting)
    open_questions(ada)
    opener = ada.locator("#ask-box summary")
    opener.press("Enter")
    expect(ada.get_by_label("Your question")).to_be_focused()
    ada.keyboard.type("When do we move?")
    ada.keyboard.press("Escape")
    expect(opener).to_be_focused()
    ada.keyboard.press("Enter")
    expect(ada.get_by_label("Your question")).to_have_value("When do we move?")
    ada.get_by_role("button", name="Ask", exact=True).press("Enter")
    expect(opener).to_be_focused()
    expect(
        ada.get_by_role("status").filter(has_text="Your question is in the list.")
    ).to_be_visible()


def test_a_phone_scrolls_to_an_own_question_and_not_the_page_behind(
    people: People, meeting: Meeting
) -> None:
    ada = people.come(meeting.site, phone=True)
    check_in(ada, meeting.slug, *meeting.employee())
    expect_connected(ada)
    ada.set_viewport_size({"width": 360, "height": 500})
    open_questions(ada)
    for number in range(3):
        ask(ada, f"Question {number}?")
        expect(ada.locator("#question-list li")).to_have_count(number + 1)
        own = ada.locator("#question-list li", has_text=f"Question {number}?")
        expect(own).to_be_in_viewport(ratio=0.8)
    heights = "[document.documentElement.scrollHeight, innerHeight]"
    full, window = ada.evaluate(heights)
    assert full == window
    # The header comes back when the field loses the focus: not before the tab is pressed.
    ada.get_by_text("Ask a question").click()
    ada.get_by_role("tab", name="Chat").click()
    expect(ada.get_by_role("tab", name="Chat")).to_have_attribute("aria-selected", "true")


def test_without_a_script_forms_ask_and_vote(people: People, meeting: Meeting) -> None:
    ada = come_in(people, meeting)
    open_questions(ada)
    plain = people.come(meeting.site, javascript=False)
    check_in(plain, meeting.slug, *meeting.employee())
    plain.get_by_role("link", name="Questions", exact=True).click()
    plain.get_by_text("Ask a question").click()
    plain.get_by_label("Your question").fill("Asked by a form?")
    plain.get_by_role("button", name="Ask", exact=True).click()
    expect(plain.locator("#question-list")).to_contain_text("Asked by a form?")
    expect(ada.locator("#question-list")).to_contain_text("Asked by a form?")
    for count in ("1", "0", "1"):
        vote_button(plain, "Asked by a form?").click()
        expect(vote_button(plain, "Asked by a form?").locator(".votes")).to_have_text(count)
        expect(vote_button(ada, "Asked by a form?").locator(".votes")).to_have_text(count)
    plain.get_by_role("link", name="All questions").click()
    expect(plain.get_by_role("heading", name="Your questions")).to_be_visible()


def test_an_anonymous_question_shows_its_author_nowhere(people: People, meeting: Meeting) -> None:
    with meeting.app.app_context():
        change_columns(get_event(meeting.slug), "event_edited", anonymous_questions=True)
    ada, grace = come_in(people, meeting), come_in(people, meeting)
    name = ada.locator("#chat").get_attribute("data-author") or ""
    open_questions(ada)
    ask(ada, "Who is to blame?", anonymous=True)
    expect(grace.locator("#question-list .author")).to_have_text("Anonymous")
    expect(ada.locator("#question-list li")).to_have_class("question own")
    admin = come_as_admin(people, meeting)
    for page in (grace, admin):
        expect(page.locator("body")).to_contain_text("Who is to blame?")
        assert name not in page.content()


def test_nobody_who_asked_for_no_name_is_named(people: People, meeting: Meeting) -> None:
    with meeting.app.app_context():
        change_columns(get_event(meeting.slug), "event_edited", anonymous_questions=True)
    ada = come_in(people, meeting)
    nameless = ada.get_by_label("Ask without my name")
    open_questions(ada)
    ada.get_by_text("Ask a question").click()
    ada.get_by_label("Your question").fill("Who is to blame?")
    nameless.check()
    ada.reload()
    expect_connected(ada)
    expect(ada.get_by_label("Your question")).to_have_value("Who is to blame?")
    open_questions(ada)
    expect(nameless).to_be_checked()
    with meeting.app.app_context():
        change_columns(get_event(meeting.slug), "event_edited", anonymous_questions=False)
    expect(nameless).to_be_hidden()
    ada.get_by_role("button", name="Ask", exact=True).click()
    expect(ada.locator("#ask-refusal")).to_contain_text("no questions without a name")
    expect(ada.get_by_label("Your question")).to_have_value("Who is to blame?")
    expect(ada.locator("#question-list li")).to_have_count(0)
    ada.get_by_role("button", name="Ask", exact=True).click()
    expect(ada.locator("#question-list .author")).to_have_count(1)
    expect(ada.locator("#question-list .author")).not_to_have_text("Anonymous")
