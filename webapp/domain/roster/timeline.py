"""Counts by minute as few enough steps to be drawn, and which minutes are worth it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate

from webapp.domain.attendance.statuses import Rule
from webapp.infra.clock import minute_of

STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 240, 720, 1440)

# Employees by whole minutes since the epoch, in order; minutes without anybody are left out.
Minutes = Mapping[int, int]


@dataclass(frozen=True)
class Series:
    """Employees over time: `values[i]` stands for `step` minutes from `first + i * step` on.

    `first` is in whole minutes since the epoch; `outside` is what the time shown leaves out.
    """

    first: int
    step: int
    values: tuple[int, ...]
    outside: int

    def minute(self, index: int) -> int:
        """The first minute of a step; of the one after the last, the end of the series."""
        return self.first + index * self.step

    @property
    def most(self) -> int:
        """The highest value, 0 without any."""
        return max(self.values, default=0)


def shown_minutes(rule: Rule, watching: Minutes, arrivals: Minutes, end: int) -> range:
    """The minutes that pictures show: when people were there, and the event's own until `end`.

    Somebody who tried the page the day before, or a tab left open overnight, would squeeze the
    event into a corner: few people who more than double the time are left out.
    """
    if not watching and not arrivals:
        return range(0)
    crowd = _hull([*_crowded(watching), *_middle(arrivals)])
    begin, end = minute_of(rule.starts_at), min(minute_of(rule.ends_at), end)
    if begin <= crowd.stop and end >= crowd.start:
        crowd = range(min(begin, crowd.start), max(end, crowd.stop))
    everyone = _hull([*watching, *arrivals, crowd.start, crowd.stop - 1])
    return everyone if len(everyone) <= 2 * len(crowd) else crowd


def _crowded(counts: Minutes) -> list[int]:
    """The minutes with more than a twentieth of the most."""
    most = max(counts.values(), default=0)
    return [minute for minute, count in counts.items() if count * 20 > most]


def _middle(counts: Minutes) -> list[int]:
    """The minutes but for those of the first and the last twentieth. `counts` is in order."""
    total = sum(counts.values())
    so_far = accumulate(counts.values())
    return [
        minute
        for (minute, count), after in zip(counts.items(), so_far, strict=True)
        if after * 20 > total and (after - count) * 20 < total * 19
    ]


def _hull(minutes: Iterable[int]) -> range:
    minutes = list(minutes)
    return range(min(minutes), max(minutes) + 1)


def series_of(
    counts: Minutes, shown: range, columns: int, fold: Callable[[Iterable[int]], int]
) -> Series:
    """The counts of the minutes in `shown`, in at most so many columns of a round length.

    `fold` makes one number of the counts of a step: the highest of them, or their sum.
    """
    step = next((s for s in STEPS if len(shown) + s - 1 <= s * columns), STEPS[-1])
    # Steps begin where a clock's do.
    first = shown.start - shown.start % step
    steps = range(first, shown.stop, step)
    values = tuple(fold([counts.get(m, 0) for m in range(s, s + step)]) for s in steps)
    left = [n for minute, n in counts.items() if not first <= minute < first + len(steps) * step]
    return Series(first, step, values, fold([0, *left]))
