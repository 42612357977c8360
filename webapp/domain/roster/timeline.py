"""Choose the minutes that a chart shows, and fold counts by minute into few enough steps."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate

from webapp.domain.attendance.statuses import Rule
from webapp.infra.clock import minute_of

STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 240, 720, 1440)

# Numbers of employees by minute since the Unix epoch, ascending; empty minutes are left out.
Minutes = Mapping[int, int]


@dataclass(frozen=True)
class Series:
    """Employees over time: `values[i]` stands for `step` minutes from `first + i * step` on.

    `first` is in whole minutes since the Unix epoch; `outside` is the value of the minutes that are
    not shown.
    """

    first: int
    step: int
    values: tuple[int, ...]
    outside: int

    def minute(self, index: int) -> int:
        """Return the first minute of a step; after the last step, the end of the series."""
        return self.first + index * self.step

    @property
    def most(self) -> int:
        """Return the highest value, or 0 without any."""
        return max(self.values, default=0)


def shown_minutes(rule: Rule, watching: Minutes, arrivals: Minutes, end: int) -> range:
    """Return the minutes that charts show: those with people, and the event's own until `end`.

    A test on the day before, or a tab that stays open overnight, would squeeze the event into a
    corner. A few people who more than double the time are therefore left out.
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
    """Return the minutes with more than a twentieth of the highest count."""
    most = max(counts.values(), default=0)
    return [minute for minute, count in counts.items() if count * 20 > most]


def _middle(counts: Minutes) -> list[int]:
    """Return the minutes in which the middle 90 % of the people came. `counts` is ascending."""
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
    """Return the counts of the minutes in `shown`, in at most `columns` steps of a round length.

    `fold` combines the counts of a step: `max` or `sum`.
    """
    step = next((s for s in STEPS if len(shown) + s - 1 <= s * columns), STEPS[-1])
    # Steps begin at round times of the clock.
    first = shown.start - shown.start % step
    steps = range(first, shown.stop, step)
    values = tuple(fold([counts.get(m, 0) for m in range(s, s + step)]) for s in steps)
    left = [n for minute, n in counts.items() if not first <= minute < first + len(steps) * step]
    return Series(first, step, values, fold([0, *left]))
