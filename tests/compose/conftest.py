"""Fixtures: one Compose system for all tests, at rest before each of them."""

import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.compose.composed import Composed, fresh_clone
from tests.compose.viewer import StayingViewer

Watch = Callable[[int], list[StayingViewer]]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a fresh clone of the repository; everything is built and started from it."""
    answer = subprocess.run(["docker", "compose", "ls"], capture_output=True, text=True)
    if answer.returncode:
        pytest.exit(f"no Docker engine with Compose answers: {answer.stderr.strip()}", returncode=1)
    return fresh_clone(tmp_path_factory.mktemp("clone"))


@pytest.fixture(scope="session")
def started(tree: Path) -> Iterator[Composed]:
    """Build and start the system."""
    system = Composed(tree, f"townhall-test-{os.getpid()}", free_port())
    try:
        system.up("--build")
        yield system
    finally:
        system.down()


@pytest.fixture(scope="session")
def first_log(started: Composed) -> str:
    """Return the log of all services during the first start."""
    return started.compose("logs", "--no-color")


@pytest.fixture
def system(started: Composed, first_log: str) -> Composed:
    """Return the system in the state of the first `up`, whatever the previous test did to it."""
    if not started.at_rest():
        started.up("--scale", "realtime=2")
    return started


@pytest.fixture
def slug(system: Composed) -> str:
    """Return the slug of the open event of the demo data."""
    [[slug]] = system.sql("SELECT slug FROM events WHERE state = 'open'")
    return slug


@pytest.fixture
def watch(system: Composed, slug: str) -> Iterator[Watch]:
    """Return `watch(n)`, which connects n more viewers, each another employee of the demo data."""
    employees = system.sql("SELECT email, employee_number FROM employees WHERE active ORDER BY id")
    with ExitStack() as present:

        def arrive(count: int) -> list[StayingViewer]:
            people = [employees.pop() for _ in range(count)]
            viewers = [StayingViewer(system.url, slug, *person) for person in people]
            for viewer in viewers:
                present.enter_context(viewer).connect(system.url)
            return viewers

        yield arrive
