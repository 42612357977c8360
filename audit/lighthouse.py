"""Measure pages with Lighthouse: on a simulated phone with a slow line, or at a desk."""

import json
import subprocess
from typing import Any

from stack.process import ROOT
from stack.tools import require
from tests.support.browser import CHROMIUM, FLAGS

SCRIPT = ROOT / "audit/lighthouse.js"
LEAST = {"accessibility": 100, "best-practices": 100, "seo": 100, "performance": 95}


def measure(pages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return `{scores, failed}` for each page, given as `{url, cookies, device}`."""
    task = {"browser": require(CHROMIUM), "flags": FLAGS, "pages": pages}
    done = subprocess.run(
        ["node", SCRIPT], input=json.dumps(task), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"Lighthouse failed: {done.stderr[-2000:]}")
    results: list[dict[str, Any]] = json.loads(done.stdout)
    return results
