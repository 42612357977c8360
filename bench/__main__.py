"""`make bench`: `python -m bench` runs every benchmark, `python -m bench checkin` one.

SECONDS=5 ROUNDS=1 VIEWERS=500 RATES=40,200 make it short, for development; the figures that count
are those of the default.
Exit status 1 when a bar was missed.
"""

import importlib
import sys

from stack.process import NotReadyError, raise_open_files_limit
from stack.tools import MissingToolsError

BENCHMARKS = ("checkin", "fanout", "roster")
# Not measured against anything, so only on request.
TOOLS = ("profile",)


def main(names: list[str]) -> int:
    """Run the benchmarks of these names, or all; the exit status."""
    known = (*BENCHMARKS, *TOOLS)
    if unknown := [name for name in names if name not in known]:
        print(f"bench: there is no {', '.join(unknown)}; there are {', '.join(known)}.")
        return 2
    raise_open_files_limit()
    held = [run(name) for name in names or BENCHMARKS]
    return 0 if all(held) else 1


def run(name: str) -> bool:
    """Run one, show and keep its report; whether every bar was held."""
    report = importlib.import_module(f"bench.{name}").run()
    print(report.as_text(), flush=True)
    print(f"\nwritten: {report.write(name)}\n", flush=True)
    return bool(report.held)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (NotReadyError, MissingToolsError) as error:
        sys.exit(f"bench: {error}")
