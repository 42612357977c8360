"""Check the bytes to one viewer: ordered, written at once where possible, and bounded."""

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from realtime.transport.send_buffer import WAITING_BYTES, SendBuffer

FRAME = b"x" * 50_000


class Green:
    """Imitate a green socket: sending through its `fd` never blocks, `sendall` does.

    One file description cannot be both, so each call chooses.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.fd = self

    def send(self, data: bytes) -> int:
        return self._sock.send(data, socket.MSG_DONTWAIT)

    def sendall(self, data: bytes) -> None:
        self._sock.sendall(data)


class Line:
    """Hold a send buffer and its two ends; `drain` writes the waiting bytes."""

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
        """Let the viewer read while the waiting task writes; return all received bytes."""
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


def test_small_frame_is_written_at_once(line: Line) -> None:
    line.send_buffer.write(b"first")
    line.send_buffer.write(b"second")
    assert line.far.recv(100) == b"firstsecond"
    assert not line.tasks
    assert line.send_buffer.waiting_bytes == 0


def test_frames_after_a_partial_frame_wait(line: Line) -> None:
    frames = [bytes([65 + n]) * 20_000 for n in range(10)]
    for frame in frames:
        line.send_buffer.write(frame)
    assert len(line.tasks) == 1, "one task writes all waiting bytes"
    assert line.drain() == b"".join(frames)
    assert line.send_buffer.waiting_bytes == 0


def test_drained_buffer_writes_at_once_again(line: Line) -> None:
    line.send_buffer.write(FRAME)
    reader = threading.Thread(target=lambda: line.far.recv(len(FRAME), socket.MSG_WAITALL))
    reader.start()
    line.tasks.pop()()
    reader.join(10)
    line.send_buffer.write(b"small")
    assert not line.tasks
    assert line.far.recv(100) == b"small"


def test_viewer_that_never_reads_is_disconnected_once(line: Line) -> None:
    waited = 0
    for _ in range(100):
        line.send_buffer.write(FRAME)
        waited = max(waited, line.send_buffer.waiting_bytes)
    assert line.cut_off == 1
    assert waited <= WAITING_BYTES + len(FRAME)
    assert line.send_buffer.waiting_bytes == 0
    line.send_buffer.write(b"too late")
    assert line.cut_off == 1


def test_one_large_answer_disconnects_nobody(line: Line) -> None:
    answer = b"y" * (WAITING_BYTES * 2)
    line.send_buffer.write(answer)
    assert line.cut_off == 0
    assert line.drain() == answer


def test_closed_socket_raises_nothing(line: Line) -> None:
    line.far.close()
    line.send_buffer.write(b"into the void")
    line.send_buffer.write(FRAME)
    assert not line.tasks
    assert line.cut_off == 0
