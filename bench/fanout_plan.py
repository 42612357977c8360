"""How much of the fan-out is measured; the environment makes it shorter for development."""

import os
from dataclasses import dataclass

from bench.plan import numbers
from bench.tiers import COMPARISON, TOWNHALL

# At this rate the contract says what the largest audience gets.
BAR_RATE = 20
# A cell that would take more deliveries than this is shorter, but not below three seconds.
DELIVERIES = 2_000_000
LEAST_SECONDS = 3


@dataclass(frozen=True)
class FanoutPlan:
    """Numbers of viewers, messages a second, and the seconds of each cell."""

    viewers: tuple[int, ...]
    rates: tuple[int, ...]
    seconds: int
    tiers: tuple[str, ...]

    @classmethod
    def of_environment(cls) -> "FanoutPlan":
        """VIEWERS, RATES and TIERS, separated by commas, and SECONDS."""
        return cls(
            viewers=numbers("VIEWERS", "500,2000,5000"),
            rates=numbers("RATES", "5,40,200"),
            seconds=int(os.environ.get("SECONDS", "10")),
            tiers=tuple(os.environ.get("TIERS", f"{TOWNHALL},{COMPARISON}").split(",")),
        )

    def rates_at(self, viewers: int) -> list[int]:
        """Ascending; with the most viewers also the rate of the contract's bar."""
        bar = {BAR_RATE} if viewers == max(self.viewers) else set()
        return sorted({*self.rates, *bar})

    def seconds_at(self, viewers: int, rate: int) -> float:
        """How long a cell posts."""
        return min(self.seconds, max(LEAST_SECONDS, DELIVERIES / (viewers * rate)))
