"""Libraries come from their registries in exactly one version, and run nothing when installed.

`make audit-libraries` asks the registries for known vulnerabilities; this needs no network.
"""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Packages whose own script runs at their installation: a binary for this machine.
INSTALL_SCRIPTS = {"node_modules/esbuild", "node_modules/fsevents"}


@pytest.mark.parametrize(
    "name", ["requirements.txt", "requirements-dev.txt", "requirements-assets.txt"]
)
def test_python_libraries_are_pinned_with_their_hashes(name: str) -> None:
    text = re.sub(r"(?m)^ *#.*$", "", (ROOT / name).read_text()).replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    assert len(lines) > 0
    pinned = r"[\w.\[\]-]+==[\w.+!]+( ?;[^;]+?)?(\s+--hash=sha256:[0-9a-f]{64})+"
    assert [line for line in lines if not re.fullmatch(pinned, line)] == []


def test_scripts_are_pinned_with_their_hashes() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    del packages[""]
    assert len(packages) > 10
    for name, package in packages.items():
        assert package["integrity"].startswith("sha512-"), name
        assert re.fullmatch(r"\d+\.\d+\.\d+(-[\w.]+)?", package["version"]), name
        assert not package.get("hasInstallScript") or name in INSTALL_SCRIPTS, name
