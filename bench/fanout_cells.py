"""What is measured of a fan-out: cells, stages of several cells, and everybody's leaving."""

from dataclasses import dataclass, field

from bench.chatter import Chat

# All must have arrived so soon after the last post, or it was more than the machine can do.
SUSTAINED_SECONDS = 2.0


@dataclass
class Cell:
    """A chat at one rate before one number of viewers; `cpu` and `client` in seconds."""

    tier: str
    viewers: int
    rate: float
    chat: Chat
    cpu: dict[str, float]
    client: float

    @property
    def sustained(self) -> bool:
        """Whether the deliveries kept up with the posts."""
        return self.chat.complete and self.chat.overtime <= SUSTAINED_SECONDS

    @property
    def costs(self) -> dict[str, float]:
        """CPU seconds per delivery, by kind of process."""
        return {kind: self.per_delivery(spent) for kind, spent in self.cpu.items()}

    @property
    def cost(self) -> float:
        """CPU seconds of all server processes per delivery."""
        return self.per_delivery(sum(self.cpu.values()))

    def per_delivery(self, seconds: float) -> float:
        """Those seconds shared out."""
        return seconds / max(self.chat.delivered, 1)

    def as_line(self) -> str:
        """For whoever waits."""
        chat, shares = self.chat, ", ".join(f"{k} {v * 1e6:.1f}" for k, v in self.costs.items())
        return (
            f"{self.tier}, {self.viewers} viewers, {self.rate:g}/s: {self.cost * 1e6:.1f} µs "
            f"({shares}; client {self.per_delivery(self.client) * 1e6:.1f}), "
            f"{chat.delivered} of {chat.expected} delivered, "
            f"p50 {chat.latencies.percentile(50):.3f} s, p99 {chat.latencies.percentile(99):.3f} s"
            f"{'' if self.sustained else ', not sustained'}"
        )


@dataclass
class Leaving:
    """How long the chat of those who stay took: calm, and from the moment the others left."""

    leaving: int
    staying: int
    calm: Chat
    after: Chat


@dataclass
class Stage:
    """Everything measured of one tier with one number of viewers; memory in bytes a viewer."""

    tier: str
    viewers: int
    join_seconds: float
    join_cpu: dict[str, float]
    cells: list[Cell] = field(default_factory=list)
    memory: float = 0.0
    leaving: Leaving | None = None
