"""An admin copies an event, updates the employee list, and finds both on record."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect
from sqlalchemy import insert

from tests.support.browser import People, check_in, expect_connected, sign_in
from tests.support.meeting import Meeting
from tests.support.waiting import wait_for
from webapp.domain.admins import create_admin
from webapp.domain.models import Employee
from webapp.domain.seed import ADMIN_EMAIL, ADMIN_PASSWORD
from webapp.infra.extensions import db

HEADER = "email,employee number,first name,last name\n"


def come(people: People, meeting: Meeting, javascript: bool = True) -> Page:
    admin = people.come(meeting.site, javascript=javascript)
    sign_in(admin, ADMIN_EMAIL, ADMIN_PASSWORD)
    return admin


def large_file(folder: Path, prefix: str, rows: int) -> Path:
    """A list of so many new employees, whose numbers begin with `prefix`."""
    file = folder / "large.csv"
    lines = (f"{prefix}{n}@example.com,{prefix}{n},First,Last\n" for n in range(rows))
    file.write_text(HEADER + "".join(lines))
    return file


def test_copied_event_is_on_record(people: People, meeting: Meeting, javascript: bool) -> None:
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


def test_a_large_file_shows_how_many_of_its_rows_are_written(
    people: People, full_meeting: Meeting, tmp_path: Path
) -> None:
    slug, email = full_meeting.slug, f"{full_meeting.slug}@example.com"
    file = large_file(tmp_path, slug, 1500)
    with full_meeting.app.app_context():
        create_admin(email, ADMIN_PASSWORD)
        # Somebody else is about to add one of them: the import waits in its second portion.
        row = {"employee_number": f"{slug}1200", "email": f"new-{email}"}
        row |= dict.fromkeys(("first_name", "last_name", "department", "location"), "-")
        db.session.execute(insert(Employee).values(row))
        admin = people.come(full_meeting.site)
        sign_in(admin, email, ADMIN_PASSWORD)
        admin.goto("/admin/employees/import")
        admin.get_by_label("CSV file").set_input_files(file)
        expect(admin.locator("#progress")).to_be_hidden()
        admin.get_by_role("button", name="Import", exact=True).click()
        expect(admin.locator("#progress")).to_contain_text("1,000 of 1,500 rows written")
        expect(admin.locator("#progress")).to_be_visible()
        db.session.rollback()
    expect(admin.locator("#report")).to_contain_text("1,500 new")
    expect(admin.locator("#progress")).to_be_hidden()


def test_others_have_their_turn_while_the_one_process_reads_a_large_file(
    people: People, meeting: Meeting, tmp_path: Path
) -> None:
    file = large_file(tmp_path, meeting.slug, 150_000)
    admin = come(people, meeting)
    admin.goto("/admin/employees/import")
    admin.get_by_label("CSV file").set_input_files(file)
    expect(admin.locator("#progress")).to_be_hidden()
    admin.get_by_role("button", name="Show what would change").click()

    def is_told() -> bool:
        page = admin.request.get("/admin/employees/import/progress").text()
        return bool(re.search("[0-9],000 of 150,000 rows read", page))

    wait_for(is_told)
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
