"""Limit the frames and bytes that one client sends, whatever their kind."""

import time
from dataclasses import dataclass


class OverBudgetError(Exception):
    """A client sent more than it may; its connection is to be closed."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """The most that a client may send at once, and what it earns per second."""

    frames: float
    size: float
    frames_per_second: float
    bytes_per_second: float


# Of a client that has not joined an event: it has one packet to send, and answers pings.
STRANGER = Allowance(10, 4096, 1, 512)
# Of a viewer: far above what a page sends, which is a few frames a second at most.
VIEWER = Allowance(200, 256 * 1024, 20, 64 * 1024)


class Budget:
    """What is left of an allowance; earns more as time passes."""

    __slots__ = ("_allowance", "_at", "_bytes", "_frames")

    def __init__(self, allowance: Allowance) -> None:
        self.grant(allowance)

    def grant(self, allowance: Allowance) -> None:
        """Begin again with all of `allowance`."""
        self._allowance = allowance
        self._frames, self._bytes = allowance.frames, allowance.size
        self._at = time.monotonic()

    def spend(self, frames: int, size: int) -> None:
        """Take frames and bytes. Raise `OverBudgetError` when more was sent than earned."""
        self._frames -= frames
        self._bytes -= size
        # The clock is read only when the client has used up its reserve.
        if self._frames < 0 or self._bytes < 0:
            self._earn()
            if self._frames < 0 or self._bytes < 0:
                raise OverBudgetError

    def _earn(self) -> None:
        now, allowance = time.monotonic(), self._allowance
        seconds, self._at = now - self._at, now
        self._frames = min(allowance.frames, self._frames + seconds * allowance.frames_per_second)
        self._bytes = min(allowance.size, self._bytes + seconds * allowance.bytes_per_second)
