"""A German browser sees German, and a choice of language is remembered."""

from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect

from tests.support.browser import LIVE, People
from tests.support.embedded import Embedded
from tests.support.meeting import Meeting, held_meeting

BEGIN = datetime(2030, 5, 4, 7, 0, tzinfo=UTC)


def check_in(page: Page, meeting: Meeting) -> None:
    email, number = meeting.employee()
    page.goto(f"/events/{meeting.slug}/")
    page.get_by_label("Dienstliche E-Mail").fill(email)
    page.get_by_label("Personalnummer").fill(number)
    page.get_by_role("button", name="Einchecken").click()
    expect(page).to_have_url(LIVE)


def test_a_german_browser_sees_german_until_english_is_chosen(
    people: People, meeting: Meeting, javascript: bool
) -> None:
    people.expect_complaint("status of 422")
    page = people.come(meeting.site, javascript=javascript, locale="de-DE")
    check_in(page, meeting)
    expect(page.locator("html")).to_have_attribute("lang", "de")
    page.get_by_label("Ihre Nachricht").fill("x" * 501)
    page.get_by_role("button", name="Senden").click()
    expect(page.get_by_text("Höchstens 500 Zeichen sind möglich")).to_be_visible()
    page.goto(f"/events/{meeting.slug}/live")
    page.locator(".you summary").click()
    page.get_by_role("link", name="English").click()
    expect(page).to_have_url(LIVE)
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("button", name="Send")).to_be_visible()
    # The choice is remembered, although the browser still prefers German.
    people.expect_complaint("status of 404")
    page.goto("/nowhere")
    expect(page.get_by_role("heading", name="Not found")).to_be_visible()


def test_dates_and_countdowns_are_german(
    people: People, embedded: Embedded, javascript: bool
) -> None:
    times = {"starts_at": BEGIN, "ends_at": BEGIN + timedelta(hours=1)}
    scheduled = held_meeting(
        embedded.settings, embedded.url, state="scheduled", timezone="Europe/Berlin", **times
    )
    with scheduled as meeting:
        page = people.come(meeting.site, javascript=javascript, locale="de-AT")
        page.goto(f"/events/{meeting.slug}/")
        main = page.get_by_role("main")
        expect(main).to_contain_text("Samstag, 4. Mai 2030")
        expect(main).to_contain_text("09:00")
        if javascript:
            expect(main).to_contain_text("noch ")
            expect(main).to_contain_text("Tage")
