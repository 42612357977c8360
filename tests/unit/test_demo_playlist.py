"""The demo's playlist over time, as a player reads it."""

import re
from pathlib import Path

from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from webapp.http.headers import register_headers
from webapp.pages.demo.playlist import live_playlist, read_loop
from webapp.pages.demo.views import bp

FOLDER = Path(__file__).resolve().parents[2] / "static" / "demo"
NAMES, SECONDS = read_loop(FOLDER / "loop.m3u8")
MOMENTS = st.floats(min_value=1.7e9, max_value=2.5e9)


def tag(playlist: str, name: str) -> int:
    found = re.search(rf"^#EXT-X-{name}:(\d+)$", playlist, re.MULTILINE)
    assert found
    return int(found[1])


def segments(playlist: str) -> dict[int, tuple[str, int]]:
    """Number of each segment: its address, and the discontinuities up to it."""
    number, seams = tag(playlist, "MEDIA-SEQUENCE"), tag(playlist, "DISCONTINUITY-SEQUENCE")
    found = {}
    for line in playlist.splitlines():
        if line == "#EXT-X-DISCONTINUITY":
            seams += 1
        elif line and not line.startswith("#"):
            found[number] = (line, seams)
            number += 1
    return found


def test_the_committed_segments_are_there_and_small() -> None:
    assert all((FOLDER / name).stat().st_size > 10_000 for name in NAMES)
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 600_000


@given(MOMENTS, st.floats(min_value=0, max_value=100))
def test_a_number_always_means_the_same_segment(now: float, later: float) -> None:
    first = segments(live_playlist(NAMES, SECONDS, now))
    second = segments(live_playlist(NAMES, SECONDS, now + later))
    for number in first.keys() & second.keys():
        assert first[number] == second[number]


@given(MOMENTS)
def test_the_window_slides_one_segment_at_a_time_without_a_gap(now: float) -> None:
    numbers = list(segments(live_playlist(NAMES, SECONDS, now)))
    after = list(segments(live_playlist(NAMES, SECONDS, now + SECONDS)))
    assert after == [number + 1 for number in numbers]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


@given(MOMENTS)
def test_a_seam_of_the_loop_is_a_discontinuity_and_nothing_else_is(now: float) -> None:
    playlist = segments(live_playlist(NAMES, SECONDS, now))
    for number, (address, seams) in playlist.items():
        follower = playlist.get(number + 1)
        if follower:
            assert (follower[1] > seams) == (address == NAMES[-1])


def test_it_never_ends_and_names_its_longest_segment() -> None:
    playlist = live_playlist(NAMES, SECONDS, 1_800_000_000)
    assert "ENDLIST" not in playlist
    assert tag(playlist, "TARGETDURATION") >= SECONDS


def test_the_playlist_is_served_fresh_and_its_segments_are_there() -> None:
    app = Flask("townhall", static_folder=FOLDER.parent)
    app.register_blueprint(bp)
    register_headers(app)
    client = app.test_client()
    answer = client.get("/demo/live.m3u8")
    assert answer.content_type == "application/vnd.apple.mpegurl"
    assert answer.headers["Cache-Control"] == "no-cache"
    found = segments(answer.text)
    assert len(found) * SECONDS >= 3 * tag(answer.text, "TARGETDURATION")
    for address, _seams in found.values():
        with client.get(address) as segment:
            assert segment.status_code == 200
            # What every packet of an MPEG transport stream begins with.
            assert segment.data[::188] == b"G" * (len(segment.data) // 188)
