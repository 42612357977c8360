"""The figures of the check-in benchmark as tables and bars."""

import math
from collections.abc import Mapping, Sequence

from bench.plan import CheckInPlan
from bench.report import Bar, Report, Table
from bench.rush import CALM_SECONDS, CLIENT, TYPING_SECONDS, Rush
from bench.statements import VISITS, StepCounts
from bench.visitor import STEPS

LATENCY_BAR_SECONDS = 0.5
SLOWEST_RATE = 0.99  # of the requested rate; the last gap of the schedule is the machine's
NAMES = {"form": "GET the form", "check-in": "POST the check-in", "live": "GET the live page"}

NOTE = f"""A visitor opens the form, types for {TYPING_SECONDS:g} s, sends it when the schedule
says so (latency counts from there) and opens the live page: three requests, one connection, gzip.
CPU is user and system time of each tier with its children, less what the chat alone cost it in the
{CALM_SECONDS:g} s before; the load client's, all of it, includes the viewers."""

Rushes = Mapping[str, Sequence[Rush]]


def report(plan: CheckInPlan, counts: Mapping[str, StepCounts], rushes: Rushes) -> Report:
    """Return the report of all measurements; the bars are Townhall's."""
    title = (
        f"Check-in: {plan.rate} a second for {plan.seconds} s, {plan.rounds} rounds, "
        f"{plan.viewers} viewers, {plan.messages_per_second:g} messages a second"
    )
    tables = [_traffic(rushes), _latency(rushes), _cpu(rushes), _statements(counts)]
    figures = {name: _figures(done, counts[name]) for name, done in rushes.items()}
    return Report(title, tables, _bars(plan, rushes["Townhall"]), figures, [NOTE])


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the percentile by nearest rank; nan without values."""
    ordered = sorted(values)
    return ordered[math.ceil(len(ordered) * percent / 100) - 1] if ordered else math.nan


def _bars(plan: CheckInPlan, done: Sequence[Rush]) -> list[Bar]:
    slowest, errors = min(r.rate for r in done), sum(len(r.errors) for r in done)
    p99 = max(percentile(r.seconds_of("check-in"), 99) for r in done)
    missing = sum(r.to_deliver - r.delivered for r in done)
    return [
        Bar(
            f"{plan.rate} check-ins a second for {plan.seconds} s",
            f"{slowest:.1f}/s",
            slowest >= plan.rate * SLOWEST_RATE,
        ),
        Bar("no error", str(errors), errors == 0),
        Bar("99 % within 500 ms, in every round", _ms(p99), p99 <= LATENCY_BAR_SECONDS),
        Bar("every chat message delivered meanwhile", f"{missing} missing", missing == 0),
    ]


def _traffic(rushes: Rushes) -> Table:
    rows = [
        ["check-ins", *(str(sum(len(r.visits) for r in done)) for done in rushes.values())],
        ["per second", *(f"{min(r.rate for r in done):.1f}" for done in rushes.values())],
        ["errors", *(str(sum(len(r.errors) for r in done)) for done in rushes.values())],
        ["chat deliveries", *(str(sum(r.delivered for r in done)) for done in rushes.values())],
    ]
    return Table("What was done", ["", *rushes], list(rows))


def _latency(rushes: Rushes) -> Table:
    head = [f"{name} {figure}" for name in rushes for figure in ("p50", "p99", "max")]
    rows = [
        [
            NAMES[step],
            *(_ms(seconds) for done in rushes.values() for seconds in _spread(done, step)),
        ]
        for step in STEPS
    ]
    return Table("Latency", ["", *head], list(rows))


def _cpu(rushes: Rushes) -> Table:
    costs = [cpu_per_check_in(done) for done in rushes.values()]
    tiers = [tier for tier in costs[0] if tier != CLIENT]
    sums = [sum(cost[tier] for tier in tiers) for cost in costs]
    rows = [[tier, *(_ms(cost[tier]) for cost in costs)] for tier in tiers]
    rows.append(["together", *map(_ms, sums)])
    rows.append([CLIENT, *(_ms(cost[CLIENT]) for cost in costs)])
    return Table("CPU per check-in (all three requests)", ["", *rushes], list(rows))


def _statements(counts: Mapping[str, StepCounts]) -> Table:
    kinds = ("SQL", "pings", "Redis")
    rows = []
    for step in STEPS:
        row = [NAMES[step]]
        for steps in counts.values():
            count = steps[step]
            numbers = (count.statements, count.pings, count.redis_commands)
            row += [f"{number / VISITS:.2f}" for number in numbers]
        rows.append(row)
    head = [f"{name} {kind}" for name in counts for kind in kinds]
    return Table("Statements and commands per request, in a calm moment", ["", *head], list(rows))


def cpu_per_check_in(done: Sequence[Rush]) -> dict[str, float]:
    """Return CPU seconds per check-in by tier, over all rounds."""
    check_ins = sum(len(r.visits) for r in done)
    return {tier: sum(r.cpu[tier] for r in done) / check_ins for tier in done[0].cpu}


def _figures(done: Sequence[Rush], counts: StepCounts) -> dict[str, object]:
    return {
        "check_ins": sum(len(r.visits) for r in done),
        "rates": [r.rate for r in done],
        "errors": [error for r in done for error in r.errors],
        "chat_deliveries": sum(r.delivered for r in done),
        "latency_seconds": {
            step: dict(zip(("p50", "p99", "max"), _spread(done, step), strict=True))
            for step in STEPS
        },
        "cpu_seconds_per_check_in": cpu_per_check_in(done),
        "counts": {step: vars(count) | {"requests": VISITS} for step, count in counts.items()},
    }


def _spread(done: Sequence[Rush], step: str) -> tuple[float, float, float]:
    seconds = [one for r in done for one in r.seconds_of(step)]
    return percentile(seconds, 50), percentile(seconds, 99), max(seconds, default=math.nan)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms" if seconds < 0.01 else f"{seconds * 1000:.0f} ms"
