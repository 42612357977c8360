"""The result of a benchmark: tables and bars, as text and as JSON under instance/bench/."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.machine import describe_machine
from stack.process import ROOT

FOLDER = ROOT / "instance" / "bench"


@dataclass
class Table:
    """Rows under a head. The first column names the row, the others are figures."""

    title: str
    head: Sequence[str]
    rows: list[Sequence[str]]

    def as_text(self) -> str:
        """Return aligned columns, names to the left and figures to the right."""
        lines = [self.head, *self.rows]
        widths = [max(len(line[i]) for line in lines) for i in range(len(self.head))]
        return "\n".join([self.title, "", *(_aligned(line, widths) for line in lines)])


@dataclass
class Bar:
    """A promise with its measurement."""

    promise: str
    measured: str
    held: bool


@dataclass
class Report:
    """The result of one run of a benchmark."""

    title: str
    tables: list[Table]
    bars: list[Bar] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def held(self) -> bool:
        """Return whether every bar was held."""
        return all(bar.held for bar in self.bars)

    def as_text(self) -> str:
        """Return the tables, the bars and the notes for a terminal."""
        parts = [f"== {self.title}", f"   {command()}", *(table.as_text() for table in self.tables)]
        if self.bars:
            rows = [[b.promise, b.measured, "held" if b.held else "MISSED"] for b in self.bars]
            parts.append(Table("Bars", ["", "measured", ""], list(rows)).as_text())
        return "\n\n".join([*parts, *self.notes])

    def write(self, name: str) -> Path:
        """Write it as JSON, with the machine and the versions; return the file."""
        FOLDER.mkdir(parents=True, exist_ok=True)
        path = FOLDER / f"{name}.json"
        kept = {"command": command(), "machine": describe_machine()} | asdict(self)
        path.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n")
        return path


def command() -> str:
    """Return the command of this run."""
    return " ".join(["python -m bench", *sys.argv[1:]])


def _aligned(line: Sequence[str], widths: Sequence[int]) -> str:
    name, *figures = (
        text.rjust(width) if i else text.ljust(width)
        for i, (text, width) in enumerate(zip(line, widths, strict=True))
    )
    return "  ".join([name, *figures]).rstrip()
