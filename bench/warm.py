"""Count the statements and commands of a checked-in viewer's requests with a warm cache."""

import asyncio
from collections.abc import Callable, Sequence

from bench import data
from bench.browser import Browser
from bench.cookies import townhall_cookies
from bench.counters import Counters, Counts, counters
from bench.crowd import Crowd
from bench.visitor import expect
from stack import Stack

SLUG = "warm"
VIEWERS = 10
# The sweep of the nodes adds statements every other second; the minimum of several tries is the
# cost of the requests alone.
TRIES = 12


def count_warm(stack: Stack) -> dict[str, Counts]:
    """Return statements and commands of `VIEWERS` requests of each kind after the first visit."""
    data.add_event(SLUG)
    data.add_question(SLUG)
    data.add_poll(SLUG)
    cookies = townhall_cookies(data.check_in_all(SLUG, VIEWERS))
    crowd = Crowd(stack.nginx.port, SLUG)
    requests: dict[str, Callable[[], object]] = {
        "GET live": lambda: asyncio.run(_get(stack, "live", cookies)),
        "GET attendance/me": lambda: asyncio.run(_get(stack, "attendance/me", cookies)),
        "connect the live socket": lambda: crowd.join(cookies, catch_up=False),
    }
    with counters(stack) as counted:
        found = {name: _least(counted, request) for name, request in requests.items()}
    if crowd.lost:
        raise ConnectionError(crowd.lost[0])
    crowd.close()
    return found


def _least(counted: Counters, request: Callable[[], object]) -> Counts:
    request()
    tries = []
    for _ in range(TRIES):
        counted.reset()
        request()
        tries.append(counted.since())
    return min(tries, key=lambda counts: (counts.statements, counts.redis_commands))


async def _get(stack: Stack, page: str, cookies: Sequence[str]) -> None:
    for cookie in cookies:
        async with Browser(stack.nginx.port) as browser:
            name, _, value = cookie.partition("=")
            browser.cookies[name] = value
            expect(await browser.get(f"/events/{SLUG}/{page}"), 200)
