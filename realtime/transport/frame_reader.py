"""Read the WebSocket frames of a viewer in one step each.

`GreenSocket.fd` is the socket below the green one, which never waits.
"""

from collections.abc import Callable, Sequence
from typing import Any

from realtime.transport.budget import Budget
from realtime.transport.eventlet_runtime import wait_for
from realtime.transport.frames import FINAL_TEXT

READ_BYTES = 4096
# The head of a client's frame (RFC 6455, 5.2): its kind, one byte; `MASKED` plus its length or the
# form of the length, one byte; the length, if long; the mask.
MASKED, LONG = 128, 126
SHORT_HEAD, LONG_HEAD = 6, 8


class FrameReader:
    """A green socket that is read in large steps, and counts what arrives.

    Upstream reads head, length, mask and payload of a frame one after the other.
    """

    __slots__ = ("_budget", "_give_way", "_rest", "_sock", "handle_now")

    def __init__(self, sock: Any, give_way: Callable[[], object], budget: Budget) -> None:
        self._sock = sock
        self._rest = b""
        # eventlet does not switch while there is something to read: a client that never stops
        # sending would have the node to itself.
        self._give_way = give_way
        self._budget = budget
        # Called in the event loop with a text that has arrived; returns False for one that must
        # wait for the caller of `text`.
        self.handle_now: Callable[[str], bool] | None = None

    def text(self) -> str | None:
        """Return the next message if it is one frame of text that has arrived completely.

        Return None for anything else: upstream reads that. Raises `ValueError` for text that is
        not UTF-8, `OverBudgetError`, and the socket's errors.
        """
        if self.handle_now and not self._rest:
            # The event loop has its turn meanwhile.
            wait_for(self._sock, self._arrived)
        else:
            self._give_way()
            if not self._rest:
                self._rest = self._sock.recv(READ_BYTES)
                self._budget.spend(0, len(self._rest))
        if not (found := self._whole_text()):
            return None
        text, end = found
        self._drop(end)
        return text

    def _arrived(self) -> bool:
        """Read once and handle what can be handled now; return True when something is left.

        One read bounds the time that one client takes from the others.
        """
        try:
            self._rest = self._sock.fd.recv(READ_BYTES)
        except BlockingIOError:
            return False
        self._budget.spend(0, len(self._rest))
        while (found := self._whole_text()) and self.handle_now and self.handle_now(found[0]):
            self._drop(found[1])
            if not self._rest:
                return False
        return True

    def _whole_text(self) -> tuple[str, int] | None:
        """Return the text of the first frame and the frame's length, if it has arrived."""
        data = self._rest
        if (
            len(data) < SHORT_HEAD
            or data[0] != FINAL_TEXT
            or not MASKED <= data[1] <= MASKED + LONG
        ):
            return None
        length, start = data[1] - MASKED, SHORT_HEAD
        if length == LONG:
            length, start = int.from_bytes(data[2:4], "big"), LONG_HEAD
        end = start + length
        if len(data) < end:
            return None
        return unmask(data[start:end], data[start - 4 : start]).decode(), end

    def _drop(self, size: int) -> None:
        self._rest = self._rest[size:]
        self._budget.spend(1, 0)

    def recv(self, size: int) -> bytes:
        """Wait for up to `size` bytes and return them; none at the end."""
        data = self._rest
        if not data:
            self._give_way()
            data = self._sock.recv(READ_BYTES)
            self._budget.spend(0, len(data))
        self._rest = data[size:]
        return data[:size]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


def unmask(data: bytes, mask: Sequence[int], length: int | None = None, offset: int = 0) -> bytes:
    """Return what a client masked, in one step; upstream takes the bytes one by one."""
    turn = offset % 4
    key = bytes((*mask[turn:], *mask[:turn])) * (len(data) // 4 + 1)
    plain = int.from_bytes(data, "big") ^ int.from_bytes(key[: len(data)], "big")
    return plain.to_bytes(len(data), "big")
