"""Read CPU seconds of processes and their children from /proc."""

import os
from collections.abc import Iterable
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return user and system time of `pids` and all their living descendants."""
    stats = _stats()
    family = set(pids)
    # A child may have a lower pid than its parent, so repeat until none is added.
    while more := {pid for pid, (parent, _) in stats.items() if parent in family} - family:
        family |= more
    return sum(stats[pid][1] for pid in family if pid in stats) / TICKS


def _stats() -> dict[int, tuple[int, int]]:
    """Return the parent and the clock ticks of every process, by pid."""
    found = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            # The process name, in parentheses, may contain anything.
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        # Includes children that have ended and were waited for.
        found[int(folder.name)] = int(fields[1]), sum(map(int, fields[11:15]))
    return found
