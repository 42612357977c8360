"""What the WebSocket of a viewer brings, read in one step."""

from collections.abc import Callable, Sequence
from typing import Any

from realtime.transport.frames import FINAL_TEXT

READ_BYTES = 4096
# The head of a client's frame (RFC 6455, 5.2): a byte of its kind; one of `MASKED` and its length,
# or how that is written; the length, if it is long; and the mask.
MASKED, LONG = 128, 126
SHORT_HEAD, LONG_HEAD = 6, 8


class FrameReader:
    """A green socket that is read from in large steps; upstream reads head, length, mask and
    payload of a frame one after the other."""

    __slots__ = ("_give_way", "_rest", "_sock")

    def __init__(self, sock: Any, give_way: Callable[[], object]) -> None:
        self._sock = sock
        self._rest = b""
        # eventlet waits for nobody as long as there is something to read: who sends without end
        # would have the node for themselves.
        self._give_way = give_way

    def text(self) -> str | None:
        """The next message, where it is one frame of text that is here in whole.

        None where it is anything else: upstream reads that. Raises `ValueError` for what is no
        UTF-8, and what the socket raises.
        """
        self._give_way()
        data = self._rest = self._rest or self._sock.recv(READ_BYTES)
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
        return unmask(data[start:end], data[start - 4 : start]).decode()

    def recv(self, size: int) -> bytes:
        """Up to `size` bytes, when there are any; none at the end."""
        if not self._rest:
            self._give_way()
        data = self._rest or self._sock.recv(READ_BYTES)
        self._rest = data[size:]
        return data[:size]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


def unmask(data: bytes, mask: Sequence[int], length: int | None = None, offset: int = 0) -> bytes:
    """What a client masked, in one step; upstream takes the bytes one by one."""
    turn = offset % 4
    key = bytes((*mask[turn:], *mask[:turn])) * (len(data) // 4 + 1)
    plain = int.from_bytes(data, "big") ^ int.from_bytes(key[: len(data)], "big")
    return plain.to_bytes(len(data), "big")
