"""Latencies of millions of deliveries, in whole milliseconds."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping


class Latencies:
    """A histogram of deliveries by milliseconds."""

    def __init__(self) -> None:
        self.counts: Counter[int] = Counter()

    def add(self, sent: Iterable[int], arrivals: Mapping[int, int]) -> None:
        """Add messages due at the moments `sent`, which arrived together: viewers by moment."""
        for moment in sent:
            for arrived, viewers in arrivals.items():
                self.counts[arrived - moment] += viewers

    def percentile(self, percent: float) -> float:
        """Return the percentile in seconds by nearest rank; nan without deliveries."""
        rank = math.ceil(self.counts.total() * percent / 100)
        for latency in sorted(self.counts):
            rank -= self.counts[latency]
            if rank <= 0:
                return latency / 1000
        return math.nan

    @property
    def worst(self) -> float:
        """Return the seconds of the slowest delivery; nan without deliveries."""
        return max(self.counts, default=math.nan) / 1000
