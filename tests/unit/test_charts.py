"""Pictures of any event fit, lose nobody, and are labelled by the event's own clock."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.domain.attendance.statuses import Rule
from webapp.domain.events.store import EventInfo
from webapp.domain.roster.timeline import series_of, shown_minutes
from webapp.infra.clock import minute_of
from webapp.pages.roster.charts import TimeChart, per_cent, time_chart

TEN = datetime(2026, 3, 4, 9, tzinfo=UTC)
START = minute_of(TEN)


def event_of(minutes: int = 60, zone: str = "Europe/Berlin") -> tuple[EventInfo, Rule]:
    end = TEN + timedelta(minutes=minutes)
    event = EventInfo(1, "x", "X", TEN, end, zone, "", "closed", True, 0, False, 50)
    return event, Rule(TEN, end, 50, live=False)


def drawn(
    watching: dict[int, int], minutes: int = 60, zone: str = "Europe/Berlin", columns: int = 240
) -> TimeChart:
    """Return the chart of these viewer counts by minutes from the start."""
    event, rule = event_of(minutes, zone)
    counts = {START + minute: count for minute, count in sorted(watching.items())}
    shown = shown_minutes(rule, counts, {}, START + 100_000)
    chart = time_chart(event, rule, series_of(counts, shown, columns, max))
    assert chart is not None
    return chart


@given(
    st.dictionaries(st.integers(-3000, 9000), st.integers(1, 60_000), min_size=1),
    st.integers(1, 600),
)
def test_any_counts_fit_and_nobody_is_lost(counts: dict[int, int], minutes: int) -> None:
    event, rule = event_of(minutes)
    by_minute = {START + minute: count for minute, count in sorted(counts.items())}
    shown = shown_minutes(rule, by_minute, by_minute, START + 9001)
    most = series_of(by_minute, shown, 240, max)
    total = series_of(by_minute, shown, 60, sum)
    assert max(most.most, most.outside) == max(counts.values())
    assert sum(total.values) + total.outside == sum(counts.values())
    for series, columns in ((most, 240), (total, 60)):
        chart = time_chart(event, rule, series)
        assert chart is not None
        assert len(series.values) == len(chart.times) <= columns
        assert chart.top >= series.most
        labels = [*chart.x_labels, *chart.y_labels, *chart.marks]
        assert all(0 <= label.at <= 100 for label in labels)
        assert 2 <= len(chart.y_labels) <= 6
        assert len(chart.x_labels) <= 11
        assert all(before.at < after.at for before, after in pairwise(chart.x_labels))


def test_five_minutes_and_four_hours_are_drawn_minute_by_minute() -> None:
    for length in (5, 239):
        series = drawn(dict.fromkeys(range(length), 3), minutes=length).series
        assert (series.step, series.values) == (1, (3,) * length)


def test_a_minute_without_anybody_is_a_gap() -> None:
    assert drawn({0: 2, 3: 1}, minutes=4).outline == "M0,2V0h1V2h1V2h1V1h1"


def test_a_test_the_day_before_does_not_squeeze_the_event() -> None:
    chart = drawn({-1440: 1, **dict.fromkeys(range(60), 100)})
    assert len(chart.series.values) == 60
    assert chart.series.outside == 1


def test_who_stays_longer_is_in_the_picture() -> None:
    assert len(drawn(dict.fromkeys(range(100), 100) | {110: 1}).series.values) == 111


@pytest.mark.parametrize(
    ("zone", "first"),
    [("Europe/Berlin", "10:00"), ("Asia/Kathmandu", "14:50"), ("America/St_Johns", "05:30")],
)
def test_labels_are_round_times_of_the_events_zone(zone: str, first: str) -> None:
    chart = drawn(dict.fromkeys(range(60), 1), zone=zone)
    assert chart.x_labels[0].text == first
    assert [mark.text for mark in chart.marks] == ["start", "end"]
    assert chart.peak == {"Asia/Kathmandu": "14:45"}.get(zone, first)


def test_a_long_event_says_which_day() -> None:
    chart = drawn(dict.fromkeys(range(3000), 1), minutes=3000)
    assert "5 Mar" in [label.text for label in chart.x_labels]
    assert chart.times[0].startswith("4 Mar, 10:00–")


@pytest.mark.parametrize(
    ("came", "employees", "share"),
    [(0, 3, 0), (1, 1000, 1), (1, 2, 50), (999, 1000, 99), (1000, 1000, 100)],
)
def test_all_and_nobody_are_said_of_all_and_nobody_alone(
    came: int, employees: int, share: int
) -> None:
    assert per_cent(came, employees) == share
