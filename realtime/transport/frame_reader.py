"""Read the WebSocket frames of a viewer in one step each."""

from collections.abc import Callable, Sequence
from typing import Any

from realtime.transport.budget import Budget
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

    __slots__ = ("_budget", "_give_way", "_rest", "_sock")

    def __init__(self, sock: Any, give_way: Callable[[], object], budget: Budget) -> None:
        self._sock = sock
        self._rest = b""
        # eventlet does not switch while there is something to read: a client that never stops
        # sending would have the node to itself.
        self._give_way = give_way
        self._budget = budget

    def text(self) -> str | None:
        """Return the next message if it is one frame of text that has arrived completely.

        Return None for anything else: upstream reads that. Raises `ValueError` for text that is
        not UTF-8, `OverBudgetError`, and the socket's errors.
        """
        self._give_way()
        if not (data := self._rest):
            # Not in a method of its own, which would cost each viewer the memory of a frame.
            data = self._rest = self._sock.recv(READ_BYTES)
            self._budget.spend(0, len(data))
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
        self._rest = data[end:]
        self._budget.spend(1, 0)
        return unmask(data[start:end], data[start - 4 : start]).decode()

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
