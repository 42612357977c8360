"""The pages of a meeting, which post all the time, and a ledger of the fate of each post."""

import itertools
import random
import re
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType

import requests

from stack.chaos.ledger import Ledger, Row, Verdict
from stack.chaos.pages import LivePage, PageProcess
from stack.chaos.poll_ledger import PollVerdict, StoredPoll
from stack.chaos.question_ledger import QuestionVerdict, StoredQuestions

Person = tuple[str, str]  # e-mail, employee number

# An employee may post five messages in ten seconds.
POST_EVERY_SECONDS = 2.2
# Three questions a minute; a page keeps the latest hundred.
ASK_EVERY_POSTS, MOST_QUESTIONS = 12, 60


class NotSettledError(Exception):
    """A condition was not met in the time given."""


def check_in(site: str, slug: str, person: Person) -> requests.Session:
    """Check in with the form and return the browser that now has the cookie."""
    browser = requests.Session()
    form = browser.get(f"{site}/events/{slug}/", timeout=10)
    token = re.search(r'name="csrf_token" value="([^"]+)"', form.text)
    assert token, form.text  # noqa: S101 - the page has no form
    email, number = person
    fields = {"csrf_token": token[1], "email": email, "employee_number": number}
    address = f"{site}/events/{slug}/check-in"
    answer = browser.post(address, data=fields, allow_redirects=False, timeout=10)
    assert answer.status_code == 303, answer.text  # noqa: S101 - no run without viewers
    return browser


def cookie_of(browser: requests.Session) -> str:
    """Return the Cookie header that the browser sends."""
    return "; ".join(f"{name}={value}" for name, value in browser.cookies.items())


class Audience:
    """Live pages through `site`; the first person has a second tab.

    Inside the block every person posts every `POST_EVERY_SECONDS`, until `quiet()`.
    """

    def __init__(self, site: str, slug: str, people: Sequence[Person]) -> None:
        self.ledger = Ledger()
        self._process = PageProcess(self.ledger.note)
        self.pages: list[LivePage] = []
        self._numbers = itertools.count()
        self._chance = random.Random(1)
        # The first tab of each person votes: the order of the votes of two would be unknown.
        self._page_of: dict[str, str] = {}
        self._quiet = threading.Event()
        for number, person in enumerate([*people, people[0]]):
            with check_in(site, slug, person) as browser:
                values = (person[1], site, slug, cookie_of(browser))
                self.pages.append(LivePage(self._process, f"page{number}", *values))
                self._page_of.setdefault(person[1], f"page{number}")
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
        self._process.stop()

    def write(self, page: LivePage) -> str:
        """Have a page post now and return the text."""
        nonce, body = secrets.token_hex(8), f"{page.name} {next(self._numbers)}"
        self.ledger.write(page.name, nonce, body)
        page.write(nonce, body)
        return body

    def ask(self, page: LivePage) -> None:
        """Have a page ask a question now, unless there are enough."""
        nonce, body = secrets.token_hex(8), f"{page.name} asks {next(self._numbers)}"
        if len(self.ledger.questions.written) < MOST_QUESTIONS:
            self.ledger.questions.write(nonce, body)
            page.ask(nonce, body)

    def vote(self, page: LivePage) -> None:
        """Have a page vote for some question, or take its vote back."""
        if asked := list(self.ledger.questions.acknowledged.values()):
            page.vote(self._chance.choice(asked))

    def quiet(self) -> None:
        """Stop posting."""
        self._quiet.set()
        if self._poster.is_alive():
            self._poster.join()

    def wait_until_back(self, seconds: float) -> None:
        """Wait until every page is connected and has caught up."""
        _wait(
            lambda: all(self.ledger.is_back(page.name) for page in self.pages),
            seconds,
            "every page is back",
        )

    def wait_for_messages(self, count: int, seconds: float = 20) -> None:
        """Wait until `count` more messages are acknowledged."""
        goal = len(self.ledger.acknowledged) + count
        _wait(
            lambda: len(self.ledger.acknowledged) >= goal,
            seconds,
            f"{count} messages are acknowledged",
        )

    def wait_until_agreed(self, seconds: float) -> None:
        """Wait until every message that is acknowledged by now is on every page."""
        known = set(self.ledger.acknowledged.values())
        _wait(
            lambda: not any(known & self.ledger.missing(page.name) for page in self.pages),
            seconds,
            "every page has every message",
        )

    def settle(
        self,
        stored: Callable[[], Sequence[Row]],
        stored_questions: Callable[[], StoredQuestions],
        stored_poll: Callable[[], StoredPoll],
        seconds: float = 30,
    ) -> Verdict:
        """Stop posting, wait until every page has its answers and messages, and judge.

        What is still missing after `seconds` counts in the verdict. The votes of
        `stored_questions` and the choices of `stored_poll` are by employee number.
        """
        self.quiet()
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self._at_rest():
            time.sleep(0.05)
        questions = self._by_page(stored_questions())
        poll = self._of_pages(stored_poll())
        while time.monotonic() < deadline and (
            self._judge_questions(questions).miscounted or self._judge_poll(poll).miscounted
        ):
            time.sleep(0.2)
        rows = {page.name: page.rows() for page in self.pages}
        judged = self._judge_questions(questions), self._judge_poll(poll)
        return self.ledger.verdict(rows, stored(), *judged)

    def _judge_questions(self, stored: StoredQuestions) -> QuestionVerdict:
        shown = {page.name: page.question_rows() for page in self.pages}
        return self.ledger.questions.verdict(shown, stored)

    def _judge_poll(self, stored: StoredPoll) -> PollVerdict:
        shown = {page.name: page.poll_votes() for page in self.pages}
        return self.ledger.poll.verdict(shown, stored)

    def _of_pages(self, stored: StoredPoll) -> StoredPoll:
        """Return the same with the choices of the pages that answer."""
        choices = {
            self._page_of[number]: options
            for number, options in stored.choices.items()
            if number in self._page_of
        }
        return StoredPoll(stored.votes, choices, stored.answers)

    def _by_page(self, stored: StoredQuestions) -> StoredQuestions:
        """Return the same with the votes of the pages that vote."""
        votes = (
            (self._page_of[number], id_) for number, id_ in stored.votes if number in self._page_of
        )
        return StoredQuestions(stored.questions, frozenset(votes))

    def _at_rest(self) -> bool:
        ledger = self.ledger
        asked = ledger.questions
        return not (ledger.open or asked.open or ledger.poll.open) and all(
            ledger.is_back(page.name)
            and not ledger.missing(page.name)
            and not asked.missing(page.name)
            for page in self.pages
        )

    def _post(self) -> None:
        # The two tabs of one person take turns: the rate limit is per person.
        *singles, second_tab = self.pages
        for turn, page in enumerate(itertools.cycle([*singles, second_tab, *singles[1:]])):
            if self._quiet.wait(POST_EVERY_SECONDS / len(singles)):
                return
            self.write(page)
            if turn // len(singles) % ASK_EVERY_POSTS == 0:
                self.ask(page)
            if page is not second_tab:
                self.vote(page)
                page.answer(self._chance.randrange(10))


def _wait(condition: Callable[[], bool], seconds: float, description: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise NotSettledError(f"not within {seconds:.0f} s: {description}")
        time.sleep(0.02)
