"""Fetch each page as its visitor, and check it with axe in a browser."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import APIResponse, Browser, BrowserContext

from audit.pages import ADMIN, PUBLIC, VIEWER, Page
from audit.scene import Scene
from stack.process import ROOT
from webapp.domain.seed import ADMIN_EMAIL, ADMIN_PASSWORD, EMPLOYEE_EMAIL, EMPLOYEE_NUMBER

AXE = ROOT / "node_modules/axe-core/axe.min.js"
FILES = ROOT / "tests/data/import"
# WCAG 2.2, levels A and AA; rules that are new in 2.2 are off by default.
RUN = """() => axe.run(document, {
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"],
  rules: {"target-size": {enabled: true}},
  resultTypes: ["violations"],
})"""
DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
MODES = {"light": ("light", DESKTOP), "dark": ("dark", DESKTOP), "phone": ("light", PHONE)}
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass
class Finding:
    """A page in one state: its HTML as sent, and the violations in each mode."""

    page: Page
    html: str
    violations: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    errors: list[dict[str, Any]] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)


class WrongAnswer(Exception):
    """A page did not answer as the list of pages says."""


class Visitors:
    """The browser's visitors of all servers, each signed in where it may be."""

    def __init__(self, browser: Browser, scene: Scene) -> None:
        self._browser = browser
        self._scene = scene
        self._contexts: dict[tuple[str, str], BrowserContext] = {}
        self._tokens: dict[BrowserContext, str] = {}

    def context(self, page: Page) -> BrowserContext:
        """Return the browser of the visitor of that page."""
        key = (page.site, page.visitor)
        if key not in self._contexts:
            self._contexts[key] = self._come(*key)
        return self._contexts[key]

    def cookies(self, page: Page) -> list[dict[str, Any]]:
        """Return the cookies of the visitor of that page."""
        return [dict(cookie) for cookie in self.context(page).cookies()]

    def fetch(self, page: Page) -> APIResponse:
        """Return the answer to a page's request. Raises `WrongAnswer`."""
        context = self.context(page)
        address = self._scene.address(page.site, page.address)
        if page.form is not None or page.file:
            answer = self._send(context, address, page)
        else:
            answer = context.request.get(address)
        if answer.status != page.status or "html" not in answer.headers["content-type"]:
            raise WrongAnswer(f"{page.name}: {answer.status} of {answer.url}")
        return answer

    def _send(self, context: BrowserContext, address: str, page: Page) -> APIResponse:
        fields: dict[str, Any] = {"csrf_token": self._tokens[context], **(page.form or {})}
        if page.file:
            return context.request.post(address, multipart=fields | {"file": FILES / page.file})
        # Only a form of this site is kept over an ended session.
        origin = {"Origin": self._scene.sites[page.site]}
        return context.request.post(address, form=fields, headers=origin)

    def _come(self, site: str, visitor: str) -> BrowserContext:
        base = self._scene.sites[site]
        context = self._browser.new_context(base_url=base, reduced_motion="reduce", locale="en-GB")
        if visitor == VIEWER:
            for event in ("hall", "quiet"):
                address = f"/events/{self._scene.values[event]}/"
                form = {"email": EMPLOYEE_EMAIL, "employee_number": EMPLOYEE_NUMBER}
                self._submit(context, address, f"{address}check-in", form)
            self._note_token(context, address)
        if visitor == ADMIN:
            form = {"email": ADMIN_EMAIL, "password": ADMIN_PASSWORD}
            self._submit(context, "/admin/login", "/admin/login", form)
            self._note_token(context, "/admin/")
        if visitor == PUBLIC:
            self._note_token(context, "/admin/login")
        return context

    def _submit(
        self, context: BrowserContext, page: str, address: str, form: dict[str, Any]
    ) -> None:
        self._note_token(context, page)
        answer = context.request.post(
            address, form=form | {"csrf_token": self._tokens[context]}, max_redirects=0
        )
        if answer.status != 303:
            raise WrongAnswer(f"{address}: {answer.status}")

    def _note_token(self, context: BrowserContext, address: str) -> None:
        found = TOKEN.search(context.request.get(address).text())
        if found:
            self._tokens[context] = found[1]


def visit(visitors: Visitors, page: Page) -> Finding:
    """Fetch a page, show it in a browser, and check it in every mode."""
    answer = visitors.fetch(page)
    finding = Finding(page, answer.text())
    with _shown(visitors.context(page), answer) as tab:
        tab.evaluate(AXE.read_text())
        for mode, (scheme, size) in MODES.items():
            tab.emulate_media(color_scheme=scheme)
            tab.set_viewport_size(size)
            finding.violations[mode] = tab.evaluate(RUN)["violations"]
    return finding


@contextmanager
def _shown(context: BrowserContext, answer: APIResponse) -> Iterator[Any]:
    """Yield a tab that shows the answer, even if it is one to a form."""
    tab = context.new_page()
    # A browser would ask for it again, with GET.
    tab.route(answer.url, lambda route: route.fulfill(response=answer), times=1)
    tab.goto(answer.url, wait_until="load")
    yield tab
    tab.close()
