"""The health check of the containers tells a server that starts from one that is ill."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from stack.ports import LOOPBACK, free_port
from webapp.infra.settings import ROOT


def check(port: int) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, ROOT / "bin/healthy.py"],
        env=os.environ | {"PORT": str(port)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.stdout == ""
    return done.returncode, done.stderr


@contextmanager
def answering(answer: bytes | None) -> Iterator[int]:
    """Serve one connection with `answer`, or with silence, at the port."""
    with socket.create_server((LOOPBACK, 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            connection.recv(4096)
            if answer is None:
                connection.recv(1)
            else:
                connection.sendall(answer)
            connection.close()

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]


def test_a_server_that_serves_is_healthy() -> None:
    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as port:
        assert check(port) == (0, "")


def test_a_server_that_starts_does_not_listen() -> None:
    port = free_port()
    assert check(port) == (
        1,
        f"Nothing listens on port {port}: it starts, or waits for the database. See its log.\n",
    )


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (None, "hangs: no answer within 5 s"),
        (b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n", "answers 500"),
        (b"", "broke off: "),
    ],
)
def test_an_ill_server_is_named(answer: bytes | None, reason: str) -> None:
    with answering(answer) as port:
        status, line = check(port)
    assert (status, reason in line, line.count("\n")) == (1, True, 1)
