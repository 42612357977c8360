"""One message to thousands of viewers: what a delivery costs, beside Socket.IO on Node.js."""

import gc
import tempfile
import time
from pathlib import Path

from bench import data
from bench.chatter import chat
from bench.crowd import Crowd
from bench.fanout_cells import Cell, Leaving, Stage
from bench.fanout_plan import FanoutPlan
from bench.fanout_report import report
from bench.report import Report
from bench.tiers import SocketTier, socket_tiers
from stack import Stack

# Who stays when the others leave, and how fast they go on chatting.
STAYING = 100
LEAVING_RATE = 20
CALM_SECONDS, AFTER_SECONDS = 5, 5


def run() -> Report:
    """Measure both at every number of viewers and every rate, in turns, on one stack."""
    plan = FanoutPlan.of_environment()
    gc.disable()  # The client's pauses would be measured as the servers'.
    with (
        tempfile.TemporaryDirectory(prefix="townhall-bench-") as folder,
        Stack(web=1, nodes=2, demo=False) as stack,
        socket_tiers(stack, Path(folder)) as known,
        data.opened(stack.settings),
    ):
        data.add_employees(max(plan.viewers) + STAYING)
        tiers = [tier for tier in known if tier.name in plan.tiers]
        stages = [
            _stage(tier, viewers, plan)
            for number, viewers in enumerate(plan.viewers)
            for tier in (tiers if number % 2 else reversed(tiers))
        ]
    return report(plan, stages)


def _stage(tier: SocketTier, viewers: int, plan: FanoutPlan) -> Stage:
    """Everything with so many viewers, on fresh nodes."""
    slug = f"{viewers}-{tier.name.lower().replace('.', '')}"
    data.add_event(slug)
    cookies = tier.cookies(data.check_in_all(slug, viewers + STAYING))
    tier.restart()
    empty = tier.memory()
    crowd = Crowd(tier.port, slug)
    before = tier.cpu()
    seconds = crowd.join(cookies[:viewers])
    joining = {kind: spent - before[kind] for kind, spent in tier.cpu().items()}
    stage = Stage(tier.name, viewers, seconds, joining)
    for rate in plan.rates_at(viewers):
        cell = _cell(tier, crowd, rate, plan.seconds_at(viewers, rate))
        print(f"fanout: {cell.as_line()}", flush=True)
        stage.cells.append(cell)
        if not stage.memory:
            stage.memory = (tier.memory() - empty) / viewers
        if not cell.chat.complete:
            crowd = _anew(tier, crowd, slug, cookies[:viewers])
    if viewers == max(plan.viewers):
        stage.leaving = _leave(crowd, cookies[viewers:])
    crowd.close()
    return stage


def _cell(tier: SocketTier, crowd: Crowd, rate: float, seconds: float) -> Cell:
    gc.collect()
    viewers = len(crowd.viewers)
    before, client = tier.cpu(), time.process_time()
    done = chat(crowd, rate, seconds)
    client = time.process_time() - client
    cpu = {kind: spent - before[kind] for kind, spent in tier.cpu().items()}
    return Cell(tier.name, viewers, rate, done, cpu, client)


def _anew(tier: SocketTier, crowd: Crowd, slug: str, cookies: list[str]) -> Crowd:
    """What a cell left undelivered must not come in the next one."""
    crowd.close()
    tier.restart()
    crowd = Crowd(tier.port, slug)
    crowd.join(cookies)
    return crowd


def _leave(crowd: Crowd, staying: list[str]) -> Leaving:
    """All leave but a few, who go on chatting and are measured."""
    leaving = list(crowd.viewers.values())
    crowd.join(staying)
    stayers = list(crowd.viewers.values())[len(leaving) :]
    calm = chat(crowd, LEAVING_RATE, CALM_SECONDS, authors=stayers)
    after = chat(crowd, LEAVING_RATE, AFTER_SECONDS, authors=stayers, leaving=leaving)
    return Leaving(len(leaving), len(stayers), calm, after)
