"""A TCP proxy to the database that delays, refuses or loses statements, or loses their answers."""

import socket
import threading
import time
from contextlib import suppress

from sqlalchemy.engine import make_url

COMMIT = b"\x03COMMIT"
ROLLBACK = b"\x03ROLLBACK"
QUERY = 3
SIZE = 65536


class DatabaseProxy:
    """A proxy that passes everything on to `port` until told otherwise."""

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.lost: list[str] = []
        self.accepted = 0
        # Before each packet from the client, and so before each statement.
        self.delay_seconds = 0.0
        self._clients: list[socket.socket] = []
        self._lose: str | None = None
        self._after = self._statement = b""
        self._refusal: tuple[int, bytes] | None = None
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, database_url: str) -> str:
        """Return the same URL, by way of this proxy."""
        url = make_url(database_url).set(port=self.port)
        return url.render_as_string(hide_password=False)

    def lose_next(self, what: str, after: bytes = b"", statement: bytes = COMMIT) -> None:
        """Lose the next `statement` (`what` is `request`) or only its answer (`answer`).

        The connection ends with it. Applies to a transaction in which `after` was sent.
        """
        self._after, self._statement, self._lose = after, statement, what

    def refuse(self, error: int, statement: bytes = b"") -> None:
        """Answer each query that contains `statement` with this error, as the server would."""
        self._refusal = error, statement

    def accept_all(self) -> None:
        """Pass every query on again."""
        self._refusal = None

    def cut_all(self) -> None:
        """Cut every connection; accept new ones."""
        for client in self._clients:
            with suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
        self._clients.clear()

    def close(self) -> None:
        """Accept no more connections."""
        # Closing alone would leave the thread in accept(), and with it the port in use.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.accepted += 1
                self._clients.append(client)
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        # Without a database the connection fails; an error in a thread would fail another test.
        with suppress(OSError), client, socket.create_connection(self._target) as server:
            threading.Thread(target=_pass_on, args=(server, client), daemon=True).start()
            said = b""
            while data := client.recv(SIZE):
                said += data
                time.sleep(self.delay_seconds)
                if self._lose and self._statement in data and self._after in said:
                    self._cut(data, client, server)
                    return
                if self._refuses(data):
                    client.sendall(error_packet(self._refusal[0] if self._refusal else 0))
                    continue
                server.sendall(data)
                said = b"" if COMMIT in data or ROLLBACK in data else said

    def _refuses(self, data: bytes) -> bool:
        is_query = len(data) > 4 and data[4] == QUERY
        return bool(is_query and self._refusal and self._refusal[1] in data)

    def _cut(self, data: bytes, client: socket.socket, server: socket.socket) -> None:
        what, self._lose = self._lose, None
        # Before the client notices: its test may look at once.
        self.lost.append(str(what))
        client.shutdown(socket.SHUT_RDWR)
        if what == "answer":
            server.sendall(data)
            # The database executes what it received before it sees the end of the stream.
            server.shutdown(socket.SHUT_WR)
        else:
            # close() alone would wait for the reading thread, and the transaction would live on.
            server.shutdown(socket.SHUT_RDWR)


def error_packet(number: int) -> bytes:
    """Return the packet by which the server refuses a query with this error."""
    body = b"\xff" + number.to_bytes(2, "little") + b"#HY000refused by the test"
    return len(body).to_bytes(3, "little") + b"\x01" + body


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(SIZE):
            with suppress(OSError):
                target.sendall(data)
