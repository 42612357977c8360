"""Check that `make audit` knows every page."""

import pytest
from flask import Flask

from audit.pages import PAGES
from tests.support.addresses import address_of, rules
from tests.support.client import PageClient
from tests.support.data import ADMIN, add_admin, add_employee, add_event

SLUG = "town-hall"


@pytest.fixture
def visitor(app: Flask, client: PageClient) -> PageClient:
    """Return a browser that may open every page: of a viewer who is an admin as well."""
    with app.app_context():
        add_event(SLUG)
        add_admin()
        add_employee("1001", email="ada@example.com", id=1)
    client.check_in(SLUG, "ada@example.com", "1001")
    client.sign_in(*ADMIN)
    return client


@pytest.mark.parametrize("settings", ["embedded"], indirect=True)
def test_every_page_is_audited(app: Flask, visitor: PageClient) -> None:
    stranger = app.test_client()
    audited = {page.endpoint for page in PAGES}
    for rule in rules(app):
        if "GET" not in (rule.methods or ()):
            continue
        for client in (visitor, stranger):
            answer = client.get(address_of(app, rule, SLUG), buffered=True)
            if answer.status_code == 200 and answer.mimetype == "text/html":
                assert rule.endpoint in audited, f"add {rule.endpoint} to audit/pages.py"


def test_audited_pages_exist(app: Flask) -> None:
    known = {rule.endpoint for rule in rules(app)} | {"error", "parts.show_parts"}
    assert {page.endpoint for page in PAGES} <= known
