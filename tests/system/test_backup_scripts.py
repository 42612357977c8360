"""bin/backup and bin/restore against a system that runs."""

import json
import os
import subprocess
from pathlib import Path

from stack import Stack
from stack.process import ROOT
from tests.support.meeting import Meeting


def run(script: str, *arguments: str, instance: Path) -> subprocess.CompletedProcess[str]:
    environ = os.environ | {"INSTANCE_PATH": str(instance)}
    return subprocess.run(
        [str(ROOT / "bin" / script), *arguments],
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_backup_brings_back_removed_rows(stack: Stack, meeting: Meeting, tmp_path: Path) -> None:
    (tmp_path / "stack.json").write_text(json.dumps(stack.describe()))
    with meeting.viewer().connect(stack.url) as viewer:
        assert viewer.post("before the backup")["ok"]
        made = run("backup", str(tmp_path / "kept"), instance=tmp_path)
        assert made.returncode == 0, made.stderr
        [file] = (tmp_path / "kept").iterdir()
        assert made.stdout.strip() == str(file)
        assert viewer.post("after the backup")["ok"]
        restored = run("restore", str(file), "--yes", instance=tmp_path)
        assert restored.returncode == 0, restored.stderr
        address = f"{meeting.site}/events/{meeting.slug}/messages?after=0"
        answer = viewer.web.get(address, headers={"Accept": "application/json"}, timeout=10)
    assert [message["body"] for message in answer.json()["messages"]] == ["before the backup"]


def test_a_broken_file_is_refused_before_anything_stops(stack: Stack, tmp_path: Path) -> None:
    (tmp_path / "stack.json").write_text(json.dumps(stack.describe()))
    (tmp_path / "broken").write_bytes(b"not a backup")
    refused = run("restore", str(tmp_path / "broken"), "--yes", instance=tmp_path)
    assert refused.returncode == 1
    assert "Error: This backup cannot be read" in refused.stderr
    assert "Restart" not in refused.stderr
