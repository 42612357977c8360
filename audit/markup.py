"""Check the HTML of pages with the Nu HTML checker, all in one run."""

import json
import subprocess
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from stack.process import ROOT
from stack.tools import require

JAR = ROOT / "node_modules/vnu-jar/build/dist/vnu.jar"
OPTIONS = ["--format", "json", "--stdout", "--errors-only", "--exit-zero-always"]


def errors_of(texts: list[str]) -> list[list[dict[str, Any]]]:
    """Return the errors in each of the HTML texts."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, f"{number}.html") for number in range(len(texts))]
        for file, text in zip(files, texts, strict=True):
            file.write_text(text)
        done = subprocess.run(
            [require(("java",)), "-jar", JAR, *OPTIONS, *files],
            capture_output=True,
            text=True,
            check=True,
        )
    errors: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for message in json.loads(done.stdout)["messages"]:
        errors[Path(message["url"]).stem].append(
            {name: message.get(name) for name in ("lastLine", "message", "extract")}
        )
    return [errors[file.stem] for file in files]
