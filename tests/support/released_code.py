"""The code of the release before, from the history of the repository."""

import shutil
import subprocess
from pathlib import Path

from stack.process import ROOT
from webapp.infra.previous_release import COMMIT, RELEASE


def unpack(folder: Path) -> Path | None:
    """Unpack and build the code of the release before in `folder`.

    Return None where the repository has no history, as a shallow clone.
    """
    archive = _archive(f"v{RELEASE}") or _archive(COMMIT)
    if archive is None:
        return None
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive, check=True, timeout=60)
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    node = shutil.which("node") or str(ROOT / ".venv/bin/node")
    subprocess.run([node, "frontend/build.js"], cwd=folder, check=True, timeout=60)
    return folder


def _archive(revision: str) -> bytes | None:
    git = shutil.which("git")
    if git is None:
        return None
    command = [git, "-C", str(ROOT), "archive", revision]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    return None if done.returncode else done.stdout
