"""A proxy like those of some offices: it passes pages but no WebSockets."""

import socket
import threading
from contextlib import suppress
from types import TracebackType

from stack.ports import LOOPBACK

SIZE = 65536
REFUSAL = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class NoWebSockets:
    """A proxy to `port`, which sees connections come from the address `source`.

    One that begins with the handshake of a WebSocket gets `answer`; without, it waits in vain.
    """

    def __init__(self, port: int, source: str, answer: bytes = b"") -> None:
        self._target = (LOOPBACK, port)
        self._source = (source, 0)
        self._answer = answer
        self._kept: list[socket.socket] = []
        self._listener = socket.create_server((LOOPBACK, 0), backlog=64)
        self.url = f"http://{LOOPBACK}:{self._listener.getsockname()[1]}"
        self.handshakes = 0

    def __enter__(self) -> "NoWebSockets":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for link in (self._listener, *self._kept):
            with suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)
            link.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._kept.append(client)
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError):
            # Browsers open a separate connection for each WebSocket.
            begin = _head(client)
            if b"\r\nupgrade: websocket" in begin.lower():
                self.handshakes += 1
                self._stop(client)
            elif begin:
                self._connect(client, begin)

    def _stop(self, client: socket.socket) -> None:
        if self._answer:
            client.sendall(self._answer)
            client.shutdown(socket.SHUT_RDWR)

    def _connect(self, client: socket.socket, begin: bytes) -> None:
        server = socket.create_connection(self._target, source_address=self._source)
        self._kept.append(server)
        threading.Thread(target=_pass_on, args=(server, client), daemon=True).start()
        server.sendall(begin)
        _pass_on(client, server)


def _head(client: socket.socket) -> bytes:
    """Return the bytes up to the end of the first request's head, or of the stream."""
    begin = b""
    while b"\r\n\r\n" not in begin and (data := client.recv(SIZE)):
        begin += data
    return begin


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(SIZE):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
