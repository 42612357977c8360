"""The figures of the fan-out benchmark as tables and bars."""

from collections.abc import Mapping, Sequence

from bench.contenders import COMPARISON, TOWNHALL
from bench.counters import Counts
from bench.fanout_cells import CLIENT, NODES, SUSTAINED_SECONDS, Cell, Leaving, Stage
from bench.plan import BAR_RATE, FanoutPlan
from bench.report import Bar, Report, Table
from bench.warm import VIEWERS as REQUESTS

NOTE = f"""CPU is user and system time of every server process of a tier, from the first post until
the last delivery, shared out over the deliveries; it includes what the nodes do at rest, and the
storing. Latency counts from the moment a post was due until a viewer has it, in one process that
reads them all (its CPU is the load client's). "Sustained" means that every viewer had every message
exactly once {SUSTAINED_SECONDS:g} s after the last post; a cell that falls behind is given up.
The Node.js stack keeps no rate limit, no watched minutes and no sweep for what Redis lost."""

# CONTRACT section 8: viewers, messages per second, largest share of the Node.js stack's cost.
RATIO_BARS = ((500, 40, 0.6), (500, 200, 0.15))
MEMORY_BAR_KIB = 60
LATENCY_BAR_SECONDS = 1.0
LEAVING_BAR_SECONDS = 0.5


def report(plan: FanoutPlan, warm: Mapping[str, Counts], stages: Sequence[Stage]) -> Report:
    """Return the report of all measurements; the bars are Townhall's."""
    stages = sorted(stages, key=lambda stage: (stage.viewers, stage.tier))
    cells = sorted(
        (cell for stage in stages for cell in stage.cells),
        key=lambda cell: (cell.viewers, cell.rate, cell.tier),
    )
    return Report(
        f"Fan-out: up to {plan.seconds} s a cell, 2 nodes behind nginx, deflate off",
        [_costs(cells), _deliveries(cells), _viewers(stages), _statements(warm)],
        [*_bars(cells, stages), _statements_bar(warm)],
        {
            "cells": [cell.as_json() for cell in cells],
            "stages": [stage.as_json() for stage in stages],
            "warm": {name: vars(counts) | {"requests": REQUESTS} for name, counts in warm.items()},
        },
        [NOTE],
    )


def _costs(cells: Sequence[Cell]) -> Table:
    kinds = [kind for kind in cells[0].cpu if kind != CLIENT]
    rows = [
        [
            _name(cell),
            *(_us(cell.costs[kind]) for kind in kinds),
            _us(cell.cost),
            _ratio(cell, cells),
            _us(cell.costs[CLIENT]),
        ]
        for cell in cells
    ]
    head = ["", *kinds, "together", "of Node.js", CLIENT]
    return Table("CPU per message delivered, µs", head, list(rows))


def _deliveries(cells: Sequence[Cell]) -> Table:
    rows = [
        [
            _name(cell),
            f"{cell.offered:,.0f}",
            f"{cell.delivered:,.0f}",
            str(cell.chat.expected - cell.chat.delivered),
            *(_ms(cell.chat.latencies.percentile(percent)) for percent in (50, 99)),
            _ms(cell.chat.latencies.worst),
            "yes" if cell.sustained else "NO",
        ]
        for cell in cells
    ]
    head = ["", "offered/s", "delivered/s", "missing", "p50", "p99", "worst", "sustained"]
    return Table("Deliveries", head, list(rows))


def _viewers(stages: Sequence[Stage]) -> Table:
    rows = [
        [
            f"{stage.viewers} viewers, {stage.tier}",
            f"{stage.joins_per_second:.0f}/s",
            f"{stage.join_cost * 1000:.2f} ms",
            str(len(stage.lost)),
            f"{stage.memory / 1024:.0f} KiB",
            *_worst(stage.leaving),
        ]
        for stage in stages
    ]
    head = ["", "joins", "CPU per join", "lost", "memory each", "worst, calm", "worst, all leave"]
    return Table("Viewers", head, list(rows))


def _statements(warm: Mapping[str, Counts]) -> Table:
    rows = [
        [name, f"{counts.statements / REQUESTS:g}", f"{counts.redis_commands / REQUESTS:g}"]
        for name, counts in warm.items()
    ]
    title = "Asked of the stores by someone checked in, with a warm cache"
    return Table(title, ["", "SQL statements", "Redis commands"], list(rows))


def _bars(cells: Sequence[Cell], stages: Sequence[Stage]) -> list[Bar]:
    bars = []
    for viewers, rate, most in RATIO_BARS:
        ours, theirs = (_find(cells, viewers, rate, tier) for tier in (TOWNHALL, COMPARISON))
        if ours and theirs:
            bars.append(_ratio_bar(ours, theirs, most))
    for stage in stages:
        if stage.tier == TOWNHALL and stage.leaving:
            cell = _find(stage.cells, stage.viewers, BAR_RATE, TOWNHALL)
            bars += [_latency_bar(cell)] if cell else []
            bars += [_memory_bar(stage), _leaving_bar(stage.leaving)]
    return bars


def _ratio_bar(ours: Cell, theirs: Cell, most: float) -> Bar:
    ratio, nodes = ours.cost / theirs.cost, ours.costs[NODES] / theirs.costs[NODES]
    promise = f"CPU per delivery, {ours.viewers} viewers, {ours.rate:g}/s: ≤ {most} × Node.js"
    held = ours.chat.complete and ratio <= most
    return Bar(promise, f"{ratio:.2f} × (nodes alone {nodes:.2f} ×)", held)


def _latency_bar(cell: Cell) -> Bar:
    p99, missing = cell.chat.latencies.percentile(99), cell.chat.expected - cell.chat.delivered
    promise = f"{cell.viewers} viewers, {cell.rate:g}/s: everything delivered, 99 % within 1 s"
    held = cell.chat.complete and p99 <= LATENCY_BAR_SECONDS
    return Bar(promise, f"{_ms(p99)}, {missing} missing", held)


def _memory_bar(stage: Stage) -> Bar:
    kib = stage.memory / 1024
    promise = f"memory per connected viewer, {stage.viewers} viewers: ≤ {MEMORY_BAR_KIB} KiB"
    return Bar(promise, f"{kib:.0f} KiB", kib <= MEMORY_BAR_KIB)


def _leaving_bar(done: Leaving) -> Bar:
    worst = done.after.latencies.worst
    promise = f"{done.leaving} leave at once: nobody else waits over 500 ms"
    return Bar(promise, _ms(worst), done.after.complete and worst <= LEAVING_BAR_SECONDS)


def _statements_bar(warm: Mapping[str, Counts]) -> Bar:
    statements = sum(counts.statements for counts in warm.values())
    promise = f"SQL statements with a warm cache: {', '.join(warm)}"
    return Bar(promise, str(statements), statements == 0)


def _find(cells: Sequence[Cell], viewers: int, rate: float, tier: str) -> Cell | None:
    key = (viewers, rate, tier)
    return next((c for c in cells if (c.viewers, c.rate, c.tier) == key), None)


def _ratio(cell: Cell, cells: Sequence[Cell]) -> str:
    other = _find(cells, cell.viewers, cell.rate, COMPARISON)
    return f"{cell.cost / other.cost:.2f} ×" if other and cell.tier == TOWNHALL else ""


def _worst(leaving: Leaving | None) -> list[str]:
    if not leaving:
        return ["", ""]
    return [_ms(chat.latencies.worst) for chat in (leaving.calm, leaving.after)]


def _name(cell: Cell) -> str:
    return f"{cell.viewers} viewers, {cell.rate:g}/s, {cell.tier}"


def _us(seconds: float) -> str:
    return f"{seconds * 1e6:.1f}"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"
