"""The load that the embedded default carries: one process with SQLite, without nginx and Redis."""

import asyncio
import gc
import math
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import data
from bench.chatter import chat
from bench.checkin_report import percentile
from bench.contenders import resident_bytes
from bench.cookies import townhall_cookies
from bench.cpu import cpu_seconds
from bench.crowd import Crowd
from bench.data import Person
from bench.fanout_cells import CLIENT, Cell
from bench.plan import BAR_RATE, CheckInPlan, EmbeddedPlan
from bench.report import Bar, Report, Table
from bench.rush import Rush, invite, rush
from stack.app import AppServer
from stack.ports import free_port

KIND = "Townhall"
BAR_VIEWERS = 1000
DELIVERY_BAR_SECONDS, CHECK_IN_BAR_SECONDS = 1.0, 0.5

NOTE = """The process has one core at most: beyond nine tenths of it, everything waits. CPU is user
and system time of the process. Latency of a message counts from the moment a post was due until a
viewer has it; of a check-in, from the moment the form was due to be sent."""


class Embedded:
    """`python wsgi.py` on data of its own, as a contender of the other benchmarks."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.settings = {"INSTANCE_PATH": str(folder), "DEMO": "0"}
        env = {**os.environ, **self.settings, "PORT": str(self.port)}
        self.server = AppServer("embedded", [sys.executable, "wsgi.py"], self.port, env=env)

    def cpu(self) -> dict[str, float]:
        """Return the CPU seconds spent so far."""
        return {KIND: cpu_seconds([self.server.pid])}


@dataclass
class Audience:
    """The measurements with one number of viewers; memory in bytes, of the whole process."""

    viewers: int
    memory: int
    cells: list[Cell]
    lost: list[str]


def run() -> Report:
    """Measure the chat before audiences of several sizes, and check-ins while it runs."""
    plan = EmbeddedPlan.of_environment()
    gc.disable()  # A pause of the client would count as the server's.
    with tempfile.TemporaryDirectory(prefix="townhall-bench-") as folder:
        embedded = Embedded(Path(folder))
        try:
            embedded.server.start()
            with data.opened(embedded.settings):
                people = data.add_employees(max(*plan.viewers, plan.rush.check_ins) + 1000)
                audiences = [_measure(embedded, viewers, plan) for viewers in plan.viewers]
                rushed = _check_in(embedded, people, plan.rush)
        finally:
            embedded.server.stop()
    return _report(plan, audiences, rushed)


def _measure(embedded: Embedded, viewers: int, plan: EmbeddedPlan) -> Audience:
    slug = f"audience-{viewers}"
    data.add_event(slug)
    crowd = Crowd(embedded.port, slug)
    crowd.join(townhall_cookies(data.check_in_all(slug, viewers)))
    chat(crowd, 1, 2)  # so that every connection has its buffers
    memory = resident_bytes(embedded.server.pid)
    cells = [_chat(embedded, crowd, rate, plan.seconds) for rate in plan.rates]
    lost = list(crowd.lost)
    crowd.close()
    return Audience(viewers, memory, cells, lost)


def _chat(embedded: Embedded, crowd: Crowd, rate: float, seconds: float) -> Cell:
    gc.collect()
    before = embedded.cpu() | {CLIENT: time.process_time()}
    viewers, done = len(crowd.viewers), chat(crowd, rate, seconds)
    after = embedded.cpu() | {CLIENT: time.process_time()}
    cell = Cell(KIND, viewers, rate, done, {kind: after[kind] - before[kind] for kind in before})
    print(f"embedded: {cell.as_line()}", flush=True)
    return cell


def _check_in(embedded: Embedded, people: Sequence[Person], plan: CheckInPlan) -> Rush:
    slug = "rush"
    print(f"embedded: {plan.rate} check-ins a second", flush=True)
    data.add_event(slug)
    watching = people[-plan.viewers :]
    cookies = asyncio.run(invite(embedded.port, slug, watching))
    done = asyncio.run(rush(embedded, slug, people[: plan.check_ins], cookies, plan))
    rows = data.count_attendance(slug) - len(watching)
    if rows != plan.check_ins:
        done.errors.append(f"{rows} rows for {plan.check_ins} check-ins")
    return done


def _report(plan: EmbeddedPlan, audiences: Sequence[Audience], rushed: Rush) -> Report:
    cells = [cell for audience in audiences for cell in audience.cells]
    lost = [reason for audience in audiences for reason in audience.lost]
    return Report(
        f"Embedded default: one process, SQLite, {plan.seconds} s a cell",
        [_chat_table(audiences), _rush_table(plan.rush, rushed)],
        [*_bars(cells, lost), _check_in_bar(plan.rush, rushed)],
        {
            "cells": [cell.as_json() for cell in cells],
            "memory_bytes": {str(one.viewers): one.memory for one in audiences},
            "check_ins": _rush_json(rushed),
            "lost": lost,
        },
        [NOTE],
    )


def _chat_table(audiences: Sequence[Audience]) -> Table:
    rows = [
        [
            f"{audience.viewers} viewers, {cell.rate:g}/s",
            *(_ms(cell.chat.latencies.percentile(percent)) for percent in (50, 99)),
            _ms(cell.chat.latencies.worst),
            str(cell.chat.expected - cell.chat.delivered),
            f"{cell.cpu[KIND] / cell.chat.seconds * 100:.0f} %",
            f"{audience.memory / 1024**2:.0f} MiB",
            "yes" if cell.sustained else "NO",
        ]
        for audience in audiences
        for cell in audience.cells
    ]
    head = ["", "p50", "p99", "worst", "missing", "of a core", "memory", "sustained"]
    return Table("The chat", head, list(rows))


def _rush_table(plan: CheckInPlan, rushed: Rush) -> Table:
    rows = [
        [step, *(_ms(percentile(rushed.seconds_of(step), percent)) for percent in (50, 99, 100))]
        for step in ("form", "check-in", "live")
    ]
    title = (
        f"{plan.rate} check-ins a second for {plan.seconds} s, with {plan.viewers} viewers and "
        f"{plan.messages_per_second:g} messages a second: {len(rushed.errors)} errors"
    )
    return Table(title, ["", "p50", "p99", "worst"], list(rows))


def _rush_json(rushed: Rush) -> dict[str, Any]:
    p99 = {step: percentile(rushed.seconds_of(step), 99) for step in ("form", "check-in", "live")}
    return {"per_second": rushed.rate, "p99": p99, "cpu": rushed.cpu, "errors": rushed.errors}


def _bars(cells: Sequence[Cell], lost: Sequence[str]) -> list[Bar]:
    return [
        Bar(
            f"{cell.viewers} viewers, {cell.rate:g}/s: everything delivered, 99 % within 1 s",
            f"{_ms(p99)}, {len(lost)} viewers lost",
            cell.chat.complete and p99 <= DELIVERY_BAR_SECONDS and not lost,
        )
        for cell in cells
        if (cell.viewers, cell.rate) == (BAR_VIEWERS, BAR_RATE)
        for p99 in [cell.chat.latencies.percentile(99)]
    ]


def _check_in_bar(plan: CheckInPlan, rushed: Rush) -> Bar:
    p99 = percentile(rushed.seconds_of("check-in"), 99)
    held = not rushed.errors and p99 <= CHECK_IN_BAR_SECONDS
    promise = f"{plan.rate} check-ins a second: no error, 99 % within 500 ms"
    return Bar(promise, f"{_ms(p99)}, {len(rushed.errors)} errors", held)


def _ms(seconds: float) -> str:
    return "–" if math.isnan(seconds) else f"{seconds * 1000:.0f} ms"
