"""One composed system for all tests; each finds it at rest, as after the first `up`."""

import os
import socket
import subprocess
from collections.abc import Callable, Iterator

import pytest
from composed import Composed, fresh_clone
from viewer import Employee, Viewer


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
def employees(system) -> list[Employee]:
    """The active employees of the demo data."""
    rows = system.sql("SELECT email, employee_number FROM employees WHERE active ORDER BY id")
    return [Employee(*row) for row in rows]


@pytest.fixture
def watch(system, employees) -> Iterator[Callable[[int], list[Viewer]]]:
    """watch(n): n more viewers, each another employee, with open sockets."""
    present: list[Viewer] = []

    def arrive(count: int) -> list[Viewer]:
        for employee in employees[len(present) : len(present) + count]:
            present.append(Viewer(system.url, employee))
            present[-1].check_in()
            present[-1].connect()
        return present[-count:]

    yield arrive
    for viewer in present:
        viewer.leave()
