"""The measurements of the fan-out: cells, stages of several cells, and the mass departure."""

from dataclasses import dataclass, field
from typing import Any

from bench.chatter import Chat

NODES, CLIENT = "nodes", "load client"
# A rate is sustained when the last delivery follows the last post within this time.
SUSTAINED_SECONDS = 2.0


@dataclass
class Cell:
    """A chat at one rate before one number of viewers; `cpu` in seconds, by kind of process."""

    tier: str
    viewers: int
    rate: float
    chat: Chat
    cpu: dict[str, float]

    @property
    def sustained(self) -> bool:
        """Return whether the deliveries kept up with the posts."""
        return self.chat.complete and self.chat.overtime <= SUSTAINED_SECONDS

    @property
    def costs(self) -> dict[str, float]:
        """Return CPU seconds per delivery, by kind of process."""
        return {kind: spent / max(self.chat.delivered, 1) for kind, spent in self.cpu.items()}

    @property
    def cost(self) -> float:
        """Return CPU seconds of all server processes per delivery."""
        return sum(cost for kind, cost in self.costs.items() if kind != CLIENT)

    @property
    def offered(self) -> float:
        """Return the requested deliveries per second."""
        return self.rate * self.viewers

    @property
    def delivered(self) -> float:
        """Return the achieved deliveries per second."""
        return self.chat.delivered / max(self.chat.seconds, self.chat.posted / self.rate)

    def as_line(self) -> str:
        """Return a line that shows progress."""
        costs = ", ".join(f"{kind} {cost * 1e6:.1f}" for kind, cost in self.costs.items())
        return (
            f"{self.tier}, {self.viewers} viewers, {self.rate:g}/s: {self.cost * 1e6:.1f} µs "
            f"({costs}), p99 {self.chat.latencies.percentile(99):.3f} s"
            f"{'' if self.sustained else ', not sustained'}"
        )

    def as_json(self) -> dict[str, Any]:
        """Return all figures; times in seconds."""
        chat = {name: value for name, value in vars(self.chat).items() if name != "latencies"}
        latencies = self.chat.latencies
        return {
            "tier": self.tier,
            "viewers": self.viewers,
            "rate": self.rate,
            "sustained": self.sustained,
            "offered_per_second": self.offered,
            "delivered_per_second": self.delivered,
            "cpu_seconds": self.cpu,
            "cpu_seconds_per_delivery": self.cost,
            "p50": latencies.percentile(50),
            "p99": latencies.percentile(99),
            "worst": latencies.worst,
        } | (chat | {"refused": dict(self.chat.refused)})


@dataclass
class Leaving:
    """The chat of the viewers that stay: before, and from the moment the others leave."""

    leaving: int
    staying: int
    calm: Chat
    after: Chat

    def as_json(self) -> dict[str, Any]:
        """Return all figures; times in seconds."""
        worst = {"worst_calm": self.calm.latencies.worst, "worst": self.after.latencies.worst}
        counts = {"leaving": self.leaving, "staying": self.staying}
        return counts | worst | {"complete": self.after.complete}


@dataclass
class Stage:
    """The measurements of one tier and audience; memory in bytes per viewer."""

    tier: str
    viewers: int
    join_seconds: float = 0.0
    join_cpu: dict[str, float] = field(default_factory=dict)
    memory: float = 0.0
    cells: list[Cell] = field(default_factory=list)
    leaving: Leaving | None = None
    lost: list[str] = field(default_factory=list)  # reasons

    @property
    def joins_per_second(self) -> float:
        """Return connects per second, a hundred at a time."""
        return self.viewers / self.join_seconds

    @property
    def join_cost(self) -> float:
        """Return CPU seconds of all server processes per connecting viewer."""
        return sum(s for kind, s in self.join_cpu.items() if kind != CLIENT) / self.viewers

    def as_line(self) -> str:
        """Return a line that shows progress."""
        return (
            f"{self.tier}, {self.viewers} viewers: {self.joins_per_second:.0f} joins a second, "
            f"{self.join_cost * 1000:.2f} ms of CPU each; {self.memory / 1024:.0f} KiB each"
        )

    def as_json(self) -> dict[str, Any]:
        """Return all figures; times in seconds."""
        return {
            "tier": self.tier,
            "viewers": self.viewers,
            "joins_per_second": self.joins_per_second,
            "join_cpu_seconds": self.join_cpu,
            "memory_bytes_per_viewer": self.memory,
            "lost": self.lost,
            "leaving": self.leaving.as_json() if self.leaving else None,
        }
