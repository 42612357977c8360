"""An admin plans an event that opens by itself, shares it, and closes it after a question."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from playwright.sync_api import Page, expect

from tests.support.browser import People, sign_in
from tests.support.embedded import Embedded
from webapp.domain.running.timetable import LOOK_SECONDS
from webapp.domain.seed import ADMIN_EMAIL, ADMIN_PASSWORD
from webapp.infra.clock import utcnow

TITLE = "Opens by itself"


def fill_plan(admin: Page) -> None:
    """Fill in a plan whose start is now."""
    now = utcnow().astimezone(ZoneInfo("Europe/Berlin"))
    admin.get_by_label("Title").fill(TITLE)
    admin.get_by_label("Start", exact=True).fill(f"{now:%Y-%m-%dT%H:%M}")
    admin.get_by_label("End", exact=True).fill(f"{now + timedelta(hours=1):%Y-%m-%dT%H:%M}")
    admin.get_by_label("Time zone").fill("Europe/Berlin")
    admin.get_by_label("Opening").select_option("By itself at the start")


def test_an_event_opens_by_itself_and_closes_after_a_question(
    people: People, embedded: Embedded
) -> None:
    admin = people.come(embedded.url, phone=True)
    sign_in(admin, ADMIN_EMAIL, ADMIN_PASSWORD)
    admin.goto("/admin/events/new")
    fill_plan(admin)
    admin.get_by_role("button", name="Save").click()
    expect(admin.get_by_role("heading", level=1)).to_have_text(TITLE)
    link = admin.get_by_label("Public link").input_value()
    # Nobody reloads: the head above the tabs polls.
    state = admin.locator(".event-state")
    expect(state.locator(".badge")).to_have_text("open", timeout=(LOOK_SECONDS + 20) * 1000)
    guest = people.come(embedded.url, javascript=False)
    guest.goto(link)
    expect(guest.get_by_role("button", name="Check in")).to_be_visible()
    admin.get_by_role("link", name="Settings").click()
    current = admin.locator(".tabs [aria-current]")
    expect(current).to_have_text("Settings")
    expect(current).to_be_in_viewport()
    admin.get_by_role("link", name="Close the event").press("Enter")
    expect(admin.locator("main")).to_contain_text("Nobody is watching just now.")
    admin.get_by_role("button", name="Close the event").click()
    expect(state.locator(".badge")).to_have_text("closed")
    guest.reload()
    expect(guest.locator("main")).to_contain_text("It was closed on")


def test_a_form_survives_the_end_of_the_session(
    people: People, embedded: Embedded, javascript: bool
) -> None:
    admin = people.come(embedded.url, javascript=javascript)
    sign_in(admin, ADMIN_EMAIL, ADMIN_PASSWORD)
    admin.goto("/admin/events/new")
    fill_plan(admin)
    admin.get_by_label("Opening").select_option("By hand")
    admin.context.clear_cookies()
    people.expect_complaint("401")
    admin.get_by_role("button", name="Save").click()
    expect(admin.locator("main")).to_contain_text("what you entered is there again")
    admin.get_by_label("E-mail").fill(ADMIN_EMAIL)
    admin.get_by_label("Password").fill(ADMIN_PASSWORD)
    admin.get_by_role("button", name="Sign in").click()
    expect(admin.get_by_role("heading", level=1)).to_have_text("Nothing is lost")
    expect(admin.locator("main")).to_contain_text(TITLE)
    admin.get_by_role("button", name="Send it now").click()
    expect(admin.get_by_role("heading", level=1)).to_have_text(TITLE)
