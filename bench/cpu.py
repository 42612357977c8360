"""CPU seconds of processes and their children, as the kernel counts them in /proc."""

import os
from collections.abc import Iterable
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time so far of the living processes below `pids`, these included."""
    stats = _stats()
    family = set(pids)
    # A child may have a lower pid than its parent: repeat until nobody is added.
    while more := {pid for pid, (parent, _) in stats.items() if parent in family} - family:
        family |= more
    return sum(stats[pid][1] for pid in family if pid in stats) / TICKS


def _stats() -> dict[int, tuple[int, int]]:
    """The parent and the clock ticks of every process, by pid."""
    found = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            # The name, in parentheses, may hold anything.
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        # Waited-for children count too: theirs is the time of those that came and went.
        found[int(folder.name)] = int(fields[1]), sum(map(int, fields[11:15]))
    return found
