"""One employee who checks in: the form, a pause for typing, the answer, the live page."""

import asyncio
import re
import time
from dataclasses import dataclass, field

from bench.browser import Answer, Browser

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
STEPS = ("form", "check-in", "live")


class Unexpected(Exception):
    """An answer had the wrong status or content."""


@dataclass
class Visit:
    """The seconds of each step, or the error."""

    seconds: dict[str, float] = field(default_factory=dict)
    ended_at: float = 0.0
    error: str = ""


async def visit(
    port: int, slug: str, person: tuple[str, str], sends_at: float, typing: float
) -> Visit:
    """Check `person` in. The form is due at `sends_at` (of `time.monotonic`): a delay of the load
    client counts as latency."""
    done = Visit()
    try:
        await _visit(done, port, slug, person, sends_at, typing)
    except (OSError, asyncio.IncompleteReadError, TimeoutError, Unexpected) as error:
        done.error = f"{type(error).__name__}: {error}"
    return done


async def check_in(browser: Browser, slug: str, person: tuple[str, str], token: str) -> None:
    """Send the form."""
    email, number = person
    path = f"/events/{slug}/check-in"
    answer = await browser.post(path, csrf_token=token, email=email, employee_number=number)
    expect(answer, 303)


async def open_form(browser: Browser, slug: str) -> str:
    """Open the form; return its CSRF token."""
    found = TOKEN.search(expect(await browser.get(f"/events/{slug}/"), 200).text)
    if not found:
        raise Unexpected("a form without a token")
    return found[1]


async def open_live(browser: Browser, slug: str) -> Answer:
    """Open the live page."""
    return expect(await browser.get(f"/events/{slug}/live"), 200)


def expect(answer: Answer, status: int) -> Answer:
    """Return `answer` if it has that status; raise `Unexpected` otherwise."""
    if answer.status != status:
        raise Unexpected(f"{answer.status} instead of {status}")
    return answer


async def _visit(
    done: Visit, port: int, slug: str, person: tuple[str, str], sends_at: float, typing: float
) -> None:
    comes_at = sends_at - typing
    await _sleep_until(comes_at)
    async with Browser(port) as browser:
        token = await open_form(browser, slug)
        done.seconds["form"] = time.monotonic() - comes_at
        await _sleep_until(sends_at)
        await check_in(browser, slug, person, token)
        done.ended_at = time.monotonic()
        done.seconds["check-in"] = done.ended_at - sends_at
        await open_live(browser, slug)
        done.seconds["live"] = time.monotonic() - done.ended_at


async def _sleep_until(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - time.monotonic()))
