"""The commands of the operator's handbook, docs/operations.md."""

import re

from webapp.infra.settings import ROOT

HANDBOOK = ROOT / "docs" / "operations.md"
# Code in a sentence is a command if it begins with one of these.
PROGRAMS = ("docker ", "bin/", "flask ", "make ", "systemctl ", "curl ", "python ", ".venv/bin/")


def commands() -> set[str]:
    """Return every command: the lines of the shell's blocks, and the commands in sentences."""
    text = HANDBOOK.read_text()
    found = set()
    for block in re.findall(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        found |= set(re.sub(r" \\\n +", " ", block).splitlines())
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    for words in re.findall(r"`([^`\n]+)`", prose):
        if words.startswith(PROGRAMS) and " " in words.strip():
            found.add(words)
    return {command for command in found if command.strip() and not command.startswith("#")}


def documented(command: str) -> str:
    """Return `command`. Raises AssertionError when the handbook does not have it."""
    assert command in commands(), f"docs/operations.md has no {command!r}"
    return command
