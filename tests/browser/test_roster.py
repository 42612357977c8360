"""An admin looks at who came, and closes the event."""

import io
import re

from openpyxl import load_workbook
from playwright.sync_api import Page, Route, expect

from tests.support.browser import People, check_in, expect_connected, sign_in
from tests.support.meeting import Meeting
from tests.support.waiting import wait_for
from webapp.domain.seed import ADMIN_EMAIL, ADMIN_PASSWORD


def come_in(people: People, meeting: Meeting, javascript: bool = True) -> tuple[Page, str]:
    """Return a viewer on the live page and their employee number."""
    page = people.come(meeting.site, javascript=javascript)
    email, number = meeting.employee()
    check_in(page, meeting.slug, email, number)
    return page, number


def open_roster(people: People, meeting: Meeting, javascript: bool = True) -> Page:
    admin = people.come(meeting.site, javascript=javascript)
    sign_in(admin, ADMIN_EMAIL, ADMIN_PASSWORD)
    admin.goto(f"/admin/events/{meeting.slug}/attendance")
    return admin


def numbers(page: Page) -> list[str]:
    return page.locator("#rows tbody td:nth-child(2)").all_inner_texts()


def test_an_admin_searches_filters_sorts_and_pages(
    people: People, meeting: Meeting, javascript: bool
) -> None:
    ada, grace = (come_in(people, meeting, javascript)[1] for _ in range(2))
    _, absent = meeting.employee()
    admin = open_roster(people, meeting, javascript)
    # Those with a socket are watching, if half of a minute went by meanwhile.
    counts = admin.locator("#count-checked_in b, #count-watching b")
    wait_for(lambda: sum(map(int, counts.all_inner_texts())) == 2, what="both are counted")
    admin.get_by_label("Search").fill(meeting.slug)
    admin.get_by_role("button", name="Show").click()
    expect(admin.locator(".summary")).to_contain_text("3 match")
    assert numbers(admin) == [ada, grace, absent]

    admin.locator("#sort-number").click()
    expect(admin).to_have_url(re.compile("sort=number"))
    admin.locator("#sort-number").click()
    expect(admin.get_by_role("columnheader", name="Number")).to_have_attribute(
        "aria-sort", "descending"
    )
    assert numbers(admin) == [absent, grace, ada]

    admin.get_by_label("Status").select_option("Absent")
    admin.get_by_role("button", name="Show").click()
    expect(admin.locator(".summary")).to_contain_text("1 match")
    assert numbers(admin) == [absent]
    expect(admin.get_by_label("Search")).to_have_value(meeting.slug)

    admin.goto(f"/admin/events/{meeting.slug}/attendance")
    first = numbers(admin)
    assert len(first) == 50
    admin.get_by_role("link", name="Next").click()
    expect(admin.get_by_text("Page 2 of")).to_be_visible()
    assert not set(first) & set(numbers(admin))


def test_the_roster_refreshes_without_taking_the_keyboard_away(
    people: People, meeting: Meeting
) -> None:
    admin = people.come(meeting.site)
    sign_in(admin, ADMIN_EMAIL, ADMIN_PASSWORD)
    admin.clock.install()
    admin.goto(f"/admin/events/{meeting.slug}/attendance")
    expect(admin.locator("#count-checked_in")).to_have_count(0)
    search = admin.get_by_label("Search")
    search.press_sequentially(meeting.slug)
    with admin.expect_response(lambda answer: "q=" in answer.url):
        admin.clock.run_for(1_000)
    come_in(people, meeting)
    with admin.expect_response(lambda answer: "/attendance" in answer.url):
        admin.clock.run_for(5_000)
    expect(admin.locator("#count-checked_in b")).to_have_text("1")
    expect(search).to_be_focused()
    expect(search).to_have_value(meeting.slug)


def test_a_refresh_that_comes_first_swallows_no_search(people: People, meeting: Meeting) -> None:
    """The search asked for its answer to take the place of rows that the refresh replaces."""
    held: list[Route] = []
    admin = people.come(meeting.site)
    sign_in(admin, ADMIN_EMAIL, ADMIN_PASSWORD)
    admin.clock.install()
    admin.goto(f"/admin/events/{meeting.slug}/attendance")
    _, number = come_in(people, meeting)
    admin.route("**/attendance?**", lambda route: held.append(route))
    with admin.expect_request("**seen=**"):
        admin.clock.run_for(5_000)
    admin.get_by_label("Search").fill(number)
    with admin.expect_request(f"**q={number}**"):
        admin.clock.run_for(1_000)
    wait_for(lambda: admin.evaluate("true") and len(held) > 1, what="both wait for their answers")
    for route in held:
        with admin.expect_response(route.request.url):
            route.continue_()
    expect(admin.locator(".summary")).to_contain_text("1 match")
    assert numbers(admin) == [number]


def test_an_admin_excuses_somebody_and_takes_it_back(
    people: People, meeting: Meeting, javascript: bool
) -> None:
    people.expect_complaint("status of 422")
    _, number = meeting.employee()
    admin = open_roster(people, meeting, javascript)
    admin.goto(f"/admin/events/{meeting.slug}/attendance?q={number}&by=department")
    row = admin.locator(".roster tbody tr")
    row.get_by_role("link", name="Correct").click()
    admin.get_by_role("button", name="Save").click()
    expect(admin.get_by_role("alert").get_by_text("Say why")).to_be_visible()
    admin.get_by_label("Why").fill("Night shift")
    admin.get_by_role("button", name="Save").click()
    expect(row.locator(".status")).to_have_text("Excused")
    expect(row.locator(".correction")).to_contain_text("instead of “Absent”; Grace Hopper")
    expect(row.locator(".correction")).to_contain_text("Night shift")
    expect(admin.locator("#count-excused b")).to_have_text("1")
    # The place is kept: search, departments.
    expect(admin.get_by_label("Search")).to_have_value(number)
    expect(admin.get_by_role("link", name="Hide departments")).to_be_visible()

    row.get_by_role("link", name="Correct").click()
    expect(admin.locator(".history")).to_contain_text("Absent → Excused")
    admin.get_by_label("Status").last.select_option("")
    admin.get_by_role("button", name="Save").click()
    expect(row.locator(".status")).to_have_text("Absent")
    expect(row.locator(".correction")).to_have_count(0)


def test_the_refresh_waits_for_what_is_being_written(people: People, meeting: Meeting) -> None:
    _, number = meeting.employee()
    admin = people.come(meeting.site)
    sign_in(admin, ADMIN_EMAIL, ADMIN_PASSWORD)
    admin.clock.install()
    admin.goto(f"/admin/events/{meeting.slug}/attendance?q={number}")
    admin.get_by_role("link", name="Correct").click()
    why = admin.get_by_label("Why")
    why.press_sequentially("Half a no")
    admin.clock.run_for(20_000)
    expect(why).to_be_focused()
    expect(why).to_have_value("Half a no")
    admin.get_by_role("link", name="Cancel").click()
    expect(why).to_have_count(0)
    come_in(people, meeting)
    with admin.expect_response(lambda answer: "/attendance" in answer.url) as answer:
        admin.clock.run_for(5_000)
    assert "set-cookie" not in answer.value.headers


def test_closing_the_event_sends_viewers_to_its_end(people: People, meeting: Meeting) -> None:
    viewer, _ = come_in(people, meeting)
    expect_connected(viewer)
    admin = people.come(meeting.site)
    sign_in(admin, ADMIN_EMAIL, ADMIN_PASSWORD)
    admin.goto(f"/admin/events/{meeting.slug}")
    admin.get_by_role("link", name="Close the event").click()
    admin.locator("main").get_by_role("button", name="Close").click()
    expect(admin.locator(".event-state")).to_contain_text("closed")
    expect(viewer.get_by_text("This event is over")).to_be_visible()
    expect(viewer.get_by_text("you checked in at")).to_be_visible()


def test_an_admin_takes_the_figures_home(
    people: People, meeting: Meeting, javascript: bool
) -> None:
    _, ada = come_in(people, meeting, javascript)
    _, absent = meeting.employee()
    admin = open_roster(people, meeting, javascript)
    admin.get_by_label("Search").fill(meeting.slug)
    admin.get_by_role("button", name="Show").click()
    expect(admin.locator("#rows tbody tr")).to_have_count(2)
    with admin.expect_download() as download:
        admin.get_by_role("link", name="CSV", exact=True).click()
    lines = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == numbers(admin) == [ada, absent]
    with admin.expect_download() as download:
        admin.get_by_role("link", name="Excel").click()
    assert download.value.suggested_filename == f"{meeting.slug}-attendance.xlsx"
    sheet = load_workbook(io.BytesIO(download.value.path().read_bytes()))["Attendance"]
    assert [row[0].value for row in sheet.iter_rows(min_row=2)] == [ada, absent]

    admin.get_by_role("link", name="Charts").click()
    arrivals = admin.locator("#arrivals")
    picture = arrivals.get_by_role("img", name="Arrivals")
    expect(picture).to_be_visible()
    bar = picture.locator(".column").bounding_box()
    assert bar is not None
    assert bar["height"] > 150
    arrivals.get_by_text("As a table").click()
    expect(arrivals.get_by_role("cell", name="1", exact=True)).to_be_visible()


def test_filters_act_at_once_and_escape_leaves_a_correction(
    people: People, meeting: Meeting
) -> None:
    numbers_of_three = [meeting.employee()[1] for _ in range(3)]
    admin = open_roster(people, meeting)
    admin.get_by_label("Search").press_sequentially(meeting.slug)
    expect(admin.locator(".summary")).to_contain_text("3 match")
    expect(admin).to_have_url(re.compile(f"q={meeting.slug}"))
    # Until a swap has settled, links are plain ones.
    settling = admin.locator(".htmx-settling, .htmx-added")
    expect(settling).to_have_count(0)
    link = admin.locator("#rows tbody .button").nth(1)
    name = link.get_attribute("id")
    link.press("Enter")
    expect(admin.locator("#correct-status")).to_be_focused()
    expect(settling).to_have_count(0)
    admin.keyboard.press("Escape")
    expect(admin.locator("form.correct")).to_have_count(0)
    expect(admin.locator(f"#{name}")).to_be_focused()
    assert numbers(admin) == numbers_of_three


def test_ticked_rows_are_corrected_together_and_taken_back_on_a_phone(
    people: People, meeting: Meeting, javascript: bool
) -> None:
    for _ in range(3):
        meeting.employee()
    admin = people.come(meeting.site, javascript=javascript, phone=True)
    sign_in(admin, ADMIN_EMAIL, ADMIN_PASSWORD)
    admin.goto(f"/admin/events/{meeting.slug}/attendance?q={meeting.slug}")
    assert admin.evaluate("document.documentElement.scrollWidth") <= 360
    expect(admin.get_by_label("One reason for all")).to_be_hidden()
    for place in (0, 2):
        admin.locator("#rows tbody .tick").nth(place).check()
    admin.get_by_label("One reason for all").fill("On strike")
    admin.get_by_role("button", name="Correct them").click()
    expect(admin.locator("#count-excused b")).to_have_text("2")
    expect(admin.get_by_label("One reason for all")).to_be_hidden()
    toasts = admin.get_by_role("status")
    expect(toasts).to_contain_text("2 attendances were corrected.")
    toasts.get_by_role("button", name="Undo").click()
    expect(admin.locator("#count-excused")).to_have_count(0)
