"""An admin copies an event, brings the employees up to date, and finds both on record."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.support.browser import People, check_in, expect_connected, sign_in
from tests.support.meeting import Meeting
from webapp.core.seed import ADMIN_EMAIL, ADMIN_PASSWORD

HEADER = "email,employee number,first name,last name\n"


def come(people: People, meeting: Meeting, javascript: bool = True) -> Page:
    admin = people.come(meeting.site, javascript=javascript)
    sign_in(admin, ADMIN_EMAIL, ADMIN_PASSWORD)
    return admin


def test_an_event_is_copied_and_that_is_on_record(
    people: People, meeting: Meeting, javascript: bool
) -> None:
    admin = come(people, meeting, javascript)
    admin.locator(f"#copy-{meeting.slug}").click()
    expect(admin).to_have_url(re.compile("/admin/events/.*/edit$"))
    admin.get_by_label("Title").fill(f"Copy of {meeting.slug}")
    admin.get_by_role("button", name="Save").click()
    row = admin.get_by_role("row").filter(has_text=f"Copy of {meeting.slug}")
    expect(row).to_contain_text("scheduled")
    admin.get_by_role("link", name="Audit log").click()
    admin.get_by_label("Action").select_option("Planned an event")
    admin.get_by_role("button", name="Show").click()
    expect(admin).to_have_url(re.compile("action=event_created"))
    found = admin.locator("#rows tbody tr").filter(has_text=f"copy of: {meeting.slug}")
    expect(found).to_have_count(1)
    expect(admin.locator("#rows")).not_to_contain_text("Signed in")


def test_a_list_is_tried_imported_and_searched(
    people: People, meeting: Meeting, javascript: bool, tmp_path: Path
) -> None:
    email, number = meeting.employee()
    new = f"{number}-{javascript}"
    rows = f"{email},{number},Renamed,{number}\n{new}@example.com,{new},New,{new}\nnowhere,x,A,B\n"
    file = tmp_path / "list.csv"
    file.write_text(HEADER + rows)
    admin = come(people, meeting, javascript)
    admin.goto("/admin/employees/import")
    admin.get_by_label("CSV file").set_input_files(file)
    admin.get_by_role("button", name="Show what would change").click()
    report = admin.locator("#report")
    expect(report).to_contain_text("Nothing was changed")
    expect(report).to_contain_text("first name Ada → Renamed")
    expect(report).to_contain_text("Row 4: the email is no e-mail address")
    if not javascript:
        # A browser keeps no file over a page; with HTMX there is no other page.
        admin.get_by_label("CSV file").set_input_files(file)
    admin.get_by_role("button", name="Import", exact=True).click()
    expect(report).to_contain_text("1 new, 1 changed, 0 unchanged, 0 deactivated, 1 broken")
    admin.get_by_role("link", name="Employees").first.click()
    admin.get_by_label("Search").fill(new)
    admin.get_by_role("button", name="Show").click()
    expect(admin.locator("#rows tbody tr")).to_have_count(1)
    expect(admin).to_have_url(re.compile("q="))


def test_a_large_file_shows_how_many_of_its_rows_are_read(
    people: People, meeting: Meeting, tmp_path: Path
) -> None:
    rows = (f"p{n}@example.com,{meeting.slug}{n},First,Last\n" for n in range(150_000))
    file = tmp_path / "large.csv"
    file.write_text(HEADER + "".join(rows))
    admin = come(people, meeting)
    admin.goto("/admin/employees/import")
    admin.get_by_label("CSV file").set_input_files(file)
    expect(admin.locator("#progress")).to_be_hidden()
    admin.get_by_role("button", name="Show what would change").click()
    expect(admin.locator("#progress")).to_contain_text(re.compile("[0-9],000 of 150,000 rows read"))
    expect(admin.locator("#report")).to_contain_text("150,000 new", timeout=60_000)
    expect(admin.locator("#progress")).to_be_hidden()


def test_who_is_deactivated_by_hand_is_out_at_once(people: People, meeting: Meeting) -> None:
    email, number = meeting.employee()
    viewer = people.come(meeting.site)
    check_in(viewer, meeting.slug, email, number)
    expect_connected(viewer)
    admin = come(people, meeting)
    admin.goto(f"/admin/employees?q={number}")
    admin.locator("#rows tbody a").click()
    admin.get_by_label("May check in").uncheck()
    admin.get_by_role("button", name="Save").click()
    expect(admin.locator("#rows")).to_contain_text("no")
    expect(viewer.get_by_role("button", name="Check in")).to_be_visible()
