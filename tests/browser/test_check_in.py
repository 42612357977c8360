"""Check-in and check-out in a browser."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import LIVE, People, fill_in, sign_in
from tests.support.embedded import Embedded
from tests.support.meeting import Meeting, held_meeting
from webapp.app import create_app
from webapp.domain.admins.accounts import create_admin
from webapp.domain.seed import ADMIN_EMAIL, ADMIN_PASSWORD, EMPLOYEE_EMAIL, EMPLOYEE_NUMBER
from webapp.infra.clock import utcnow
from webapp.infra.extensions import db
from webapp.infra.rate_limit import PER_TARGET

# For the proof of work: a few seconds of CPU, which other tests may be using.
COMPUTED_MS = 60_000


def test_a_wrong_number_then_check_in_and_check_out(
    people: People, embedded: Embedded, javascript: bool
) -> None:
    people.expect_complaint("status of 422")
    page = people.come(embedded.url, javascript=javascript)
    page.goto("/")
    expect(page.get_by_role("heading", name="Quarterly town hall")).to_be_visible()
    fill_in(page, EMPLOYEE_EMAIL, "9999")
    expect(page.get_by_role("alert").filter(has_text="could not find you")).to_be_focused()
    expect(page.get_by_label("Work e-mail")).to_have_value(EMPLOYEE_EMAIL)
    expect(page.get_by_label("Employee number")).to_have_value("9999")
    fill_in(page, EMPLOYEE_EMAIL, EMPLOYEE_NUMBER)
    expect(page).to_have_url(LIVE)
    expect(page.get_by_text("Ada Lovelace", exact=True).first).to_be_visible()
    page.locator(".you summary").click()
    page.get_by_role("button", name="Check out").click()
    expect(page).to_have_url("/events/quarterly-town-hall/")
    expect(page.get_by_text("You are checked out.")).to_be_visible()
    page.goto("/events/quarterly-town-hall/live")
    expect(page.get_by_role("button", name="Check in")).to_be_visible()


def test_typed_values_stay_while_the_database_is_locked(
    people: People, embedded: Embedded, meeting: Meeting
) -> None:
    people.expect_complaint("status of 503")
    page = people.come(embedded.url)
    page.goto(f"/events/{meeting.slug}/")
    email, number = meeting.employee()
    with locked_for_writing(embedded):
        fill_in(page, email, number)
        # SQLite gives up after waiting five seconds for the lock.
        alert = page.locator("#error")
        expect(alert).to_contain_text("Nothing can be saved right now")
    expect(page.get_by_label("Work e-mail")).to_have_value(email)
    expect(page.get_by_label("Employee number")).to_have_value(number)
    page.get_by_role("button", name="Check in").click()
    expect(page).to_have_url(LIVE)


def test_an_early_page_counts_down_and_becomes_the_form(people: People, embedded: Embedded) -> None:
    begin = utcnow() + timedelta(minutes=10)
    times = {"starts_at": begin, "ends_at": begin + timedelta(hours=1)}
    with held_meeting(embedded.settings, embedded.url, state="scheduled", **times) as meeting:
        page = people.come(embedded.url)
        page.clock.install()
        page.goto(f"/events/{meeting.slug}/")
        expect(page.locator(".countdown")).to_have_text(
            re.compile(r"^9 minutes, \d+ seconds? to go$")
        )
        # The browser is in Berlin, whatever the time zone of the event.
        local = begin.astimezone(ZoneInfo("Europe/Berlin"))
        expect(page.locator("time").first).to_contain_text(f"{local:%H:%M}")
        open_event(people, meeting)
        page.clock.run_for(20_000)
        fill_in(page, *meeting.employee())
        expect(page).to_have_url(LIVE)


def use_up_budget(people: People, meeting: Meeting, email: str) -> None:
    """Fail as often as is free at `email`, in another browser."""
    attacker = people.come(meeting.site, javascript=False)
    attacker.goto(f"/events/{meeting.slug}/")
    for _ in range(PER_TARGET.attempts):
        fill_in(attacker, email, "9")
        expect(attacker.get_by_role("alert").filter(has_text="could not find you")).to_be_visible()


def test_a_colleague_under_attack_gets_in_by_computing(
    people: People, embedded: Embedded, meeting: Meeting
) -> None:
    people.expect_complaint("status of 4")
    email, number = meeting.employee()
    use_up_budget(people, meeting, email)
    page = people.come(embedded.url, phone=True)
    page.goto(f"/events/{meeting.slug}/")
    fill_in(page, email, number)
    expect(page).to_have_url(LIVE, timeout=COMPUTED_MS)


def test_a_wrong_number_under_attack_gets_the_neutral_answer(
    people: People, embedded: Embedded, meeting: Meeting
) -> None:
    people.expect_complaint("status of 4")
    email, _ = meeting.employee()
    use_up_budget(people, meeting, email)
    page = people.come(embedded.url)
    page.goto(f"/events/{meeting.slug}/")
    fill_in(page, email, "8")
    refusal = page.get_by_role("alert").filter(has_text="could not find you")
    expect(refusal).to_be_focused(timeout=COMPUTED_MS)
    expect(page.get_by_label("Employee number")).to_have_value("8")


@pytest.mark.parametrize("broken", ["no script", "no worker"])
def test_a_browser_that_cannot_compute_waits_in_the_queue(
    people: People, embedded: Embedded, meeting: Meeting, broken: str
) -> None:
    people.expect_complaint("status of 4")
    email, number = meeting.employee()
    use_up_budget(people, meeting, email)
    page = people.come(embedded.url, javascript=broken != "no script")
    page.add_init_script("delete window.Worker")
    page.goto(f"/events/{meeting.slug}/")
    fill_in(page, email, number)
    page.get_by_role("button", name="Wait in the queue").click()
    place = page.locator("p.work").last
    expect(place).to_be_visible()
    expect(place).to_contain_text("Your place in the queue is kept. In 30 seconds")


def test_an_admin_under_attack_keeps_the_typed_password(people: People, embedded: Embedded) -> None:
    people.expect_complaint("status of 4")
    site, credentials = create_app(embedded.settings), ("attacked@example.com", ADMIN_PASSWORD)
    with site.app_context():
        create_admin(*credentials)
        db.engine.dispose()
    attacker = people.come(embedded.url, javascript=False)
    attacker.goto("/admin/login")
    for _ in range(PER_TARGET.attempts):
        fill_in_sign_in(attacker, credentials[0], "wrong")
        expect(attacker.get_by_role("alert").filter(has_text="is wrong")).to_be_visible()
    page = people.come(embedded.url)
    page.goto("/admin/login")
    fill_in_sign_in(page, *credentials)
    expect(page.get_by_role("heading", name="Events")).to_be_visible(timeout=COMPUTED_MS)


def fill_in_sign_in(page: Page, email: str, password: str) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def open_event(people: People, meeting: Meeting) -> None:
    admin = people.come(meeting.site)
    sign_in(admin, ADMIN_EMAIL, ADMIN_PASSWORD)
    row = admin.get_by_role("row").filter(has=admin.locator(f"a[href*='{meeting.slug}']"))
    row.get_by_role("button", name="Open").click()
    expect(admin.get_by_role("link", name="Close the event")).to_be_visible()


@contextmanager
def locked_for_writing(embedded: Embedded) -> Iterator[None]:
    """Hold the write lock of the database inside the block."""
    path = embedded.folder / "townhall.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")
