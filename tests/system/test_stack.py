"""`make stack` as its user sees it: what it says and writes, and that it leaves nothing behind."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pymysql
import pytest

from stack.ports import LOOPBACK, free_port, status_of
from stack.process import ROOT
from tests.support.waiting import wait_for

START = 120.0  # seconds, on a busy machine


class Command:
    """`python -m stack` with its own folders, so that all it leaves can be seen."""

    def __init__(self, folder: Path, **environ: str) -> None:
        self.port = free_port()
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self.instance = folder / "instance"
        self.out, self.err = folder / "out", folder / "err"
        env = {"PORT": str(self.port), "TMPDIR": str(self.temporary)}
        env |= {"INSTANCE_PATH": str(self.instance), **environ}
        with self.out.open("w") as out, self.err.open("w") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "stack"],
                cwd=ROOT,
                env=os.environ | env,
                stdout=out,
                stderr=err,
            )

    def wait_until_ready(self) -> dict[str, Any]:
        """Return the content of stack.json, once the line `ready` is there."""
        wait_for(self._ready_or_over, START, "ready")
        assert self.process.poll() is None, self.err.read_text()
        description: dict[str, Any] = json.loads((self.instance / "stack.json").read_text())
        return description

    def wait_for_line(self, words: str) -> None:
        wait_for(lambda: words in self.err.read_text(), START, words)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send the signal; the exit status."""
        self.process.send_signal(number)
        return self.process.wait(60)

    def left(self) -> list[str]:
        """Return everything that remains of it: processes, temporary files, its description."""
        files = [*self.temporary.iterdir(), *self.instance.glob("stack.*")]
        return [*map(str, files), *self._processes()]

    def _ready_or_over(self) -> bool:
        return "ready" in self.out.read_text().splitlines() or self.process.poll() is not None

    def _processes(self) -> Iterator[str]:
        mark = f"TMPDIR={self.temporary}".encode()
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (process / "environ").read_bytes().split(b"\0"):
                    yield (process / "cmdline").read_text().replace("\0", " ")
            except OSError:
                continue  # ended in between, or another user's


Start = Callable[..., Command]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started = []

    def start_command(**environ: str) -> Command:
        started.append(Command(tmp_path, **environ))
        return started[-1]

    yield start_command
    for command in started:
        if command.process.poll() is None:
            command.stop()


def test_it_starts_all_reports_a_death_and_leaves_nothing(start: Start) -> None:
    command = start(WEB="2", NODES="2")
    described = command.wait_until_ready()

    assert described["url"] == f"http://127.0.0.1:{command.port}"
    assert described["nginx"]["port"] == command.port
    assert status_of(command.port, "/readyz") == 200
    assert len(described["web"]) == len(described["realtime"]) == 2
    for server in described["web"] + described["realtime"]:
        assert status_of(server["port"], "/readyz") == 200
    assert status_of(command.port, "/socket.io/?EIO=4&transport=polling") == 200
    assert "admin@example.com" in command.out.read_text()

    os.kill(described["web"][0]["pid"], signal.SIGKILL)
    command.wait_for_line("web1 died (killed by SIGKILL)")
    # Its workers are killed with it, and end when they next run.
    wait_for(lambda: status_of(described["web"][0]["port"], "/readyz") is None, what="no worker")
    assert status_of(command.port, "/readyz") == 200

    assert command.stop() == 0
    assert command.left() == []


def test_its_argv_starts_redis_and_the_database_again_on_the_same_data(start: Start) -> None:
    command = start(WEB="1", NODES="1", DEMO="0")
    described = command.wait_until_ready()
    execute(described, "CREATE TABLE kept (n INT)")
    for name in ("redis", "database"):
        os.kill(described[name]["pid"], signal.SIGKILL)
        command.wait_for_line(f"{name} died")
    again = [
        subprocess.Popen(
            described[name]["argv"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for name in ("redis", "database")
    ]
    try:
        wait_for(lambda: status_of(command.port, "/readyz") == 200, 60, "ready again")
        assert execute(described, "SELECT COUNT(*) FROM kept") == (0,)
    finally:
        for server in again:
            server.terminate()
            server.wait(60)
    assert command.stop(signal.SIGINT) == 0
    assert command.left() == []


def test_nothing_outlives_a_stack_that_is_killed(start: Start) -> None:
    command = start(WEB="1", NODES="1", DEMO="0")
    command.wait_until_ready()
    command.process.kill()
    command.process.wait()
    wait_for(lambda: not list(command._processes()), 30, "no process is left")


@pytest.mark.parametrize(
    "moment", ["Ready to accept connections", "InnoDB", "prepare", "Booting worker"]
)
def test_it_can_be_stopped_while_it_starts(start: Start, moment: str) -> None:
    command = start(WEB="1", NODES="1", DEMO="0")
    command.wait_for_line(moment)
    assert command.stop(signal.SIGINT) == 0
    assert command.left() == []


def test_a_start_that_fails_half_way_says_why_and_leaves_nothing(start: Start) -> None:
    command = start(GUNICORN_CMD_ARGS="--no-such-option")
    assert command.process.wait(START) == 1
    assert "web1 ended before it was ready" in command.err.read_text()
    assert "--no-such-option" in command.err.read_text()
    assert command.left() == []


def test_a_port_in_use_is_one_line(start: Start) -> None:
    with socket.create_server((LOOPBACK, free_port())) as taken:
        port = taken.getsockname()[1]
        command = start(PORT=str(port))
        assert command.process.wait(START) == 1
    assert command.err.read_text() == f"Port {port} is in use: choose another with PORT=\n"
    assert command.left() == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("WEB", "0"), ("NODES", "two"), ("PORT", "99999"), ("LOG_FORMAT", "xml"), ("DEMO", "maybe")],
)
def test_a_malformed_setting_is_one_line(start: Start, name: str, value: str) -> None:
    command = start(**{name: value})
    assert command.process.wait(START) == 1
    assert command.err.read_text().count("\n") == 1
    assert command.err.read_text().startswith(name)


def test_missing_programs_are_named_at_once(start: Start, tmp_path: Path) -> None:
    command = start(PATH=str(tmp_path), PYTHONPATH=without_system_folders(tmp_path))
    assert command.process.wait(START) == 1
    assert command.err.read_text() == (
        "Missing: mariadbd or mysqld, redis-server or valkey-server, nginx. "
        "On Debian and Ubuntu `make tools` installs them.\n"
    )


def without_system_folders(folder: Path) -> str:
    """Return a PYTHONPATH on which the stack looks for programs in PATH alone."""
    (folder / "sitecustomize.py").write_text(
        "from stack import tools\ntools.SYSTEM_FOLDERS.clear()\n"
    )
    return f"{folder}{os.pathsep}{ROOT}"


def execute(described: dict[str, Any], statement: str) -> Any:
    """Return the first row that the statement gives on the stack's database."""
    port = described["database"]["port"]
    with (
        pymysql.connect(
            host=LOOPBACK, port=port, user="townhall", password="townhall", database="townhall"
        ) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
        return cursor.fetchone()
