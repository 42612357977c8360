"""The cost of delivering a message to thousands of viewers, compared with Socket.IO on Node.js."""

import gc
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from bench import data
from bench.chatter import chat
from bench.contenders import SocketTier, socket_tiers
from bench.crowd import Crowd
from bench.fanout_cells import CLIENT, Cell, Leaving, Stage
from bench.fanout_report import report
from bench.plan import FanoutPlan
from bench.report import Report
from bench.warm import count_warm
from stack import Stack

# Viewers that stay when all others leave, and the rate at which they go on chatting.
STAYING = 100
LEAVING_RATE = 20
CALM_SECONDS, AFTER_SECONDS = 5, 5

T = TypeVar("T")


def run() -> Report:
    """Measure both contenders at every audience and rate, in turns, on one stack."""
    plan = FanoutPlan.of_environment()
    gc.disable()  # A pause of the client would count as the servers'.
    with (
        tempfile.TemporaryDirectory(prefix="townhall-bench-") as folder,
        Stack(web=1, nodes=2, demo=False) as stack,
        socket_tiers(stack, Path(folder) / "nginx") as known,
        data.opened(stack.settings),
    ):
        data.add_employees(max(plan.viewers) + STAYING)
        statements = count_warm(stack)
        tiers = [tier for tier in known if tier.name in plan.tiers]
        stages = [
            _Measuring(tier, viewers, plan).run()
            for number, viewers in enumerate(plan.viewers)
            for tier in (tiers if number % 2 else reversed(tiers))
        ]
    return report(plan, statements, stages)


class _Measuring:
    """The measurement of one tier with one number of viewers."""

    def __init__(self, tier: SocketTier, viewers: int, plan: FanoutPlan) -> None:
        self._tier = tier
        self._plan = plan
        self._slug = f"{viewers}-{tier.name.lower().replace('.', '')}"
        self._stage = Stage(tier.name, viewers)
        self._crowd: Crowd | None = None

    def run(self) -> Stage:
        stage, plan = self._stage, self._plan
        data.add_event(self._slug)
        cookies = self._tier.cookies(data.check_in_all(self._slug, stage.viewers + STAYING))
        self._cookies, self._staying = cookies[: stage.viewers], cookies[stage.viewers :]
        for rate in plan.rates_at(stage.viewers):
            stage.cells.append(self._cell(rate, plan.seconds_at(stage.viewers, rate)))
            print(f"fanout: {stage.cells[-1].as_line()}", flush=True)
        if stage.viewers == max(plan.viewers):
            stage.leaving = self._leave()
        self._end()
        return stage

    def _cell(self, rate: float, seconds: float) -> Cell:
        crowd = self._present()
        done, cpu = self._costing(lambda: chat(crowd, rate, seconds))
        cell = Cell(self._tier.name, self._stage.viewers, rate, done, cpu)
        if not cell.chat.complete:
            # Undelivered messages must not arrive during the next cell.
            self._end()
        return cell

    def _leave(self) -> Leaving:
        """Disconnect all but a few viewers, and measure the chat of those."""
        crowd = self._present()
        leaving = list(crowd.viewers.values())
        crowd.join(self._staying)
        stayers = list(crowd.viewers.values())[len(leaving) :]
        calm = chat(crowd, LEAVING_RATE, CALM_SECONDS, authors=stayers)
        after = chat(crowd, LEAVING_RATE, AFTER_SECONDS, authors=stayers, leaving=leaving)
        return Leaving(len(leaving), len(stayers), calm, after)

    def _present(self) -> Crowd:
        """Return the crowd; without one, connect a new one to fresh nodes."""
        if self._crowd:
            return self._crowd
        self._tier.restart()
        crowd = self._crowd = Crowd(self._tier.port, self._slug)
        memory, stage = self._tier.memory(), self._stage
        seconds, cpu = self._costing(lambda: crowd.join(self._cookies))
        if not stage.join_seconds:
            stage.join_seconds, stage.join_cpu = seconds, cpu
            # A first message to all, so that every connection has its buffers.
            chat(crowd, 1, 2)
            stage.memory = (self._tier.memory() - memory) / stage.viewers
            print(f"fanout: {stage.as_line()}", flush=True)
        return crowd

    def _end(self) -> None:
        if self._crowd:
            self._stage.lost += self._crowd.lost
            self._crowd.close()
            self._crowd = None

    def _costing(self, work: Callable[[], T]) -> tuple[T, dict[str, float]]:
        gc.collect()
        before = self._tier.cpu() | {CLIENT: time.process_time()}
        done = work()
        after = self._tier.cpu() | {CLIENT: time.process_time()}
        return done, {kind: after[kind] - before[kind] for kind in before}
