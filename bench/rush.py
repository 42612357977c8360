"""A rush of check-ins at a fixed rate while an audience chats, and its CPU cost."""

import asyncio
import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bench.audience import Audience
from bench.browser import Browser
from bench.data import Person
from bench.plan import CheckInPlan
from bench.visitor import Visit, check_in, open_form, visit

# Employees read the form and type before they send it.
TYPING_SECONDS = 2.0
# The chat alone, before the rush, so that its cost can be subtracted.
CALM_SECONDS = 5.0
CLIENT = "load client"


class Costing(Protocol):
    """A system that answers at a port of loopback and tells its CPU seconds by kind of process."""

    @property
    def port(self) -> int: ...

    def cpu(self) -> dict[str, float]: ...


@dataclass
class Rush:
    """One round of one contender; `cpu` in seconds, without the chat's share."""

    visits: list[Visit]
    rate: float
    cpu: dict[str, float]
    delivered: int
    to_deliver: int
    errors: list[str] = field(default_factory=list)

    def seconds_of(self, step: str) -> list[float]:
        """Return the seconds of that step for each visitor that completed it."""
        return [visit.seconds[step] for visit in self.visits if step in visit.seconds]


async def rush(
    contender: Costing,
    slug: str,
    people: Sequence[Person],
    cookies: Sequence[str],
    plan: CheckInPlan,
) -> Rush:
    """Check in `people` at `plan.rate` per second while the owners of `cookies` watch and chat."""
    audience = Audience(contender.port, slug, cookies, plan.messages_per_second)
    async with audience:
        await asyncio.sleep(1)
        chat = await _cost_of(contender, asyncio.sleep(CALM_SECONDS))
        seconds = time.monotonic()
        visits: list[Visit] = []
        total = await _cost_of(contender, _check_in_all(visits, contender, slug, people, plan))
        seconds = time.monotonic() - seconds
        await audience.hush()
    cpu = {tier: spent - chat[tier] * seconds / CALM_SECONDS for tier, spent in total.items()}
    # The client's CPU is not reduced: it shows how near the client is to its own limit.
    cpu[CLIENT] = total[CLIENT]
    errors = [visit.error for visit in visits if visit.error]
    errors += audience.errors
    return Rush(visits, _rate(visits), cpu, audience.received, audience.expected, errors)


async def invite(port: int, slug: str, people: Sequence[Person]) -> list[str]:
    """Check in `people` one after the other; return their cookies."""
    cookies = []
    for person in people:
        async with Browser(port) as browser:
            await check_in(browser, slug, person, await open_form(browser, slug))
            cookies.append(browser.cookie)
    return cookies


async def _check_in_all(
    visits: list[Visit],
    contender: Costing,
    slug: str,
    people: Sequence[Person],
    plan: CheckInPlan,
) -> None:
    begin = time.monotonic() + TYPING_SECONDS
    visits += await asyncio.gather(
        *(
            visit(contender.port, slug, person, begin + n / plan.rate, TYPING_SECONDS)
            for n, person in enumerate(people)
        )
    )


async def _cost_of(contender: Costing, work: Awaitable[None]) -> dict[str, float]:
    before = _cpu(contender)
    await work
    return {tier: spent - before[tier] for tier, spent in _cpu(contender).items()}


def _cpu(contender: Costing) -> dict[str, float]:
    return contender.cpu() | {CLIENT: time.process_time()}


def _rate(visits: Sequence[Visit]) -> float:
    ends = sorted(visit.ended_at for visit in visits if not visit.error)
    return (len(ends) - 1) / (ends[-1] - ends[0]) if len(ends) > 1 else 0.0
