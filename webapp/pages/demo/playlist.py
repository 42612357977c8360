"""The demo stream as a live playlist: a window that slides over a loop of segments, by the clock.

Nothing is kept: every worker computes the same playlist at the same moment. RFC 8216, 6.2.2.
"""

import re
from collections.abc import Sequence
from pathlib import Path

WINDOW = 5


def read_loop(path: Path) -> tuple[list[str], float]:
    """The segments' file names in order, and the seconds that each of them lasts."""
    lines = path.read_text().splitlines()
    names = [line for line in lines if line and not line.startswith("#")]
    seconds = {float(length) for length in re.findall(r"#EXTINF:([\d.]+)", path.read_text())}
    if len(seconds) != 1:
        raise ValueError(f"{path}: the segments of the loop must last equally long")
    return names, seconds.pop()


def live_playlist(addresses: Sequence[str], seconds: float, now: float) -> str:
    """The playlist at `now` (Unix time): the last few segments that are complete.

    Segment number n, counted since the epoch, is always `addresses[n % len(addresses)]`. Where
    the loop begins again its clock jumps back, which players are told as a discontinuity.
    """
    end = int(now // seconds)
    first = end - WINDOW
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:6",
        f"#EXT-X-TARGETDURATION:{round(seconds)}",
        f"#EXT-X-MEDIA-SEQUENCE:{first}",
        # The seams that have left the window: the numbers below `first` that begin a loop.
        f"#EXT-X-DISCONTINUITY-SEQUENCE:{-(-first // len(addresses))}",
        "#EXT-X-INDEPENDENT-SEGMENTS",
    ]
    for number in range(first, end):
        place = number % len(addresses)
        lines += ["#EXT-X-DISCONTINUITY"] if place == 0 else []
        lines += [f"#EXTINF:{seconds:.3f},", addresses[place]]
    return "\n".join(lines) + "\n"
