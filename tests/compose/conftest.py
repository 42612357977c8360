"""One composed system for all tests; each finds it at rest, as after the first `up`."""

import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.compose.composed import Composed, fresh_clone
from tests.compose.viewer import StayingViewer


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def tree(tmp_path_factory):
    """A fresh clone of the repository, built and started from nowhere else."""
    answer = subprocess.run(["docker", "compose", "ls"], capture_output=True, text=True)
    if answer.returncode:
        pytest.exit(f"no Docker engine with Compose answers: {answer.stderr.strip()}", returncode=1)
    return fresh_clone(tmp_path_factory.mktemp("clone"))


@pytest.fixture(scope="session")
def started(tree) -> Iterator[Composed]:
    """The system after its first `up`, which builds it."""
    system = Composed(tree, f"townhall-test-{os.getpid()}", free_port())
    try:
        system.up("--build")
        yield system
    finally:
        system.down()


@pytest.fixture(scope="session")
def first_log(started) -> str:
    """What all services said during the first start."""
    return started.compose("logs", "--no-color")


@pytest.fixture
def system(started, first_log) -> Composed:
    """The system as after the first `up`, whatever the test before did to it."""
    if not started.at_rest():
        started.up("--scale", "realtime=2")
    return started


@pytest.fixture
def slug(system) -> str:
    """The event that is open in the demo data."""
    [[slug]] = system.sql("SELECT slug FROM events WHERE state = 'open'")
    return slug


@pytest.fixture
def watch(system, slug) -> Iterator[Callable[[int], list[StayingViewer]]]:
    """watch(n): n more viewers, each another employee of the demo data, with open sockets."""
    employees = system.sql("SELECT email, employee_number FROM employees WHERE active ORDER BY id")
    with ExitStack() as present:

        def arrive(count: int) -> list[StayingViewer]:
            people = [employees.pop() for _ in range(count)]
            viewers = [StayingViewer(system.url, slug, *person) for person in people]
            return [present.enter_context(viewer).connect(system.url) for viewer in viewers]

        yield arrive
