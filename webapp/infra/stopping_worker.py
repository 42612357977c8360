"""The worker of gunicorn, made to leave no request behind when it is told to stop.

Upstream no longer accepts then, but keeps its listener open for the seconds in which it ends its
connections. nginx goes on connecting and sends its requests, which nobody reads; at the end they
are reset, and a form cannot be sent again by nginx.
"""

import ctypes
import select
import socket
import struct
import time
from contextlib import suppress
from typing import Any

from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

# A classic BPF program (man 7 socket, SO_ATTACH_FILTER): drop segments with the flag SYN, which is
# in byte 13 of the TCP header; pass all others. The client repeats its SYN after a second.
SO_ATTACH_FILTER = 26
LOAD_BYTE, JUMP_IF_SET, RETURN = 0x30, 0x45, 0x06
DROP_SYN = ((LOAD_BYTE, 0, 0, 13), (JUMP_IF_SET, 0, 1, 0x02), (RETURN, 0, 0, 0), (RETURN, 0, 0, -1))
# For the second half of handshakes that began before.
HANDSHAKE_SECONDS = 0.02


class StoppingWorker(ThreadWorker):
    """Serves everybody who has connected, then refuses connections."""

    def set_accept_enabled(self, enabled: bool) -> None:
        """Accept or pause; accept what waits and close the listeners when the worker stops."""
        super().set_accept_enabled(enabled)
        if not self.alive:
            for listener in self.sockets:
                refuse_handshakes(listener.sock)
            time.sleep(HANDSHAKE_SECONDS)
            for listener in self.sockets:
                self._accept_all(listener)
                listener.close()

    def _accept_all(self, listener: Any) -> None:
        while select.select([listener], [], [], 0)[0]:
            self.accept(listener)


def refuse_handshakes(listener: socket.socket) -> None:
    """Ignore clients that connect from now on: closing resets whoever connects just before."""
    program = b"".join(struct.pack("HBBi", *step) for step in DROP_SYN)
    steps = ctypes.create_string_buffer(program)
    # Only Linux has it. Elsewhere a client may be reset that connects within these microseconds.
    with suppress(OSError):
        argument = struct.pack("HP", len(DROP_SYN), ctypes.addressof(steps))
        listener.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, argument)
