"""The figures of the fan-out benchmark as tables and bars."""

from collections.abc import Sequence
from typing import Any

from bench.fanout_cells import Cell, Stage
from bench.fanout_plan import BAR_RATE, FanoutPlan
from bench.report import Bar, Report, Table
from bench.tiers import COMPARISON, TOWNHALL

NOTE = """CPU is user and system time of all server processes of the tier (nodes, nginx, database,
Redis), from the first post until the last delivery, shared out over the deliveries. Latency
counts from the moment a post was due until a viewer has it, the client's own delay included."""

# CONTRACT section 8: viewers, messages a second, most of the Node.js stack's cost.
RATIO_BARS = ((500, 40, 0.6), (500, 200, 0.15))
MEMORY_BAR_KIB = 60
LATENCY_BAR_SECONDS = 1.0
LEAVING_BAR_SECONDS = 0.5


def report(plan: FanoutPlan, stages: Sequence[Stage]) -> Report:
    """Everything that was measured; the bars are Townhall's."""
    cells = sorted(
        (cell for stage in stages for cell in stage.cells),
        key=lambda cell: (cell.viewers, cell.rate, cell.tier),
    )
    tables = [_costs(cells), _latencies(cells), _stages(stages)]
    title = f"Fan-out: {plan.seconds} s a cell"
    return Report(title, tables, _bars(cells, stages), {"cells": _figures(cells)}, [NOTE])


def _costs(cells: Sequence[Cell]) -> Table:
    kinds = list(cells[0].cpu)
    rows = [
        [
            _name(cell),
            *(_us(cell.costs[kind]) for kind in kinds),
            _us(cell.cost),
            _us(cell.per_delivery(cell.client)),
            _ratio(cell, cells),
        ]
        for cell in cells
    ]
    head = ["", *kinds, "together", "load client", "of Node.js"]
    return Table("CPU per delivery, µs", head, list(rows))


def _latencies(cells: Sequence[Cell]) -> Table:
    rows = [
        [
            _name(cell),
            str(cell.chat.expected),
            str(cell.chat.delivered),
            str(cell.chat.wrong),
            *(_ms(cell.chat.latencies.percentile(p)) for p in (50, 99)),
            _ms(cell.chat.latencies.worst),
            "yes" if cell.sustained else "NO",
        ]
        for cell in cells
    ]
    head = ["", "expected", "delivered", "viewers wrong", "p50", "p99", "worst", "sustained"]
    return Table("Deliveries", head, list(rows))


def _stages(stages: Sequence[Stage]) -> Table:
    rows = [
        [
            f"{stage.viewers} viewers, {stage.tier}",
            f"{stage.viewers / stage.join_seconds:.0f}/s",
            *(f"{spent / stage.viewers * 1000:.2f}" for spent in stage.join_cpu.values()),
            f"{stage.memory / 1024:.0f} KiB",
            _ms(stage.leaving.calm.latencies.worst) if stage.leaving else "",
            _ms(stage.leaving.after.latencies.worst) if stage.leaving else "",
        ]
        for stage in stages
    ]
    kinds = [f"{kind}, ms" for kind in stages[0].join_cpu]
    head = ["", "joins", *kinds, "memory per viewer", "worst, calm", "worst, all leaving"]
    return Table("Viewers", head, list(rows))


def _bars(cells: Sequence[Cell], stages: Sequence[Stage]) -> list[Bar]:
    bars = []
    for viewers, rate, most in RATIO_BARS:
        pair = [_find(cells, viewers, rate, tier) for tier in (TOWNHALL, COMPARISON)]
        if pair[0] and pair[1]:
            ratio = pair[0].cost / pair[1].cost
            promise = f"CPU per delivery, {viewers} viewers, {rate}/s: ≤ {most} × Node.js"
            bars.append(Bar(promise, f"{ratio:.2f} ×", ratio <= most))
    for stage in stages:
        if stage.tier == TOWNHALL and stage.leaving:
            bars += _bars_of_the_largest(stage)
    return bars


def _bars_of_the_largest(stage: Stage) -> list[Bar]:
    bars, most = [], stage.viewers
    cell = _find(stage.cells, most, BAR_RATE, TOWNHALL)
    if cell:
        p99 = cell.chat.latencies.percentile(99)
        held = cell.chat.complete and p99 <= LATENCY_BAR_SECONDS
        text = f"{_ms(p99)}, {cell.chat.expected - cell.chat.delivered} missing"
        promise = f"{most} viewers, {BAR_RATE}/s: all delivered, 99 % within 1 s"
        bars.append(Bar(promise, text, held))
    kib = stage.memory / 1024
    promise = f"memory per viewer ≤ {MEMORY_BAR_KIB} KiB"
    bars.append(Bar(promise, f"{kib:.0f} KiB", kib <= MEMORY_BAR_KIB))
    assert stage.leaving
    after = stage.leaving.after
    worst = after.latencies.worst
    promise = f"{stage.leaving.leaving} leave at once: nobody else waits over 500 ms"
    held = after.complete and worst <= LEAVING_BAR_SECONDS
    bars.append(Bar(promise, _ms(worst), held))
    return bars


def _find(cells: Sequence[Cell], viewers: int, rate: float, tier: str) -> Cell | None:
    key = (viewers, rate, tier)
    return next((c for c in cells if (c.viewers, c.rate, c.tier) == key), None)


def _ratio(cell: Cell, cells: Sequence[Cell]) -> str:
    other = _find(cells, cell.viewers, cell.rate, COMPARISON)
    return f"{cell.cost / other.cost:.2f} ×" if other and cell.tier == TOWNHALL else ""


def _figures(cells: Sequence[Cell]) -> list[dict[str, Any]]:
    return [
        {
            "tier": cell.tier,
            "viewers": cell.viewers,
            "rate": cell.rate,
            "sustained": cell.sustained,
            "posted": cell.chat.posted,
            "refused": dict(cell.chat.refused),
            "expected": cell.chat.expected,
            "delivered": cell.chat.delivered,
            "viewers_wrong": cell.chat.wrong,
            "reordered": cell.chat.reordered,
            "seconds": cell.chat.seconds,
            "cpu_seconds": cell.cpu,
            "client_cpu_seconds": cell.client,
            "cpu_us_per_delivery": cell.cost * 1e6,
            "p50": cell.chat.latencies.percentile(50),
            "p99": cell.chat.latencies.percentile(99),
            "worst": cell.chat.latencies.worst,
        }
        for cell in cells
    ]


def _name(cell: Cell) -> str:
    return f"{cell.viewers} viewers, {cell.rate:g}/s, {cell.tier}"


def _us(seconds: float) -> str:
    return f"{seconds * 1e6:.1f}"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"
