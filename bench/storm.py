"""A storm of clicks: every viewer reacts, votes and answers as fast as they may, while others chat.

The same viewers chat at the same rate before the storm and in it, so that the difference is the
storm's.
"""

import gc
import itertools
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench import data, wire
from bench.chatter import Chat, chat
from bench.contenders import SocketTier, townhall_nodes
from bench.crowd import Crowd, Viewer
from bench.fanout_cells import CLIENT
from bench.plan import StormPlan
from bench.report import Bar, Report, Table
from stack import Stack

SLUG = "storm"
KINDS = ("like", "love", "applause", "laugh", "surprised")
# How many of one viewer's acts count in a second: reactions, votes, answers to polls.
REACTIONS, VOTES, ANSWERS = 3, 1, 1
LATENCY_BAR_SECONDS = 0.1
COUNTS_BAR = 2.0
# After the storm, until everything is stored.
SETTLE_SECONDS = 8

NOTE = f"""In each second a viewer reacts {REACTIONS} times, votes once and answers once: 10 votes
and 10 answers in 10 s are what the server takes. Latency counts from the moment a message was due
until a viewer has it. The load client reads and clicks in one process on the same cores (its CPU is
the load client's)."""


def run() -> Report:
    """Measure the chat of the viewers in calm and in the storm."""
    plan = StormPlan.of_environment()
    gc.disable()  # A pause of the client would count as the servers'.
    with Stack(web=1, nodes=2, demo=False) as stack, data.opened(stack.settings):
        tier = townhall_nodes(stack)
        data.add_employees(plan.viewers)
        data.add_event(SLUG)
        target = Target(data.add_question(SLUG), *data.add_poll(SLUG))
        cookies = tier.cookies(data.check_in_all(SLUG, plan.viewers))
        crowd = Crowd(tier.port, SLUG)
        crowd.join(cookies)
        chat(crowd, 1, 2)  # so that every connection has its buffers
        calm = _measure("calm", tier, crowd, plan, None)
        print(f"storm: {calm.as_line()}", flush=True)
        storm = Storm(list(crowd.viewers.values()), target)
        stormy = _measure("storm", tier, crowd, plan, storm)
        print(f"storm: {stormy.as_line()}", flush=True)
        stored = _wait_for_stored(target)
        lost = list(crowd.lost)
        crowd.close()
    return _report(plan, calm, stormy, storm, stored, lost)


@dataclass(frozen=True)
class Target:
    """The question that viewers vote for, and the poll that they answer."""

    question: int
    poll: int
    options: Sequence[int]


@dataclass
class Spell:
    """The chat of some seconds, the frames with counts of each viewer, and CPU by process."""

    name: str
    viewers: int
    seconds: float
    chat: Chat
    counts: list[int]
    clicked: dict[str, int]
    cpu: dict[str, float]

    @property
    def p99(self) -> float:
        """Return the latency of messages, in seconds."""
        return self.chat.latencies.percentile(99)

    @property
    def most_counts(self) -> float:
        """Return the frames with counts per second of the viewer with the most of them.

        Those of the first second lie before the time that passes between it and the last one.
        """
        return max(0.0, max(self.counts) - COUNTS_BAR) / self.seconds

    @property
    def cpu_per_viewer(self) -> float:
        """Return the CPU of the nodes per viewer, in seconds per second."""
        return self.cpu["nodes"] / self.seconds / self.viewers

    def as_line(self) -> str:
        """Return a line that shows progress."""
        return (
            f"{self.name}: p99 {self.p99 * 1000:.0f} ms, {self.most_counts:.2f} counts a second, "
            f"nodes {self.cpu_per_viewer * 1e6:.0f} µs/s a viewer, clicks {self.clicked}"
        )

    def as_json(self) -> dict[str, Any]:
        """Return all figures; times in seconds."""
        kept = {name: value for name, value in vars(self).items() if name not in ("chat", "counts")}
        figures = {"p50": self.chat.latencies.percentile(50), "p99": self.p99}
        return kept | figures | {"most_counts_per_second": self.most_counts}


@dataclass
class Storm:
    """Clicks of every viewer, spread evenly over the second. `step` sends those that are due."""

    viewers: Sequence[Viewer]
    target: Target
    sent: int = 0
    began: float | None = None
    _clicks: Iterator[tuple[Viewer, bytes]] = field(init=False)

    def __post_init__(self) -> None:
        self._clicks = self._rounds()

    @property
    def per_second(self) -> int:
        """Return the clicks of all viewers in a second."""
        return len(self.viewers) * (REACTIONS + VOTES + ANSWERS)

    def step(self) -> None:
        """Send what is due by now."""
        now = time.monotonic()
        self.began = self.began or now
        due = int((now - self.began) * self.per_second)
        for viewer, frame in itertools.islice(self._clicks, max(0, due - self.sent)):
            viewer.send_frame(frame)
        self.sent = max(self.sent, due)

    def _rounds(self) -> Iterator[tuple[Viewer, bytes]]:
        reactions = itertools.cycle(_frame("", "react", {"kind": kind}) for kind in KINDS)
        for turn in itertools.count():
            vote = {"id": self.target.question, "vote": turn % 2 == 0}
            chosen = [self.target.options[turn % len(self.target.options)]]
            answer = {"id": self.target.poll, "options": chosen}
            frames = [_frame("2", "vote_question", vote), _frame("2", "answer_poll", answer)]
            for click in (*frames, *[None] * REACTIONS):
                for viewer in self.viewers:
                    yield viewer, click or next(reactions)


def _frame(ack: str, name: str, packet: dict[str, Any]) -> bytes:
    return wire.frame(f"42/live,{ack}{json.dumps([name, packet], separators=(',', ':'))}")


def _measure(
    name: str, tier: SocketTier, crowd: Crowd, plan: StormPlan, storm: Storm | None
) -> Spell:
    gc.collect()
    before = tier.cpu() | {CLIENT: time.process_time()}
    done = chat(crowd, plan.rate, plan.seconds, meanwhile=storm.step if storm else None)
    after = tier.cpu() | {CLIENT: time.process_time()}
    cpu = {kind: after[kind] - before[kind] for kind in before}
    counts = [viewer.counts for viewer in crowd.viewers.values()]
    clicked = dict(crowd.clicked)
    return Spell(name, len(counts), done.seconds, done, counts, clicked, cpu)


def _wait_for_stored(target: Target) -> dict[str, int]:
    """Return what is stored once the nodes have passed everything on."""
    time.sleep(SETTLE_SECONDS)
    return data.count_clicks(target.question, target.poll)


def _report(
    plan: StormPlan,
    calm: Spell,
    stormy: Spell,
    storm: Storm,
    stored: dict[str, int],
    lost: Sequence[str],
) -> Report:
    kinds = [kind for kind in calm.cpu if kind != CLIENT]
    latency = Table(
        "The chat",
        ["", "p50", "p99", "worst", "missing", "counts/s", "most"],
        [_chat_row(spell) for spell in (calm, stormy)],
    )
    cpu = Table(
        "CPU per viewer, µs in a second",
        ["", *kinds, CLIENT],
        [
            [spell.name, *(_per_viewer(spell, kind) for kind in (*kinds, CLIENT))]
            for spell in (calm, stormy)
        ],
    )
    clicks = Table(
        "Clicks",
        ["", "sent/s", "stored"],
        [
            ["reactions", f"{len(storm.viewers) * REACTIONS:,}", f"{stored['reactions']:,}"],
            ["votes", f"{len(storm.viewers) * VOTES:,}", f"{stored['votes']:,}"],
            ["answers", f"{len(storm.viewers) * ANSWERS:,}", f"{stored['answers']:,}"],
        ],
    )
    return Report(
        f"Storm: {plan.viewers} viewers on 2 nodes react and vote as fast as they may, "
        f"{plan.rate} messages/s, {plan.seconds} s",
        [latency, cpu, clicks],
        _bars(calm, stormy, stored, lost),
        {"calm": calm.as_json(), "storm": stormy.as_json(), "stored": stored, "lost": list(lost)},
        [NOTE],
    )


def _bars(calm: Spell, stormy: Spell, stored: dict[str, int], lost: Sequence[str]) -> list[Bar]:
    more = stormy.p99 - calm.p99
    missing = stormy.chat.expected - stormy.chat.delivered
    counted = stored["votes_by_rows"], stored["answers_by_rows"]
    agreed = counted == (stored["votes"], stored["answers"])
    return [
        Bar(
            "99 % of the messages arrive at most 100 ms later than in calm",
            f"{more * 1000:+.0f} ms",
            more <= LATENCY_BAR_SECONDS,
        ),
        Bar(
            "every message arrives once",
            f"{missing} missing, {len(lost)} viewers lost",
            stormy.chat.complete and not lost,
        ),
        Bar(
            "at most 2 frames a second and viewer for counts",
            f"{stormy.most_counts:.2f}",
            stormy.most_counts <= COUNTS_BAR,
        ),
        Bar("counts agree with the rows of votes and answers", str(counted), agreed),
    ]


def _chat_row(spell: Spell) -> list[str]:
    latencies = spell.chat.latencies
    return [
        spell.name,
        *(f"{latencies.percentile(percent) * 1000:.0f} ms" for percent in (50, 99)),
        f"{latencies.worst * 1000:.0f} ms",
        str(spell.chat.expected - spell.chat.delivered),
        f"{sum(spell.counts) / len(spell.counts) / spell.seconds:.2f}",
        f"{spell.most_counts:.2f}",
    ]


def _per_viewer(spell: Spell, kind: str) -> str:
    return f"{spell.cpu[kind] / spell.seconds / spell.viewers * 1e6:.0f}"
