"""An owner invites an admin, gives them a role, and takes it away while they work."""

import secrets

from playwright.sync_api import Page, expect

from tests.support.browser import People, sign_in
from tests.support.embedded import Embedded
from tests.support.meeting import Meeting
from webapp.domain.seed import ADMIN_EMAIL, ADMIN_PASSWORD

PASSWORD = "a new long password"


def invite(owner: Page, email: str, role: str) -> str:
    """Invite a person with the keyboard, and return the link."""
    owner.goto("/admin/admins")
    owner.get_by_label("E-mail").focus()
    owner.keyboard.type(email)
    owner.keyboard.press("Tab")
    owner.get_by_label("Role", exact=True).select_option(role)
    owner.keyboard.press("Tab")
    owner.keyboard.press("Enter")
    return owner.get_by_label("Link of the invitation").input_value()


def accept(admin: Page, link: str, name: str) -> None:
    admin.goto(link)
    admin.get_by_label("Your name").fill(name)
    admin.get_by_label("Password", exact=True).fill(PASSWORD)
    admin.get_by_label("The same password again").fill(PASSWORD)
    admin.get_by_role("button", name="Set the password").click()
    expect(admin.get_by_role("heading", name="Events", exact=True)).to_be_visible()


def change(owner: Page, name: str, role: str) -> None:
    owner.goto("/admin/admins")
    owner.get_by_role("link", name=f"Change the role of {name}").click()
    owner.get_by_label("Role", exact=True).select_option(role)
    owner.get_by_role("button", name="Change role").click()
    expect(owner.get_by_role("status").get_by_text(f"{name} has the role")).to_be_visible()


def test_an_invited_moderator_works_until_the_role_is_taken(
    people: People, embedded: Embedded, meeting: Meeting, javascript: bool
) -> None:
    people.expect_complaint("403")
    people.expect_complaint("404")
    name = f"Katherine {secrets.token_hex(4)}"
    owner = people.come(embedded.url, javascript=javascript)
    sign_in(owner, ADMIN_EMAIL, ADMIN_PASSWORD)
    admin = people.come(embedded.url, javascript=javascript, phone=True)
    link = invite(owner, f"{name[-8:]}@example.com", "moderator")
    accept(admin, link, name)
    expect(admin.get_by_role("link", name="Employees")).to_have_count(0)
    admin.goto(f"/admin/events/{meeting.slug}/chat")
    expect(admin.get_by_role("link", name="Attendance")).to_have_count(0)
    change(owner, name, "reporter")
    if javascript:
        # The poll of the open page finds out, and says it above what is there.
        expect(admin.locator("#alert")).to_contain_text("Your role (Reporter)")
    admin.goto(f"/admin/events/{meeting.slug}/chat")
    expect(admin.get_by_role("heading", name="Not allowed")).to_be_visible()
    admin.goto(f"/admin/events/{meeting.slug}/attendance")
    expect(admin.get_by_role("link", name="Charts")).to_be_visible()
    owner.goto("/admin/admins")
    owner.get_by_role("link", name=f"Remove {name}").click()
    owner.get_by_role("button", name="Remove").click()
    expect(owner.get_by_role("status").get_by_text("is not an admin any more")).to_be_visible()
    admin.goto("/admin/")
    expect(admin.get_by_role("heading", name="Sign in")).to_be_visible()
    admin.goto(link)
    expect(admin.get_by_text("This invitation was used")).to_be_visible()
