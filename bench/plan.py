"""How much is measured; the environment makes it shorter for development."""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """The figures of CONTRACT section 8, unless the environment says otherwise."""

    seconds: int
    rounds: int
    rate: int
    viewers: int
    messages_per_second: float

    @classmethod
    def of_environment(cls) -> "Plan":
        """SECONDS, ROUNDS, RATE, VIEWERS (of several the least) and MESSAGES."""
        return cls(
            seconds=int(os.environ.get("SECONDS", "60")),
            rounds=int(os.environ.get("ROUNDS", "2")),
            rate=int(os.environ.get("RATE", "100")),
            viewers=min(numbers("VIEWERS", "200")),
            messages_per_second=float(os.environ.get("MESSAGES", "5")),
        )

    @property
    def check_ins(self) -> int:
        """Check-ins of one round."""
        return self.seconds * self.rate


def numbers(name: str, default: str) -> tuple[int, ...]:
    """The whole numbers, separated by commas, that the environment sets under that name."""
    return tuple(int(text) for text in os.environ.get(name, default).split(","))
