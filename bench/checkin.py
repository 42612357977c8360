"""Check-in through nginx with the chat running, beside Express doing the same."""

import asyncio
import gc
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench import data
from bench.checkin_report import report
from bench.contenders import Contender, express, townhall
from bench.data import Person
from bench.plan import Plan
from bench.report import Report
from bench.rush import Rush, invite, rush
from bench.statements import count_statements
from stack import Stack

EMPLOYEES = 10_000


def run() -> Report:
    """Measure both, in turns, on one stack."""
    plan = Plan.of_environment()
    gc.disable()  # The client's pauses would be measured as the server's.
    with (
        tempfile.TemporaryDirectory(prefix="townhall-bench-") as folder,
        Stack(web=2, nodes=2, demo=False) as stack,
        express(stack, Path(folder) / "nginx") as node,
        data.opened(stack.settings),
    ):
        contenders = [townhall(stack), node]
        people = data.add_employees(max(EMPLOYEES, plan.check_ins + plan.viewers))
        counts = count_statements(stack, contenders, people)
        rushes = _rush_all(contenders, people, plan, stack.nginx.port)
    return report(plan, counts, rushes)


def _rush_all(
    contenders: Sequence[Contender], people: Sequence[Person], plan: Plan, door: int
) -> dict[str, list[Rush]]:
    """Every contender once a round, in alternating order; each time an event of its own."""
    found: dict[str, list[Rush]] = {contender.name: [] for contender in contenders}
    for number in range(1, plan.rounds + 1):
        for contender in contenders if number % 2 else reversed(contenders):
            slug = f"round-{number}-{contender.name.lower()}"
            print(f"check-in: {slug}", flush=True)
            found[contender.name].append(_rush_once(contender, slug, people, plan, door))
    return found


def _rush_once(
    contender: Contender, slug: str, people: Sequence[Person], plan: Plan, door: int
) -> Rush:
    data.add_event(slug)
    crowd, watching = people[: plan.check_ins], people[-plan.viewers :]
    # The audience enters by Townhall's door either time: the nodes know its cookies alone.
    cookies = asyncio.run(invite(door, slug, watching))
    done = asyncio.run(rush(contender, slug, crowd, cookies, plan))
    rows = data.count_attendance(slug) - len(watching)
    if rows != len(crowd):
        done.errors.append(f"{rows} rows for {len(crowd)} check-ins")
    gc.collect()
    return done
