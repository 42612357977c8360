"""Send bytes to one viewer in order: at once when the socket takes them, otherwise queued."""

from collections import deque
from collections.abc import Callable
from typing import Any

# A viewer with more than this waiting is too slow: it is disconnected and catches up by id. One
# answer to `messages_since` may be larger, so only the bytes that waited before it count.
WAITING_BYTES = 1024 * 1024

Spawn = Callable[[Callable[[], None]], object]


class SendBuffer:
    """Writes to a socket; nothing else does, so that no frame lands in the middle of another.

    `sock` is a green socket. `too_slow` is called once, when too many bytes wait.
    """

    def __init__(self, sock: Any, spawn: Spawn, too_slow: Callable[[], None]) -> None:
        self._sock = sock
        # The socket below the green one does not block: it takes what fits, or raises.
        self._send_now = sock.fd.send
        self._spawn = spawn
        self._too_slow = too_slow
        self._waiting: deque[bytes | memoryview] | None = None
        self._size = 0
        self._closed = False

    @property
    def waiting_bytes(self) -> int:
        """Return the number of bytes that the socket has not taken yet."""
        return self._size

    def write(self, data: bytes) -> None:
        """Write whole frames without waiting; ignore a socket that is gone."""
        if self._closed:
            return
        sent = 0
        if not self._size:
            try:
                sent = self._send_now(data)
            except BlockingIOError:
                pass
            except OSError:
                # The reader gets the same error, and cleans up.
                self.close()
                return
            if sent == len(data):
                return
        self._wait(memoryview(data)[sent:] if sent else data)

    def close(self) -> None:
        """Drop the waiting bytes and accept no more."""
        self._closed = True
        self._waiting = None
        self._size = 0

    def _wait(self, data: bytes | memoryview) -> None:
        if self._size > WAITING_BYTES:
            self.close()
            self._too_slow()
            return
        if self._waiting is None:
            self._waiting = deque()
            self._spawn(self._drain)
        self._waiting.append(data)
        self._size += len(data)

    def _drain(self) -> None:
        while waiting := self._waiting:
            data = waiting[0]
            try:
                self._sock.sendall(data)
            except OSError:
                self.close()
            if self._closed:
                return
            waiting.popleft()
            self._size -= len(data)
        self._waiting = None
