"""Check-in through nginx while a chat runs, compared with Express."""

import asyncio
import gc
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench import data
from bench.checkin_report import report
from bench.contenders import Contender, web_tiers
from bench.data import Person
from bench.plan import CheckInPlan
from bench.report import Report
from bench.rush import Rush, invite, rush
from bench.statements import count_statements
from stack import Stack

EMPLOYEES = 10_000


def run() -> Report:
    """Measure both contenders in turns on one stack."""
    plan = CheckInPlan.of_environment()
    gc.disable()  # A pause of the client would count as the server's.
    with (
        tempfile.TemporaryDirectory(prefix="townhall-bench-") as folder,
        Stack(web=2, nodes=2, demo=False) as stack,
        web_tiers(stack, Path(folder) / "nginx") as contenders,
        data.opened(stack.settings),
    ):
        people = data.add_employees(max(EMPLOYEES, plan.check_ins + plan.viewers))
        counts = count_statements(stack, contenders, people)
        rushes = _rush_all(contenders, people, plan, stack.nginx.port)
    return report(plan, counts, rushes)


def _rush_all(
    contenders: Sequence[Contender], people: Sequence[Person], plan: CheckInPlan, port: int
) -> dict[str, list[Rush]]:
    """Run every contender once a round, in alternating order, each time with a new event."""
    found: dict[str, list[Rush]] = {contender.name: [] for contender in contenders}
    for number in range(1, plan.rounds + 1):
        for contender in contenders if number % 2 else reversed(contenders):
            slug = f"round-{number}-{contender.name.lower()}"
            print(f"check-in: {slug}", flush=True)
            found[contender.name].append(_rush_once(contender, slug, people, plan, port))
    return found


def _rush_once(
    contender: Contender, slug: str, people: Sequence[Person], plan: CheckInPlan, port: int
) -> Rush:
    data.add_event(slug)
    crowd, watching = people[: plan.check_ins], people[-plan.viewers :]
    # The audience always checks in to Townhall: only its cookies open a socket on its nodes.
    cookies = asyncio.run(invite(port, slug, watching))
    done = asyncio.run(rush(contender, slug, crowd, cookies, plan))
    rows = data.count_attendance(slug) - len(watching)
    if rows != len(crowd):
        done.errors.append(f"{rows} rows for {len(crowd)} check-ins")
    gc.collect()
    return done
