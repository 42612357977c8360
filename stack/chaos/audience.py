"""The pages of a meeting: they post all the time, and a ledger is kept of what becomes of it."""

import itertools
import re
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType

import requests

from stack.chaos.javascript import JavaScriptPage, NodeProcess
from stack.chaos.ledger import Ledger, Row, Verdict
from stack.chaos.page import PythonPage

Page = PythonPage | JavaScriptPage
Person = tuple[str, str]  # e-mail, employee number

# An employee may post five messages in ten seconds.
POST_EVERY_SECONDS = 2.2


class NotSettledError(Exception):
    """Something that was to happen did not, in the time given."""


def check_in(site: str, slug: str, person: Person) -> requests.Session:
    """Check in with the form; the browser that now has the cookie."""
    browser = requests.Session()
    form = browser.get(f"{site}/events/{slug}/", timeout=10)
    token = re.search(r'name="csrf_token" value="([^"]+)"', form.text)
    assert token, form.text  # noqa: S101 - a page without its form
    email, number = person
    fields = {"csrf_token": token[1], "email": email, "employee_number": number}
    address = f"{site}/events/{slug}/check-in"
    answer = browser.post(address, data=fields, allow_redirects=False, timeout=10)
    assert answer.status_code == 303, answer.text  # noqa: S101 - nobody to watch with
    return browser


def cookie_of(browser: requests.Session) -> str:
    """The Cookie header that the browser sends."""
    return "; ".join(f"{name}={value}" for name, value in browser.cookies.items())


class Audience:
    """Pages over both clients, through `site`; the first person has a second tab.

    Inside the block every page posts every other second, until `quiet()`.
    """

    def __init__(self, site: str, slug: str, people: Sequence[Person]) -> None:
        self.ledger = Ledger()
        self._node = NodeProcess(self.ledger.note)
        self.pages: list[Page] = []
        self._numbers = itertools.count()
        self._quiet = threading.Event()
        for number, person in enumerate([*people, people[0]]):
            with check_in(site, slug, person) as browser:
                self.pages.append(self._page(number, site, slug, cookie_of(browser)))
        self._poster = threading.Thread(target=self._post, daemon=True)

    def __enter__(self) -> "Audience":
        for page in self.pages:
            page.open()
        self.wait_until_back(10)
        self._poster.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.quiet()
        self._node.stop()
        for page in self.pages:
            page.close()

    def write(self, page: Page) -> str:
        """Have one page post now; the text."""
        nonce, body = secrets.token_hex(8), f"{page.name} {next(self._numbers)}"
        self.ledger.write(page.name, nonce, body)
        page.write(nonce, body)
        return body

    def quiet(self) -> None:
        """Post no more."""
        self._quiet.set()
        if self._poster.is_alive():
            self._poster.join()

    def wait_until_back(self, seconds: float) -> None:
        """Every page is connected and has caught up."""
        _wait(
            lambda: all(self.ledger.is_back(page.name) for page in self.pages),
            seconds,
            "every page is back",
        )

    def wait_for_messages(self, count: int, seconds: float = 20) -> None:
        """So many more messages are acknowledged from now on."""
        goal = len(self.ledger.acknowledged) + count
        _wait(
            lambda: len(self.ledger.acknowledged) >= goal,
            seconds,
            f"{count} messages are acknowledged",
        )

    def wait_until_agreed(self, seconds: float) -> None:
        """Whatever was acknowledged by now is on every page."""
        known = set(self.ledger.acknowledged.values())
        _wait(
            lambda: not any(known & self.ledger.missing(page.name) for page in self.pages),
            seconds,
            "every page has every message",
        )

    def settle(self, stored: Callable[[], Sequence[Row]], seconds: float = 30) -> Verdict:
        """Stop posting, wait until each page has answers and messages, and judge. What is still
        not as it should be after `seconds` is in the verdict."""
        self.quiet()
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self._at_rest():
            time.sleep(0.05)
        return self.ledger.verdict({page.name: page.rows() for page in self.pages}, stored())

    def _at_rest(self) -> bool:
        ledger = self.ledger
        return not ledger.open and all(
            ledger.is_back(page.name) and not ledger.missing(page.name) for page in self.pages
        )

    def _page(self, number: int, site: str, slug: str, cookie: str) -> Page:
        if number % 3 == 1:
            return JavaScriptPage(self._node, f"js{number}", site, slug, cookie)
        return PythonPage(f"py{number}", site, slug, cookie, self.ledger.note)

    def _post(self) -> None:
        # The second tab writes in turn with the first: the rate is its person's.
        *singles, second_tab = self.pages
        for page in itertools.cycle([*singles, second_tab, *singles[1:]]):
            if self._quiet.wait(POST_EVERY_SECONDS / len(singles)):
                return
            self.write(page)


def _wait(condition: Callable[[], bool], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise NotSettledError(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.02)
