"""The pause between two writes."""

import pytest

from realtime.pace import LONGEST_SECONDS, SHORTEST_SECONDS, gather_seconds


def test_it_grows_with_what_there_is_to_say_and_is_bounded() -> None:
    pauses = [gather_seconds(count) for count in (0, 1, 10, 20, 1000)]
    assert pauses == sorted(pauses)
    assert pauses[0] == SHORTEST_SECONDS
    assert pauses[-1] == LONGEST_SECONDS


@pytest.mark.parametrize(("per_second", "most"), [(20, 10), (40, 9), (100, 6), (200, 4)])
def test_a_viewer_is_written_to_the_less_often_the_more_is_posted(
    per_second: int, most: float
) -> None:
    seconds = SHORTEST_SECONDS
    for _ in range(50):
        seconds = gather_seconds(round(per_second * seconds))
    assert 1 / seconds <= most
