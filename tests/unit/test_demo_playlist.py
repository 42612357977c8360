"""The demo's playlists over time, as a player reads them."""

import re
import time
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from webapp.errors import NotFound
from webapp.http.headers import register_headers
from webapp.pages.demo.playlist import Loop, live_playlist, near_base, read_loop
from webapp.pages.demo.views import bp

FOLDER = Path(__file__).resolve().parents[2] / "static" / "demo"
LOOP = Loop(*read_loop(FOLDER / "loop.m3u8"))
MOMENTS = st.floats(min_value=1.7e9, max_value=2.5e9)
DAYS = st.floats(min_value=0, max_value=30 * 86400)


@pytest.fixture
def served() -> FlaskClient:
    app = Flask("townhall", static_folder=FOLDER.parent)
    app.register_blueprint(bp)
    register_headers(app)
    app.register_error_handler(NotFound, lambda error: ("", error.status))
    return app.test_client()


def tag(playlist: str, name: str) -> int:
    found = re.search(rf"^#EXT-X-{name}:(\d+)$", playlist, re.MULTILINE)
    assert found
    return int(found[1])


def playlist_at(now: float, started: float | None = None) -> str:
    """Return the playlist at `now` for a player that started at `started`, or just now."""
    playlist = live_playlist(LOOP, near_base(LOOP, now if started is None else started), now)
    assert playlist
    return playlist


def segments(playlist: str) -> dict[int, tuple[str, int]]:
    """Return by number each segment's address and the discontinuities up to it."""
    number, seams = tag(playlist, "MEDIA-SEQUENCE"), tag(playlist, "DISCONTINUITY-SEQUENCE")
    found = {}
    for line in playlist.splitlines():
        if line == "#EXT-X-DISCONTINUITY":
            seams += 1
        elif line and not line.startswith("#"):
            found[number] = (line, seams)
            number += 1
    return found


def test_committed_segments_exist_and_are_small() -> None:
    assert all((FOLDER / name).stat().st_size > 10_000 for name in LOOP.addresses)
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 600_000


@given(MOMENTS, DAYS, st.floats(min_value=0, max_value=100))
def test_number_means_the_same_segment_for_as_long_as_a_player_plays(
    started: float, watched: float, later: float
) -> None:
    first = segments(playlist_at(started + watched, started))
    second = segments(playlist_at(started + watched + later, started))
    for number in first.keys() & second.keys():
        assert first[number] == second[number]


@given(MOMENTS, DAYS)
def test_window_slides_one_segment_at_a_time(started: float, watched: float) -> None:
    now = started + watched
    numbers = list(segments(playlist_at(now, started)))
    after = list(segments(playlist_at(now + LOOP.seconds, started)))
    assert after == [number + 1 for number in numbers]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


@given(MOMENTS)
def test_only_the_beginning_of_the_loop_is_a_discontinuity(now: float) -> None:
    playlist = segments(playlist_at(now))
    for number, (address, seams) in playlist.items():
        follower = playlist.get(number + 1)
        if follower:
            assert (follower[1] > seams) == (address == LOOP.addresses[-1])


@given(MOMENTS)
def test_players_count_from_a_near_base(now: float) -> None:
    # hls.js walks an array as long as this number each time it loads the playlist.
    assert tag(playlist_at(now), "DISCONTINUITY-SEQUENCE") < 100


@given(MOMENTS, st.floats(min_value=0, max_value=500))
def test_server_whose_clock_is_late_knows_the_base(now: float, late: float) -> None:
    assert segments(playlist_at(now - late, started=now))


def test_base_in_the_future_has_no_playlist(served: FlaskClient) -> None:
    base = near_base(LOOP, time.time() + 3600)
    assert served.get(f"/demo/live/{base}.m3u8").status_code == 404


def test_playlist_never_ends_and_names_its_longest_segment() -> None:
    playlist = playlist_at(1_800_000_000)
    assert "ENDLIST" not in playlist
    assert tag(playlist, "TARGETDURATION") >= LOOP.seconds


def test_stream_is_served_fresh_and_complete(served: FlaskClient) -> None:
    stream = served.get("/demo/live.m3u8")
    variant = next(line for line in stream.text.splitlines() if line.startswith("/"))
    answer = served.get(variant)
    for playlist in (stream, answer):
        assert playlist.content_type == "application/vnd.apple.mpegurl"
        assert playlist.headers["Cache-Control"] == "no-cache"
    found = segments(answer.text)
    assert len(found) * LOOP.seconds >= 3 * tag(answer.text, "TARGETDURATION")
    for address, _seams in found.values():
        with served.get(address) as segment:
            assert segment.status_code == 200
            assert segment.content_type == "video/mp2t"
            # Every packet of an MPEG transport stream begins with the byte 0x47.
            assert segment.data[::188] == b"G" * (len(segment.data) // 188)
