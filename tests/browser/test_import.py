"""An admin brings the employee list up to date from a file."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect
from sqlalchemy import insert

from tests.support.browser import People, sign_in
from tests.support.employees import workbook
from tests.support.meeting import Meeting
from tests.support.waiting import wait_for
from webapp.domain.admins.accounts import create_admin
from webapp.domain.models import Employee
from webapp.domain.seed import ADMIN_EMAIL, ADMIN_PASSWORD
from webapp.infra.extensions import db

HEADER = "email,employee number,first name,last name\n"
SHOW = "Show what would change"


def come(people: People, meeting: Meeting, javascript: bool = True) -> Page:
    admin = people.come(meeting.site, javascript=javascript)
    sign_in(admin, ADMIN_EMAIL, ADMIN_PASSWORD)
    admin.goto("/admin/employees/import")
    return admin


def choose(admin: Page, file: Path) -> None:
    admin.get_by_label("CSV file or Excel workbook").set_input_files(file)


def large_file(folder: Path, prefix: str, rows: int) -> Path:
    """Return a file of new employees, whose numbers begin with `prefix`."""
    file = folder / "large.csv"
    lines = (f"{prefix}{n}@example.com,{prefix}{n},First,Last\n" for n in range(rows))
    file.write_text(HEADER + "".join(lines))
    return file


def test_a_list_is_looked_at_and_imported(
    people: People, meeting: Meeting, javascript: bool, tmp_path: Path
) -> None:
    email, number = meeting.employee()
    new = f"{number}-{javascript}"
    rows = f"{email},{number},Ada,Renamed\n{new}@example.com,{new},New,{new}\nnowhere,x,A,B\n"
    file = tmp_path / "list.csv"
    file.write_text(HEADER + rows)
    admin = come(people, meeting, javascript)
    choose(admin, file)
    admin.get_by_role("button", name=SHOW).click()
    report = admin.locator("#report")
    expect(report).to_contain_text("Nothing was changed so far")
    expect(report).to_be_focused()
    expect(report).to_contain_text(f"last name Number {number} → Renamed")
    expect(report).to_contain_text("Row 4: “nowhere” is not an e-mail address")
    expect(admin).to_have_url(re.compile("import\\?file="))
    admin.get_by_role("button", name="Import these 2").click()
    expect(report).to_contain_text("1 new, 1 changed, 0 unchanged, 0 deactivated, 1 broken")
    expect(report).to_be_focused()
    admin.get_by_role("link", name="Employees").first.click()
    admin.get_by_label("Search").fill(new)
    admin.get_by_role("button", name="Show").click()
    expect(admin.locator("#rows tbody tr")).to_have_count(1)
    expect(admin).to_have_url(re.compile("q="))


def test_a_preview_survives_a_reload(
    people: People, meeting: Meeting, javascript: bool, tmp_path: Path
) -> None:
    file = tmp_path / "list.xlsx"
    new = f"{meeting.slug}-{javascript}"
    titles = ["Contact", "Employee number", "First name", "Last name"]
    file.write_bytes(workbook([titles, [f"{new}@example.com", new, "Nora", "New"]]))
    admin = come(people, meeting, javascript)
    choose(admin, file)
    admin.get_by_role("button", name=SHOW).click()
    expect(admin.locator("#preview")).to_contain_text("The titles found are “Contact”")
    admin.get_by_label("Column 1, Contact").select_option("e-mail address")
    if not javascript:
        admin.get_by_role("button", name="Read it like this").click()
    expect(admin.locator("#report")).to_contain_text("1 new")
    admin.reload()
    expect(admin.get_by_label("Column 1, Contact")).to_have_value("email")
    admin.get_by_role("button", name="Import this one").click()
    expect(admin.locator("#report")).to_contain_text("Imported in")


def test_names_of_another_code_page_are_looked_at(
    people: People, meeting: Meeting, javascript: bool, tmp_path: Path
) -> None:
    new = f"{meeting.slug}-{javascript}"
    file = tmp_path / "list.csv"
    file.write_bytes((HEADER + f"{new}@example.com,{new},Łukasz,Żak\n").encode("cp1250"))
    admin = come(people, meeting, javascript)
    choose(admin, file)
    admin.get_by_role("button", name=SHOW).click()
    expect(admin.get_by_role("button", name="Import this one")).to_have_count(0)
    admin.get_by_label("Central European (Windows-1250)").click()
    if not javascript:
        admin.get_by_role("button", name="Read it like this").click()
    expect(admin.locator("#report")).to_contain_text(f"Łukasz Żak ({new})")
    expect(admin.locator("#report")).to_be_focused()
    admin.get_by_role("button", name="Import this one").click()
    expect(admin.locator("#report")).to_contain_text("Imported in")


def test_deactivating_many_needs_a_tick(
    people: People, full_meeting: Meeting, tmp_path: Path
) -> None:
    for _ in range(3):
        full_meeting.employee()
    file = tmp_path / "list.csv"
    file.write_text(HEADER + f"{full_meeting.slug}@example.com,{full_meeting.slug}-new,Nora,New\n")
    email = f"sync-{full_meeting.slug}@example.com"
    with full_meeting.app.app_context():
        create_admin(email, ADMIN_PASSWORD)
    admin = people.come(full_meeting.site)
    sign_in(admin, email, ADMIN_PASSWORD)
    admin.goto("/admin/employees/import")
    choose(admin, file)
    admin.get_by_label("Deactivate employees who are not in the file").check()
    admin.get_by_role("button", name=SHOW).click()
    box = admin.get_by_label(re.compile("^Yes, deactivate [0-9,]+ of [0-9,]+ employees"))
    expect(box).not_to_be_checked()
    admin.get_by_role("button", name="Import these").click()
    expect(box).to_be_focused()
    expect(admin.locator("#report")).to_contain_text("Nothing was changed so far")


def test_a_large_file_shows_how_many_of_its_rows_are_written(
    people: People, full_meeting: Meeting, tmp_path: Path
) -> None:
    slug, email = full_meeting.slug, f"{full_meeting.slug}@example.com"
    file = large_file(tmp_path, slug, 1500)
    with full_meeting.app.app_context():
        create_admin(email, ADMIN_PASSWORD)
        # Another transaction holds one of the numbers: the import waits in a later portion.
        row = {"employee_number": f"{slug}1200", "email": f"new-{email}"}
        row |= dict.fromkeys(("first_name", "last_name", "department", "location"), "-")
        db.session.execute(insert(Employee).values(row))
        admin = people.come(full_meeting.site)
        sign_in(admin, email, ADMIN_PASSWORD)
        admin.goto("/admin/employees/import")
        choose(admin, file)
        expect(admin.locator("#progress")).to_be_hidden()
        admin.get_by_role("button", name=SHOW).click()
        admin.get_by_role("button", name="Import these 1,500").click()
        expect(admin.locator("#progress")).to_contain_text("1,200 of 1,500 rows written")
        expect(admin.locator("#progress")).to_be_visible()
        db.session.rollback()
    expect(admin.locator("#report")).to_contain_text("1,500 new")
    expect(admin.locator("#progress")).to_be_hidden()


def test_others_have_their_turn_while_the_one_process_reads_a_large_file(
    people: People, meeting: Meeting, tmp_path: Path
) -> None:
    file = large_file(tmp_path, meeting.slug, 150_000)
    admin = come(people, meeting)
    choose(admin, file)
    expect(admin.locator("#progress")).to_be_hidden()
    admin.get_by_role("button", name=SHOW).click()

    def shows_progress() -> bool:
        page = admin.request.get("/admin/employees/import/progress").text()
        return bool(re.search("[0-9],000 of 150,0[0-9]+ rows read", page))

    wait_for(shows_progress)
    expect(admin.locator("#report")).to_contain_text("150,000 new", timeout=60_000)
    expect(admin.locator("#progress")).to_be_hidden()
