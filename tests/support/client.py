"""A test client that behaves like a browser without JavaScript and checks every page it gets."""

import re
from collections import Counter
from functools import lru_cache
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

XHTML = "{http://www.w3.org/1999/xhtml}"


class PageClient(FlaskClient):
    """A client that checks every HTML page and fills in forms. Follows no redirect by itself."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Send a request and check the page that comes back."""
        response = super().open(*args, **kwargs)
        # A large body is in a temporary file, which the response leaves open.
        response.request.environ["wsgi.input"].close()
        if response.mimetype == "text/html" and response.data.lstrip()[:9] == b"<!doctype":
            check_page(response.text)
        return response

    def submit(
        self,
        page: TestResponse,
        action: str,
        *,
        headers: Any = None,  # a dict[str, str]; Any, so that a form can be passed as **dict
        **fields: str,
    ) -> TestResponse:
        """Fill in and send the form of `page` that goes to `action`, as a person would."""
        form = find_form(page.text, action)
        values = {
            field.get("name", ""): field.get("value") or field.text or ""
            for field in form.iter()
            if field.tag in (f"{XHTML}input", f"{XHTML}textarea") and field.get("name")
        }
        return self.post(form.get("action", ""), data=values | fields, headers=headers)

    def check_in(self, slug: str, email: str, employee_number: str) -> TestResponse:
        """Open the check-in form and send it."""
        page = self.get(f"/events/{slug}/")
        return self.submit(page, "check-in", email=email, employee_number=employee_number)

    def sign_in(self, email: str, password: str) -> TestResponse:
        """Sign in as an admin."""
        return self.submit(self.get("/admin/login"), "login", email=email, password=password)


# A page is checked, and then read for a form or a text: parsing is a fifth of an integration test.
@lru_cache(maxsize=16)
def parse(html: str) -> Element:
    """Return the document as a tree, not to be changed. Raises on every HTML5 parse error."""
    tree: Element = html5lib.HTMLParser(strict=True).parse(html)
    return tree


def find_form(html: str, action: str) -> Element:
    """Return the only form whose address contains `action`."""
    forms = [f for f in parse(html).iter(f"{XHTML}form") if action in (f.get("action") or "")]
    assert len(forms) == 1, f"{len(forms)} forms go to {action!r}"
    return forms[0]


def text_of(html: str) -> str:
    """Return the visible text with folded white space."""
    body = parse(html).find(f"{XHTML}body")
    assert body is not None
    return re.sub(r"\s+", " ", "".join(body.itertext()))


def check_page(html: str) -> None:
    """Assert valid HTML5, one h1, language, title, unique ids, labelled fields, CSRF tokens."""
    tree = parse(html)
    assert tree.get("lang"), "the page names no language"
    assert len(list(tree.iter(f"{XHTML}h1"))) == 1, "a page has one <h1>"
    title = next(tree.iter(f"{XHTML}title"), None)
    assert title is not None
    assert (title.text or "").strip(), "the page has no title"
    ids = Counter(element.get("id") for element in tree.iter() if element.get("id"))
    assert not [name for name, count in ids.items() if count > 1], f"an id stands twice: {ids}"
    for form in tree.iter(f"{XHTML}form"):
        _check_form(form)
    _check_policy(tree)


def _check_form(form: Element) -> None:
    assert form.get("action"), "a form without an address"
    names = {field.get("name") for field in form.iter(f"{XHTML}input")}
    if form.get("method", "get").lower() == "post":
        assert "csrf_token" in names, f"{form.get('action')} can be forged"
    labels = list(form.iter(f"{XHTML}label"))
    labelled = {label.get("for") for label in labels}
    labelled |= {field.get("id") for label in labels for field in label.iter()}
    for field in form.iter():
        if field.tag.removeprefix(XHTML) not in ("input", "textarea", "select"):
            continue
        if field.get("type") not in ("hidden", "submit") and not field.get("aria-label"):
            assert field.get("id") in labelled, f"{field.get('name')} has no label"


def _check_policy(tree: Element) -> None:
    """Assert that the Content-Security-Policy would refuse nothing."""
    for element in tree.iter():
        assert not element.get("style"), "an inline style"
        assert not [name for name in element.attrib if name.startswith("on")], "an inline handler"
    for script in tree.iter(f"{XHTML}script"):
        assert script.get("src", "").startswith("/static/"), "an inline or foreign script"
