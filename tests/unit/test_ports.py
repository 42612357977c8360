"""Ports that are free stay free for the process that asked for one."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from stack import ports
from stack.process import ROOT

ASK_AND_WAIT = "from stack.ports import free_port; print(free_port(), flush=True); input()"


@pytest.fixture
def port_of_another() -> Iterator[int]:
    """Return a port that another process was given, on which nothing listens yet."""
    with subprocess.Popen(
        [sys.executable, "-c", ASK_AND_WAIT],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout
        yield int(other.stdout.readline())
        other.communicate("\n")


def test_no_port_is_given_to_two_processes(
    monkeypatch: pytest.MonkeyPatch, port_of_another: int
) -> None:
    taken = [port_of_another, ports.free_port()]
    # A port that is taken comes up sixteen times in seventeen.
    monkeypatch.setattr(ports, "CANDIDATES", taken * 100_000 + [*ports.CANDIDATES])
    assert ports.free_port() not in taken
