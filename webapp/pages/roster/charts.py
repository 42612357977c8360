"""The layout of an event's charts: positions, scales and labels.

A plot is drawn in its own units (a step across, an employee up) and stretched to the page. Labels
keep their size, so they are placed in per cent of the plot's width and height.
"""

from dataclasses import dataclass
from datetime import datetime

from webapp.domain.attendance.statuses import Rule
from webapp.domain.events.store import EventInfo
from webapp.domain.roster.timeline import Series
from webapp.i18n import format_number
from webapp.i18n import gettext as _
from webapp.infra.clock import minute_of, moment_of
from webapp.infra.formats import format_moment

DAY = 24 * 60
TICKS = (1, 2, 5, 10, 15, 30, 60, 120, 180, 240, 360, 720, DAY, 2 * DAY, 7 * DAY, 28 * DAY)
# A phone has room for every other time of day.
X_LABELS, Y_LABELS = 10, 5


@dataclass(frozen=True)
class Label:
    """A text; `at` is its distance from the left or from the top, in per cent."""

    at: float
    text: str


@dataclass(frozen=True)
class TimeChart:
    """A series over time, in the event's zone; `top` is the upper end of its scale."""

    series: Series
    top: int
    times: list[str]
    x_labels: list[Label]
    y_labels: list[Label]
    marks: list[Label]

    @property
    def outline(self) -> str:
        """Return the upper edge as an SVG path, with a level for each step."""
        levels = "".join(f"V{self.top - value}h1" for value in self.series.values)
        return f"M0,{self.top}{levels}"

    @property
    def peak(self) -> str:
        """Return the time of the highest value, the first of several."""
        return self.times[self.series.values.index(self.series.most)]


def time_chart(event: EventInfo, rule: Rule, series: Series) -> TimeChart | None:
    """Lay out `series` on a scale that begins at 0. Return None where there is nothing to draw."""
    if not series.most:
        return None
    tick = _nice(series.most)
    top = -(-series.most // tick) * tick
    y_labels = [Label(100 - 100 * n / top, format_number(n)) for n in range(0, top + 1, tick)]
    end = series.minute(len(series.values))
    times = [_time(event, series, index) for index in range(len(series.values))]
    marks = [
        Label(_across(series, minute), name)
        for name, moment in ((_("start"), rule.starts_at), (_("end"), rule.ends_at))
        if series.first <= (minute := minute_of(moment)) <= end
    ]
    return TimeChart(series, top, times, _x_labels(event, series), y_labels, marks)


def per_cent(part: int, whole: int) -> int:
    """Return a share, rounded; 0 and 100 only for nobody and everybody."""
    if part in (0, whole):
        return 100 if part else 0
    return min(99, max(1, round(100 * part / whole)))


def _x_labels(event: EventInfo, series: Series) -> list[Label]:
    minutes = range(series.first, series.minute(len(series.values)) + 1)
    tick = next((t for t in TICKS if len(minutes) <= t * X_LABELS), TICKS[-1])
    clocks = ((minute, _local(event, minute)) for minute in minutes)
    return [
        Label(_across(series, minute), format_moment(local, "day" if _midnight(local) else "time"))
        for minute, local in clocks
        if _clock(local) % tick == 0
    ]


def _midnight(local: datetime) -> bool:
    return local.hour == local.minute == 0


def _across(series: Series, minute: int) -> float:
    return round(100 * (minute - series.first) / (series.step * len(series.values)), 2)


def _clock(local: datetime) -> int:
    """Return the minutes since 1 January of year 1, midnight, by the local clock."""
    return local.toordinal() * DAY + local.hour * 60 + local.minute


def _time(event: EventInfo, series: Series, index: int) -> str:
    begin, after = (_local(event, series.minute(i)) for i in (index, index + 1))
    long = series.step * len(series.values) > DAY
    text = format_moment(begin, "short" if long else "time")
    return text if series.step == 1 else f"{text}–{format_moment(after, 'time')}"


def _local(event: EventInfo, minute: int) -> datetime:
    return event.local(moment_of(minute))


def _nice(most: int) -> int:
    """Return 1, 2 or 5 times a power of ten, the smallest that needs at most `Y_LABELS` steps."""
    scale = 1
    while True:
        for step in (scale, 2 * scale, 5 * scale):
            if step * Y_LABELS >= most:
                return step
        scale *= 10
