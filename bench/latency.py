"""Latencies of millions of deliveries, in whole milliseconds."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping


class Latencies:
    """How many deliveries took how many milliseconds."""

    def __init__(self) -> None:
        self.counts: Counter[int] = Counter()

    def add(self, sent: Iterable[int], arrivals: Mapping[int, int]) -> None:
        """Messages due at those moments, which so many viewers got at these, all at once."""
        for moment in sent:
            for arrived, viewers in arrivals.items():
                self.counts[arrived - moment] += viewers

    def percentile(self, percent: float) -> float:
        """Seconds within which so many percent arrived, by nearest rank; nan without any."""
        rank = math.ceil(self.counts.total() * percent / 100)
        for latency in sorted(self.counts):
            rank -= self.counts[latency]
            if rank <= 0:
                return latency / 1000
        return math.nan

    @property
    def worst(self) -> float:
        """Seconds that the slowest took; nan without any."""
        return max(self.counts, default=math.nan) / 1000
