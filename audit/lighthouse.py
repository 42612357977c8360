"""Measure pages with Lighthouse: on a simulated phone with a slow line, or at a desk."""

import json
import subprocess
from typing import Any

from stack.process import ROOT
from stack.tools import require
from tests.support.browser import CHROMIUM, FLAGS

SCRIPT = ROOT / "audit/lighthouse.js"
LEAST = {"accessibility": 100, "best-practices": 100, "seo": 100, "performance": 95}
BAR = LEAST["performance"]


# A busy machine lowers the performance, and nothing raises it: the best of these counts.
ATTEMPTS = 3


def measure(pages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return `{scores, failed}` for each page, given as `{url, cookies, device}`.

    Pages below the bar of the performance are measured again.
    """
    results = _measure_once(pages)
    for _ in range(ATTEMPTS - 1):
        slow = [n for n, result in enumerate(results) if _performance(result) < BAR]
        for n, again in zip(slow, _measure_once([pages[n] for n in slow]), strict=True):
            results[n] = max(results[n], again, key=_performance)
    return results


def _performance(result: dict[str, Any]) -> int:
    return int(result["scores"]["performance"])


def _measure_once(pages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if not pages:
        return []
    task = {"browser": require(CHROMIUM), "flags": FLAGS, "pages": pages}
    done = subprocess.run(
        ["node", SCRIPT], input=json.dumps(task), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"Lighthouse failed: {done.stderr[-2000:]}")
    results: list[dict[str, Any]] = json.loads(done.stdout)
    return results
