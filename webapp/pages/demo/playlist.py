"""The demo stream as a live HLS stream: a window that slides over a loop of segments, by the clock.

Every web worker computes the same playlists from the clock alone (RFC 8216, section 6.2.2).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

WINDOW = 5
# The clock of another web server may be this far behind the one that named the base.
CLOCK_SKEW_SECONDS = 600


@dataclass(frozen=True)
class Loop:
    """Segments of equal length that are repeated: their addresses, and the seconds of each."""

    addresses: Sequence[str]
    seconds: float

    @property
    def length(self) -> float:
        """Return the seconds that one repetition lasts."""
        return len(self.addresses) * self.seconds


def read_loop(path: Path) -> tuple[list[str], float]:
    """Return the segments' file names in order, and the seconds that each of them lasts."""
    text = path.read_text()
    names = [line for line in text.splitlines() if line and not line.startswith("#")]
    seconds = {float(length) for length in re.findall(r"#EXTINF:([\d.]+)", text)}
    if len(seconds) != 1:
        raise ValueError(f"{path}: All segments of the loop must have the same length.")
    return names, seconds.pop()


def near_base(loop: Loop, now: float) -> int:
    """Return the repetition from which a player that starts at `now` (Unix time) counts.

    Repetitions are counted from 1970. A player that kept this count would meet a discontinuity
    sequence of 74 million, and hls.js walks an array of that length at each reload.
    """
    return int((now - CLOCK_SKEW_SECONDS) // loop.length)


def main_playlist(address: str) -> str:
    """Return the multivariant playlist, which names the one variant.

    `address` contains the base, so that a player counts from the same base for as long as it
    plays, and one that starts later counts from a later one.
    """
    return "\n".join(
        (
            "#EXTM3U",
            "#EXT-X-VERSION:6",
            "#EXT-X-INDEPENDENT-SEGMENTS",
            '#EXT-X-STREAM-INF:BANDWIDTH=110000,CODECS="avc1.42c01f,mp4a.40.2",RESOLUTION=640x360',
            address,
            "",
        )
    )


def live_playlist(loop: Loop, base: int, now: float) -> str | None:
    """Return the playlist at `now` (Unix time): the last segments that are complete.

    Segments are counted from the beginning of repetition `base`; None if that is in the future.
    The clock of the segments jumps back where a repetition begins: a discontinuity.
    """
    count = len(loop.addresses)
    end = int(now // loop.seconds) - base * count
    first = end - WINDOW
    if first < 0:
        return None
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:6",
        f"#EXT-X-TARGETDURATION:{round(loop.seconds)}",
        f"#EXT-X-MEDIA-SEQUENCE:{first}",
        # The discontinuities that have left the window: one for each repetition begun before it.
        f"#EXT-X-DISCONTINUITY-SEQUENCE:{-(-first // count)}",
        "#EXT-X-INDEPENDENT-SEGMENTS",
    ]
    for number in range(first, end):
        place = number % count
        lines += ["#EXT-X-DISCONTINUITY"] if place == 0 else []
        lines += [f"#EXTINF:{loop.seconds:.3f},", loop.addresses[place]]
    return "\n".join(lines) + "\n"
