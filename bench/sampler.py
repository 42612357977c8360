"""Where CPU time goes: the stack of the main thread, looked at every few milliseconds of CPU.

Unlike a tracing profiler it slows nothing down, so that a call costs what it costs in service.
"""

import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePath
from types import FrameType

from stack.process import ROOT

EVERY_SECONDS = 0.001
OURS = ("webapp", "templates")
# What runs every request, whatever the request is for.
DISPATCH = ("app.py", "ctx.py")


class Samples:
    """What was seen: `parts` by library, `lines` by the innermost line of our own."""

    def __init__(self) -> None:
        self.parts: Counter[str] = Counter()
        self.lines: Counter[str] = Counter()
        self.cpu_seconds = 0.0

    @property
    def total(self) -> int:
        """How many samples there are."""
        return self.parts.total()

    @contextmanager
    def taking(self) -> Iterator[None]:
        """Sample what runs inside; only in the main thread."""
        before = signal.signal(signal.SIGPROF, self._take)
        begin = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, EVERY_SECONDS, EVERY_SECONDS)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            self.cpu_seconds += time.process_time() - begin
            signal.signal(signal.SIGPROF, before)

    def _take(self, _number: int, frame: FrameType | None) -> None:
        frames = _frames_of_request(frame)
        if frames:
            self.parts[_part(frames)] += 1
            self.lines[_line(frames)] += 1


def _frames_of_request(frame: FrameType | None) -> list[FrameType]:
    """From the innermost frame out to Flask's entry; empty outside of a request."""
    frames: list[FrameType] = []
    while frame:
        frames.append(frame)
        if frame.f_code.co_name == "wsgi_app" and _library(frame) == "flask":
            return frames
        frame = frame.f_back
    return []


def _part(frames: list[FrameType]) -> str:
    """The library that runs; what it calls of the standard library is its doing."""
    return next(filter(None, map(_library, frames)), "")


def _line(frames: list[FrameType]) -> str:
    for frame in frames:
        if _library(frame) in OURS:
            name = _relative(frame)
            # The line numbers of a compiled template are not the template's.
            return name if name.endswith(".html") else f"{name}:{frame.f_lineno}"
    for frame in reversed(frames):
        if not (_library(frame) == "flask" and PurePath(_file(frame)).name in DISPATCH):
            return f"{_library(frame) or 'python'}: {frame.f_code.co_qualname}"
    return "flask: dispatch"


def _library(frame: FrameType) -> str:
    """The top folder of what the frame runs; empty for the standard library."""
    before, found, inside = _file(frame).partition("/site-packages/")
    if found:
        return inside.partition("/")[0]
    return _relative(frame).partition("/")[0] if before.startswith(str(ROOT)) else ""


def _relative(frame: FrameType) -> str:
    return _file(frame).removeprefix(f"{ROOT}/")


def _file(frame: FrameType) -> str:
    return frame.f_code.co_filename
