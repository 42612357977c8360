"""Single sign-on in a browser, with and without nginx."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from stack import Stack
from tests.support.browser import People
from tests.support.embedded import Embedded, running
from tests.support.oidc_provider import Provider, running_provider

ADMIN = "admin@example.com"
EMPLOYEE = "ada.lovelace@example.com"


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with running_provider() as provider:
        yield provider


@pytest.fixture(scope="module", params=["embedded", "full"])
def site(
    request: pytest.FixtureRequest, provider: Provider, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Serve the demo data from one process (eventlet) and behind nginx."""
    if request.param == "embedded":
        folder = tmp_path_factory.mktemp("instance")
        with running(Embedded(folder, provider.settings)) as server:
            yield server.url
        return
    with pytest.MonkeyPatch.context() as patch:
        for name, value in provider.settings.items():
            patch.setenv(name, value)
        with Stack(web=1, nodes=1) as stack:
            yield stack.url


@pytest.fixture
def page(people: People, site: str) -> Page:
    """Open a new browser; a violation of the content security policy fails the test."""
    # A refusal has a status of 4xx, and the provider has no icon.
    people.expect_complaint("status of 4")
    return people.come(site)


def sign_in_at_provider(page: Page, email: str) -> None:
    expect(page.get_by_role("heading", name="Example ID")).to_be_visible()
    page.get_by_label("E-mail").fill(email)
    page.get_by_role("button", name="Continue").click()


def test_an_admin_signs_in_and_out(page: Page, site: str) -> None:
    page.goto(f"{site}/admin/employees?q=ada")
    page.get_by_role("link", name="Sign in with Example ID").click()
    sign_in_at_provider(page, ADMIN)
    expect(page).to_have_url(f"{site}/admin/employees?q=ada")
    page.locator(".you > summary").click()
    page.get_by_role("link", name="Sign out everywhere").click()
    page.get_by_role("button", name="Sign out everywhere").click()
    expect(page).to_have_url(f"{site}/admin/login")
    page.goto(f"{site}/admin/")
    expect(page.get_by_role("link", name="Sign in with Example ID")).to_be_visible()


def test_an_admin_cancels_and_uses_the_password(page: Page, site: str) -> None:
    page.goto(f"{site}/admin/")
    page.get_by_role("link", name="Sign in with Example ID").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("alert").filter(has_text="cancelled")).to_be_focused()
    page.get_by_label("E-mail").fill(ADMIN)
    page.get_by_label("Password").fill("townhall-demo")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Events")).to_be_visible()


def test_a_form_survives_a_session_that_ended(page: Page, site: str) -> None:
    edit = f"{site}/admin/events/ask-the-founders/edit"
    page.goto(edit)
    page.get_by_role("link", name="Sign in with Example ID").click()
    sign_in_at_provider(page, ADMIN)
    page.get_by_label("Title").fill("Ask us anything")
    page.context.clear_cookies(name="townhall")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Sign in with Example ID").click()
    sign_in_at_provider(page, ADMIN)
    expect(page.locator(".kept-fields")).to_contain_text("Ask us anything")
    page.get_by_role("button", name="Send it now").click()
    expect(page.get_by_role("heading", name="Ask us anything")).to_be_visible()


def test_an_employee_checks_in_and_joins_the_chat(page: Page, site: str) -> None:
    page.goto(site)
    page.get_by_role("link", name="Check in with Example ID").click()
    sign_in_at_provider(page, EMPLOYEE)
    expect(page).to_have_url(re.compile(r"/events/[^/]+/live$"))
    expect(page.get_by_text("Ada Lovelace").first).to_be_visible()
    expect(page.locator(".watching")).to_be_visible()
    # Going back passes the provider and ends on the live page.
    page.go_back()
    page.goto(site)
    expect(page).to_have_url(re.compile(r"/events/[^/]+/live$"))


def test_an_unknown_account_gets_the_neutral_answer_and_the_form(page: Page, site: str) -> None:
    page.goto(site)
    page.get_by_role("link", name="Check in with Example ID").click()
    sign_in_at_provider(page, "mallory@example.net")
    alert = page.get_by_role("alert").filter(has_text="could not find you")
    expect(alert).to_be_focused()
    page.get_by_label("Work e-mail").fill(EMPLOYEE)
    page.get_by_label("Employee number").fill("1001")
    page.get_by_role("button", name="Check in").click()
    expect(page).to_have_url(re.compile(r"/live$"))
