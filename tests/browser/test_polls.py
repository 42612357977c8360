"""A poll and reactions beside the video, with and without JavaScript, in the embedded default."""

from playwright.sync_api import Page, expect

from tests.support.browser import People, check_in, come_in, sign_in
from tests.support.meeting import Meeting
from tests.support.waiting import wait_for
from webapp.domain.seed import ADMIN_EMAIL, ADMIN_PASSWORD

OPTIONS = ("Soup", "Salad", "Cake")


def moderator_of(people: People, meeting: Meeting, *, javascript: bool = True) -> Page:
    """Return an admin on the event's page of polls."""
    page = people.come(meeting.site, javascript=javascript)
    sign_in(page, ADMIN_EMAIL, ADMIN_PASSWORD)
    page.goto(f"/admin/events/{meeting.slug}/polls")
    return page


def prepare(moderator: Page, question: str, *, secret: bool = False) -> None:
    """Write a poll and open it."""
    moderator.get_by_role("link", name="New poll").first.click()
    moderator.get_by_label("Question").fill(question)
    for number, option in enumerate(OPTIONS, start=1):
        moderator.get_by_label(f"Option {number}", exact=True).fill(option)
    if secret:
        moderator.get_by_text("Nobody: secret").click()
    moderator.get_by_role("button", name="Save").click()
    card = moderator.locator(".poll-section", has_text=question)
    card.get_by_role("button", name="Open:").click()
    expect(card.get_by_role("button", name="Close and show the results")).to_be_visible()


def test_a_poll_opens_is_answered_and_closes(people: People, meeting: Meeting) -> None:
    moderator, viewer = moderator_of(people, meeting), come_in(people, meeting)
    prepare(moderator, "What is for lunch?")
    tab = viewer.get_by_role("tab", name="Poll")
    expect(tab.locator(".unread-mark")).to_have_text("1")
    tab.click()
    expect(tab.locator(".unread-mark")).to_be_hidden()
    expect(viewer.get_by_text("With names: the organizers can see your choice.")).to_be_visible()
    # By keyboard alone.
    viewer.get_by_label("Soup").focus()
    viewer.keyboard.press("ArrowDown")
    viewer.keyboard.press("Enter")
    expect(viewer.locator("#poll-said")).to_have_text("Thank you. Your answer is counted.")
    row = viewer.get_by_role("row", name="Salad")
    expect(row).to_contain_text("100 %")
    expect(row).to_contain_text("your answer")
    expect(viewer.get_by_role("button", name="Change my answer")).to_be_visible()
    expect(moderator.get_by_text("1 person has answered.")).to_be_visible()
    # The desk beside the chat has the poll as well.
    moderator.get_by_role("link", name="Chat").click()
    moderator.get_by_role("button", name="Close and show the results").click()
    expect(viewer.get_by_text("This poll is closed.")).to_be_visible()
    expect(viewer.get_by_role("button", name="Change my answer")).to_be_hidden()


def test_a_choice_and_its_focus_stay_while_votes_come_in(people: People, meeting: Meeting) -> None:
    prepare(moderator_of(people, meeting), "What is for lunch?")
    viewer, other = come_in(people, meeting), come_in(people, meeting)
    for page in (viewer, other):
        page.get_by_role("tab", name="Poll").click()
    cake = viewer.get_by_label("Cake")
    cake.check()
    other.get_by_label("Soup").check()
    other.get_by_role("button", name="Send my answer").click()
    expect(viewer.get_by_role("row", name="Soup")).to_contain_text("100 %")
    expect(cake).to_be_checked()
    expect(cake).to_be_focused()


def test_a_secret_answer_leaves_no_choice_in_the_page(people: People, meeting: Meeting) -> None:
    prepare(moderator_of(people, meeting), "Are you happy?", secret=True)
    viewer = come_in(people, meeting)
    viewer.get_by_role("tab", name="Poll").click()
    expect(viewer.get_by_text("nobody can find out your choice")).to_be_visible()
    viewer.get_by_label("Soup").check()
    viewer.get_by_role("button", name="Send my answer").click()
    expect(viewer.locator("#poll-said")).to_have_text("Thank you. Your answer is counted.")
    expect(viewer.locator(".poll-form")).to_be_hidden()
    expect(viewer.get_by_role("heading", name="Are you happy?")).to_be_focused()
    assert viewer.locator("input:checked[name=option]").count() == 0
    viewer.reload()
    expect(viewer.get_by_text("Your answer is counted.", exact=True)).to_be_visible()
    assert viewer.locator(".chosen").count() == 0


def test_a_poll_needs_no_script(people: People, meeting: Meeting) -> None:
    moderator = moderator_of(people, meeting, javascript=False)
    prepare(moderator, "What is for lunch?")
    viewer = people.come(meeting.site, javascript=False)
    check_in(viewer, meeting.slug, *meeting.employee())
    viewer.get_by_role("link", name="Poll").click()
    viewer.get_by_label("Cake").check()
    viewer.get_by_role("button", name="Send my answer").click()
    expect(viewer.get_by_text("Thank you. Your answer is counted.")).to_be_visible()
    expect(viewer.get_by_role("row", name="Cake")).to_contain_text("your answer")
    viewer.get_by_role("button", name="Applause").click()
    moderator.get_by_role("button", name="Close and show the results").click()
    viewer.goto(f"/events/{meeting.slug}/polls")
    expect(viewer.get_by_text("This poll is closed.")).to_be_visible()
    expect(viewer.get_by_text("1 person has answered.")).to_be_visible()


# A reaction is in the page for two seconds, which may pass while the test looks at another page.
NOTE_RISING = """() => {
  window.risen = new Set();
  const note = ({ classList }) => classList?.contains("rising") && risen.add(classList[1]);
  new MutationObserver((records) => records.forEach(({ addedNodes }) => addedNodes.forEach(note)))
    .observe(document.body, { childList: true, subtree: true });
}"""


def test_reactions_rise_for_everybody(people: People, meeting: Meeting) -> None:
    ada, grace = come_in(people, meeting), come_in(people, meeting)
    for page in (ada, grace):
        page.evaluate(NOTE_RISING)
    ada.get_by_role("button", name="Applause").click()
    for page in (ada, grace):
        wait_for(lambda page=page: page.evaluate("risen.has('applause')"), what="applause rises")
    # Each goes away by itself.
    expect(grace.locator(".rising")).to_have_count(0)


def test_nothing_rises_where_motion_is_unwanted(people: People, meeting: Meeting) -> None:
    ada, grace = come_in(people, meeting), come_in(people, meeting)
    grace.emulate_media(reduced_motion="reduce")
    for page in (ada, grace):
        page.evaluate(NOTE_RISING)
    grace.get_by_role("button", name="Love").click()
    wait_for(lambda: ada.evaluate("risen.has('love')"), what="love rises")
    assert grace.evaluate("risen.size") == 0
