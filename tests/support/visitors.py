"""People who use every plain page all the time, for tests that replace what serves them."""

import itertools
import re
import secrets
import threading
from collections import Counter

import requests

from stack.chaos.audience import Person, check_in
from tests.support.waiting import wait_for


class Visitors:
    """People who check in, open pages and post by form, one after the other, over and over."""

    def __init__(self, site: str, slug: str, people: list[Person]) -> None:
        self.site = site
        self.event = f"{site}/events/{slug}"
        self.slug = slug
        self.answers: Counter[tuple[str, int]] = Counter()
        self.errors: list[str] = []
        self.posted: list[str] = []
        self.arrived: list[str] = []
        self._people = people
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._come)

    def __enter__(self) -> "Visitors":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def wait_for_more(self) -> None:
        """Wait until two more people have come, each by some worker."""
        goal = len(self.arrived) + 2
        wait_for(lambda: len(self.arrived) >= goal or self.errors, 20, "people check in")

    def _come(self) -> None:
        for person in itertools.cycle(self._people):
            if self._done.is_set():
                return
            try:
                self._visit(person)
            except (AssertionError, requests.RequestException) as error:
                self.errors.append(f"{type(error).__name__}: {error}"[-800:])

    def _visit(self, person: Person) -> None:
        with check_in(self.site, self.slug, person) as browser:
            self.arrived.append(person[1])
            page = self._get(browser, "live")
            token = re.search(r'name="csrf_token" value="([^"]+)"', page)
            assert token, page
            body = f"by form {secrets.token_hex(4)}"
            fields = {"csrf_token": token[1], "nonce": secrets.token_hex(8), "body": body}
            address = f"{self.event}/messages"
            sent = browser.post(address, data=fields, allow_redirects=False, timeout=15)
            assert sent.status_code == 303, sent.text
            self.posted.append(body)
            for path in ("attendance/me", "messages?after=0", "questions", "polls"):
                self._get(browser, path)

    def _get(self, browser: requests.Session, path: str) -> str:
        answer = browser.get(f"{self.event}/{path}", timeout=15)
        self.answers[path, answer.status_code] += 1
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        return answer.text
