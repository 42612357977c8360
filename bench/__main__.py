"""`make bench`: `python -m bench` runs every benchmark, `python -m bench checkin` one.

SECONDS=5 ROUNDS=1 VIEWERS=500 RATES=40,200 shorten a run during development; only the figures of
the defaults count. The exit status is 1 when a bar is missed.
"""

import importlib
import sys

from stack.process import NotReadyError, raise_open_files_limit
from stack.tools import MissingToolsError

BENCHMARKS = ("checkin", "embedded", "fanout", "roster", "storm")


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all; return the exit status."""
    if unknown := [name for name in names if name not in BENCHMARKS]:
        print(f"bench: unknown: {', '.join(unknown)}. Known: {', '.join(BENCHMARKS)}.")
        return 2
    raise_open_files_limit()
    held = [run(name) for name in names or BENCHMARKS]
    return 0 if all(held) else 1


def run(name: str) -> bool:
    """Run one benchmark, print and write its report; return whether it held every bar."""
    report = importlib.import_module(f"bench.{name}").run()
    print(report.as_text(), flush=True)
    print(f"\nwritten: {report.write(name)}\n", flush=True)
    return bool(report.held)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (NotReadyError, MissingToolsError) as error:
        sys.exit(f"bench: {error}")
