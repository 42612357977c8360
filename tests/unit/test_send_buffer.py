"""Bytes to one viewer: in order, at once where they fit, and bounded where they do not."""

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from realtime.transport.send_buffer import WAITING_BYTES, SendBuffer

FRAME = b"x" * 50_000


class Green:
    """Like a green socket: what is sent through its `fd` never waits, `sendall` does.

    One description of the kernel's cannot be both, so it is each call that says so.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.fd = self

    def send(self, data: bytes) -> int:
        return self._sock.send(data, socket.MSG_DONTWAIT)

    def sendall(self, data: bytes) -> None:
        self._sock.sendall(data)


class Line:
    """An send_buffer with its two ends; what waits is written when `drain` is called."""

    def __init__(self) -> None:
        near, self.far = socket.socketpair()
        near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        self.near = near
        self.green = Green(near)
        self.tasks: list[Callable[[], None]] = []
        self.cut_off = 0
        self.send_buffer = SendBuffer(self.green, self.tasks.append, self._count)

    def _count(self) -> None:
        self.cut_off += 1

    def drain(self) -> bytes:
        """Let the viewer read while the waiting task writes; all that arrived."""
        received = bytearray()

        def read() -> None:
            while data := self.far.recv(65536):
                received.extend(data)

        reader = threading.Thread(target=read)
        reader.start()
        while self.tasks:
            self.tasks.pop(0)()
        self.near.shutdown(socket.SHUT_WR)
        reader.join(10)
        return bytes(received)


@pytest.fixture
def line() -> Iterator[Line]:
    line = Line()
    yield line
    line.near.close()
    line.far.close()


def test_what_fits_is_written_at_once_and_nobody_waits(line: Line) -> None:
    line.send_buffer.write(b"first")
    line.send_buffer.write(b"second")
    assert line.far.recv(100) == b"firstsecond"
    assert not line.tasks
    assert line.send_buffer.waiting_bytes == 0


def test_what_comes_after_a_part_of_a_frame_waits_for_the_rest_of_it(line: Line) -> None:
    frames = [bytes([65 + n]) * 20_000 for n in range(10)]
    for frame in frames:
        line.send_buffer.write(frame)
    assert len(line.tasks) == 1, "one task writes what waits, however much it is"
    assert line.drain() == b"".join(frames)
    assert line.send_buffer.waiting_bytes == 0


def test_after_that_it_writes_at_once_again(line: Line) -> None:
    line.send_buffer.write(FRAME)
    reader = threading.Thread(target=lambda: line.far.recv(len(FRAME), socket.MSG_WAITALL))
    reader.start()
    line.tasks.pop()()
    reader.join(10)
    line.send_buffer.write(b"small")
    assert not line.tasks
    assert line.far.recv(100) == b"small"


def test_who_never_reads_is_cut_off_once_and_keeps_nothing(line: Line) -> None:
    waited = 0
    for _ in range(100):
        line.send_buffer.write(FRAME)
        waited = max(waited, line.send_buffer.waiting_bytes)
    assert line.cut_off == 1
    assert waited <= WAITING_BYTES + len(FRAME)
    assert line.send_buffer.waiting_bytes == 0
    line.send_buffer.write(b"too late")
    assert line.cut_off == 1


def test_one_large_answer_is_no_reason_to_cut_off(line: Line) -> None:
    answer = b"y" * (WAITING_BYTES * 2)
    line.send_buffer.write(answer)
    assert line.cut_off == 0
    assert line.drain() == answer


def test_a_socket_that_is_gone_is_no_error(line: Line) -> None:
    line.far.close()
    line.send_buffer.write(b"into the void")
    line.send_buffer.write(FRAME)
    assert not line.tasks
    assert line.cut_off == 0
