"""The check of the English rejects riddles and accepts plain text."""

import subprocess
import sys
from pathlib import Path

import pytest

from webapp.infra.settings import ROOT


def check(tmp_path: Path, name: str, text: str) -> list[str]:
    """Return the findings in a file with that text."""
    (tmp_path / name).write_text(text)
    done = subprocess.run(
        [sys.executable, "bin/check_english.py", str(tmp_path / name)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == (1 if done.stdout else 0), done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.py", 'def f():\n    """What of the payload is new."""\n'),
        ("a.py", 'def f():\n    """Whether it is open."""\n'),
        ("a.py", 'def f():\n    """The number of viewers."""\n'),
        ("a.py", "# Who leaves is cleaned up after.\n"),
        ("a.py", '"""Wait for so long."""\n'),
        ("a.js", "// A cookie that is no longer than it was, for ever\n"),
        ("a.md", "The row is no text.\n"),
        ("a.yaml", "# It keeps what was stored.\n"),
    ],
)
def test_a_riddle_is_found(tmp_path: Path, name: str, text: str) -> None:
    assert len(check(tmp_path, name, text)) == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.py", 'def f():\n    """Return whether it is open."""\n'),
        ("a.py", 'class A:\n    """The number of viewers."""\n'),
        ("a.py", 'def test_a():\n    """A late post counts as late."""\n'),
        ("a.py", 'x = "Who leaves?"  # A viewer who leaves is cleaned up after.\n'),
        ("a.py", "# The rule holds for ever, as quoted here: english: ignore\n"),
        ("a.md", "Who asks? What was stored? It is no longer needed.\n"),
    ],
)
def test_plain_text_passes(tmp_path: Path, name: str, text: str) -> None:
    assert check(tmp_path, name, text) == []
