"""The memory and CPU of each container with an audience, beside its limits."""

import asyncio
import json
import threading
from collections import defaultdict
from dataclasses import dataclass, field

from bench.browser import Browser
from bench.chatter import chat
from bench.crowd import Crowd
from bench.report import Report, Table
from bench.visitor import check_in, open_form
from tests.compose.composed import Composed

VIEWERS, MESSAGES_PER_SECOND, SECONDS = 1000, 20, 20
# Check-ins at the same time.
AT_ONCE = 40
MOST_OF_LIMIT = 0.6


@dataclass
class Use:
    """The highest figures of the containers of one service."""

    memory: float = 0.0  # MiB of one container
    limit: float = 0.0
    cpu: float = 0.0  # per cent of a core, of all containers together
    _now: dict[str, float] = field(default_factory=dict)

    def note(self, name: str, memory: float, limit: float, cpu: float) -> None:
        """Add a sample of one container."""
        self.memory, self.limit = max(self.memory, memory), limit
        self._now[name] = cpu
        self.cpu = max(self.cpu, sum(self._now.values()))


class Sampler(threading.Thread):
    """Reads `docker stats` until it is stopped."""

    def __init__(self, system: Composed) -> None:
        super().__init__(daemon=True)
        self.uses: dict[str, Use] = defaultdict(Use)
        self._system, self._stopped = system, threading.Event()
        self._services = {c.id[:12]: c.service for c in system.containers() if c.running}

    def run(self) -> None:
        """Read until `stop`."""
        while not self._stopped.is_set():
            stats = ["stats", "--no-stream", "--format", "{{json .}}", *self._services]
            for line in self._system.docker(*stats).splitlines():
                found = json.loads(line)
                memory, limit = (_mib(text) for text in found["MemUsage"].split(" / "))
                use = self.uses[self._services[found["ID"][:12]]]
                use.note(found["ID"], memory, limit, float(found["CPUPerc"].rstrip("%")))

    def stop(self) -> dict[str, Use]:
        """Return the highest figures."""
        self._stopped.set()
        self.join()
        return self.uses


def _mib(text: str) -> float:
    units = {"GiB": 1024.0, "MiB": 1.0, "KiB": 1 / 1024, "B": 1 / 1024**2}
    unit = next(unit for unit in units if text.endswith(unit))
    return float(text.removesuffix(unit)) * units[unit]


async def _cookies(port: int, slug: str, people: list[tuple[str, str]]) -> list[str]:
    """Check everybody in; return their cookies."""
    places = asyncio.Semaphore(AT_ONCE)

    async def arrive(person: tuple[str, str]) -> str:
        async with places, Browser(port) as browser:
            await check_in(browser, slug, person, await open_form(browser, slug))
            return browser.cookie

    return list(await asyncio.gather(*map(arrive, people)))


def test_limits_leave_headroom_with_an_audience(system: Composed, slug: str) -> None:
    people = [(f"guest{n}@example.com", f"G{n:05}") for n in range(VIEWERS)]
    rows = [f"{email},{number},Guest,Number {number}\n" for email, number in people]
    head = "email,employee_number,first_name,last_name\n"
    load = ["exec", "-T", "web", "flask", "--app", "wsgi", "employees", "import", "-"]
    system.compose(*load, typed=head + "".join(rows))
    port = int(system.url.rpartition(":")[2])
    sampler = Sampler(system)
    sampler.start()
    crowd = Crowd(port, slug)
    try:
        crowd.join(asyncio.run(_cookies(port, slug, people)))
        done = chat(crowd, MESSAGES_PER_SECOND, SECONDS)
    finally:
        uses = sampler.stop()
        present = len(crowd.viewers)
        crowd.close()
    title = f"{VIEWERS} viewers check in and chat, {MESSAGES_PER_SECOND} messages a second"
    rows_of = [
        [name, f"{use.memory:.0f} MiB", f"{use.limit:.0f} MiB", f"{use.cpu:.0f} %"]
        for name, use in sorted(uses.items())
    ]
    table = Table("Containers", ["", "memory", "limit", "CPU, all of them"], list(rows_of))
    report = Report(title, [table], figures={"uses": {name: vars(u) for name, u in uses.items()}})
    report.write("containers")
    print(report.as_text())
    # A page connects again where a busy machine refused it; the crowd does not.
    assert present > 0.95 * VIEWERS
    assert done.complete, (done.posted, done.stored, done.refused, done.wrong)
    assert {"nginx", "web", "realtime", "mysql", "redis"} <= uses.keys()
    tight = {name: use for name, use in uses.items() if use.memory > MOST_OF_LIMIT * use.limit}
    assert not tight
