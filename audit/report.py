"""The result of an audit, as a table and as JSON under instance/."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from audit.lighthouse import LEAST
from audit.visits import MODES, Finding
from stack.process import ROOT

FILE = ROOT / "instance" / "audit.json"


def held(finding: Finding) -> bool:
    """Return True when the page misses no bar."""
    scores = finding.figures.get("scores", {})
    too_low = [name for name, score in scores.items() if score < LEAST[name]]
    return not any(finding.violations.values()) and not finding.errors and not too_low


def as_text(findings: list[Finding]) -> str:
    """Return a table of all pages, and what is wrong with each."""
    head = ["page", "state", *(f"axe {mode}" for mode in MODES), "Nu", "Lighthouse", ""]
    rows = [head, *map(_row, findings)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    missed = sum(not held(finding) for finding in findings)
    lines.append(f"\n{len(findings)} pages, {missed} miss a bar. Lighthouse: {_bars()}.")
    return "\n".join([*lines, *(line for finding in findings for line in _details(finding))])


def write(findings: list[Finding]) -> Path:
    """Write everything that was found, and return the file."""
    FILE.parent.mkdir(exist_ok=True)
    rows = [_as_dict(finding) for finding in findings]
    FILE.write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n")
    return FILE


def _row(finding: Finding) -> list[str]:
    scores = finding.figures.get("scores", {})
    return [
        finding.page.endpoint,
        finding.page.state,
        *(str(len(violations)) for violations in finding.violations.values()),
        str(len(finding.errors)),
        " / ".join(str(scores[name]) for name in LEAST) if scores else "",
        "" if held(finding) else "MISSED",
    ]


def _bars() -> str:
    return ", ".join(f"{name} at least {least}" for name, least in LEAST.items())


def _details(finding: Finding) -> Iterator[str]:
    """Yield a line for each violation, error and missed audit."""
    for mode, violations in finding.violations.items():
        for one in violations:
            places = "; ".join(str(node["target"][-1]) for node in one["nodes"][:4])
            yield f"{finding.page.name}: axe, {mode}: {one['help']} ({one['id']}): {places}"
    for kind, errors in _by_kind(finding.errors).items():
        times = f" ({len(errors)} times)" if len(errors) > 1 else ""
        yield f"{finding.page.name}: Nu, line {errors[0]['lastLine']}: {kind}{times}"
    scores = finding.figures.get("scores", {})
    for audit in finding.figures.get("failed", []):
        if scores[audit["category"]] < LEAST[audit["category"]]:
            name = f"{audit['category']}: {audit['title']} ({audit['id']})"
            yield f"{finding.page.name}: Lighthouse, {name} {audit.get('displayValue') or ''}"


def _by_kind(errors: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Return the errors by message, whatever value each complains about."""
    kinds: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for error in errors:
        kinds[re.sub("Bad value “[^”]*”", "Bad value", error["message"])].append(error)
    return kinds


def _as_dict(finding: Finding) -> dict[str, Any]:
    return {
        "page": finding.page.endpoint,
        "state": finding.page.state,
        "held": held(finding),
        "axe": finding.violations,
        "nu": finding.errors,
        "lighthouse": finding.figures,
    }
