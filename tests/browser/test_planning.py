"""An admin copies an event and finds it on record, and deactivates an employee by hand."""

import re

from playwright.sync_api import Page, expect

from tests.support.browser import People, check_in, expect_connected, sign_in
from tests.support.meeting import Meeting
from webapp.domain.seed import ADMIN_EMAIL, ADMIN_PASSWORD


def come(people: People, meeting: Meeting, javascript: bool = True) -> Page:
    admin = people.come(meeting.site, javascript=javascript)
    sign_in(admin, ADMIN_EMAIL, ADMIN_PASSWORD)
    return admin


def test_copied_event_is_on_record(people: People, meeting: Meeting, javascript: bool) -> None:
    admin = come(people, meeting, javascript)
    admin.locator(f"#copy-{meeting.slug}").click()
    expect(admin).to_have_url(re.compile("/admin/events/.*/edit$"))
    admin.get_by_label("Title").fill(f"Copy of {meeting.slug}")
    admin.get_by_role("button", name="Save").click()
    expect(admin.get_by_role("heading", level=1)).to_have_text(f"Copy of {meeting.slug}")
    expect(admin.locator(".event-state")).to_contain_text("scheduled")
    admin.get_by_role("link", name="Audit log").click()
    admin.get_by_label("Action").select_option("Planned an event")
    admin.get_by_role("button", name="Show").click()
    expect(admin).to_have_url(re.compile("action=event_created"))
    found = admin.locator("#rows tbody tr").filter(has_text=f"copy of: {meeting.slug}")
    expect(found).to_have_count(1)
    expect(admin.locator("#rows")).not_to_contain_text("Signed in")


def test_an_employee_deactivated_by_hand_is_signed_out_at_once(
    people: People, meeting: Meeting
) -> None:
    email, number = meeting.employee()
    viewer = people.come(meeting.site)
    check_in(viewer, meeting.slug, email, number)
    expect_connected(viewer)
    admin = come(people, meeting)
    admin.goto(f"/admin/employees?q={number}")
    admin.locator("#rows tbody a").click()
    admin.get_by_role("link", name="Edit").click()
    admin.get_by_label("May check in").uncheck()
    admin.get_by_role("button", name="Save").click()
    expect(admin.locator("#rows")).to_contain_text("Inactive")
    expect(viewer.get_by_role("button", name="Check in")).to_be_visible()
