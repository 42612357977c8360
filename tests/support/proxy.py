"""A TCP proxy before the database that can lose a commit, or only its answer."""

import socket
import threading
from contextlib import suppress

COMMIT = b"\x03COMMIT"
SIZE = 65536


class CommitProxy:
    """Passes everything on, until `lose_next` names what shall happen to the next commit."""

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.lost: list[str] = []
        self._lose: str | None = None
        self._after = b""
        threading.Thread(target=self._accept, daemon=True).start()

    def lose_next(self, what: str, after: bytes = b"") -> None:
        """`request`: the next commit never reaches the database. `answer`: its answer is lost.

        Only that of a transaction in which `after` was said: a node has others of its own.
        """
        self._after, self._lose = after, what

    def close(self) -> None:
        """Accept no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._target) as server, suppress(OSError):
            threading.Thread(target=_pass_on, args=(server, client), daemon=True).start()
            said = b""
            while data := client.recv(SIZE):
                said += data
                if COMMIT in data and self._lose and self._after in said:
                    self._cut(data, client, server)
                    return
                server.sendall(data)
                said = b"" if COMMIT in data else said

    def _cut(self, data: bytes, client: socket.socket, server: socket.socket) -> None:
        what, self._lose = self._lose, None
        client.shutdown(socket.SHUT_RDWR)
        if what == "answer":
            server.sendall(data)
            # The database works off what it received, and then finds the end of the stream.
            server.shutdown(socket.SHUT_WR)
        else:
            # A mere close would wait for the thread that reads, and the transaction would live on.
            server.shutdown(socket.SHUT_RDWR)
        self.lost.append(str(what))


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(SIZE):
            with suppress(OSError):
                target.sendall(data)
