"""Count the statements and commands of a check-in, step by step, on an idle system."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack

from bench import data
from bench.browser import Browser
from bench.contenders import Contender
from bench.counters import Counters, Counts, counters
from bench.data import Person
from bench.rush import invite
from bench.visitor import check_in, open_form, open_live
from stack import Stack

# Enough to see fractions: cached events and messages expire now and then.
VISITS = 50
# These open the connections of every thread and fill the caches.
WARM_UP = 30

StepCounts = dict[str, Counts]


def count_statements(
    stack: Stack, contenders: Sequence[Contender], people: Sequence[Person]
) -> dict[str, StepCounts]:
    """Return statements and commands of `VISITS` check-ins by contender and step."""
    found = {}
    for contender in contenders:
        slug = f"counted-{contender.name.lower()}"
        data.add_event(slug)
        asyncio.run(invite(contender.port, slug, people[:WARM_UP]))
        some = people[WARM_UP : WARM_UP + VISITS]
        with counters(stack) as counted:
            found[contender.name] = asyncio.run(_count(counted, contender.port, slug, some))
    return found


async def _count(counted: Counters, port: int, slug: str, people: Sequence[Person]) -> StepCounts:
    found = {}
    async with AsyncExitStack() as opened:
        browsers = [await opened.enter_async_context(Browser(port)) for _ in people]
        counted.reset()
        tokens = [await open_form(browser, slug) for browser in browsers]
        found["form"] = counted.since()
        counted.reset()
        for browser, person, token in zip(browsers, people, tokens, strict=True):
            await check_in(browser, slug, person, token)
        found["check-in"] = counted.since()
        counted.reset()
        for browser in browsers:
            await open_live(browser, slug)
        found["live"] = counted.since()
    return found
