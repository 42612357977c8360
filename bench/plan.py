"""Plan how much each benchmark measures; the environment shortens it for development."""

import os
from dataclasses import dataclass

from bench.contenders import COMPARISON, TOWNHALL

# The contract states what the largest audience gets at this rate.
BAR_RATE = 20
# A cell with more deliveries than this is shortened, to no less than LEAST_SECONDS.
DELIVERIES = 2_000_000
LEAST_SECONDS = 3


@dataclass(frozen=True)
class CheckInPlan:
    """The figures of CONTRACT section 8, unless the environment changes them."""

    seconds: int
    rounds: int
    rate: int
    viewers: int
    messages_per_second: float

    @classmethod
    def of_environment(cls) -> "CheckInPlan":
        """Read SECONDS, ROUNDS, RATE, VIEWERS (the smallest of several) and MESSAGES."""
        return cls(
            seconds=int(os.environ.get("SECONDS", "60")),
            rounds=int(os.environ.get("ROUNDS", "2")),
            rate=int(os.environ.get("RATE", "100")),
            viewers=min(_numbers("VIEWERS", "200")),
            messages_per_second=float(os.environ.get("MESSAGES", "5")),
        )

    @property
    def check_ins(self) -> int:
        """Return the number of check-ins of one round."""
        return self.seconds * self.rate


@dataclass(frozen=True)
class FanoutPlan:
    """Numbers of viewers, messages per second, and the seconds of each cell."""

    viewers: tuple[int, ...]
    rates: tuple[int, ...]
    seconds: int
    tiers: tuple[str, ...]

    @classmethod
    def of_environment(cls) -> "FanoutPlan":
        """Read VIEWERS, RATES and TIERS, separated by commas, and SECONDS."""
        return cls(
            viewers=_numbers("VIEWERS", "500,2000,5000"),
            rates=_numbers("RATES", "5,40,200"),
            seconds=int(os.environ.get("SECONDS", "10")),
            tiers=tuple(os.environ.get("TIERS", f"{TOWNHALL},{COMPARISON}").split(",")),
        )

    def rates_at(self, viewers: int) -> list[int]:
        """Return the rates in ascending order; the largest audience also gets BAR_RATE."""
        bar = {BAR_RATE} if viewers == max(self.viewers) else set()
        return sorted({*self.rates, *bar})

    def seconds_at(self, viewers: int, rate: int) -> float:
        """Return how long a cell posts."""
        return min(self.seconds, max(LEAST_SECONDS, DELIVERIES / (viewers * rate)))


@dataclass(frozen=True)
class StormPlan:
    """The figures of CONTRACT section 8, unless the environment changes them."""

    viewers: int
    rate: int
    seconds: int

    @classmethod
    def of_environment(cls) -> "StormPlan":
        """Read VIEWERS and RATES (the smallest of several), and SECONDS."""
        return cls(
            viewers=min(_numbers("VIEWERS", "2000")),
            rate=min(_numbers("RATES", str(BAR_RATE))),
            seconds=int(os.environ.get("SECONDS", "20")),
        )


@dataclass(frozen=True)
class EmbeddedPlan:
    """Audiences and rates for one process, and the check-ins beside a chat."""

    viewers: tuple[int, ...]
    rates: tuple[int, ...]
    seconds: int
    rush: CheckInPlan

    @classmethod
    def of_environment(cls) -> "EmbeddedPlan":
        """Read VIEWERS and RATES, separated by commas, SECONDS and RATE (of check-ins)."""
        viewers = _numbers("VIEWERS", "200,500,1000,2000")
        seconds = int(os.environ.get("SECONDS", "10"))
        rate = int(os.environ.get("RATE", "10"))
        rush = CheckInPlan(seconds, 1, rate, min(viewers), messages_per_second=5)
        return cls(viewers, _numbers("RATES", f"5,{BAR_RATE}"), seconds, rush)


def _numbers(name: str, default: str) -> tuple[int, ...]:
    return tuple(int(text) for text in os.environ.get(name, default).split(","))
