"""A WebSocket to a node without a Socket.IO client, to send anything or never read."""

import json
import socket
import time
from types import TracebackType

import websocket

from tests.support.viewer import Viewer

PING, PONG = "2", "3"


class RawSocket:
    """A connection to a node, joined to the viewer's event unless `join` is false."""

    def __init__(
        self, port: int, viewer: Viewer | None = None, *, join: bool = True, buffer: int = 0
    ) -> None:
        options = [(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)] if buffer else []
        self.link = websocket.create_connection(
            f"ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket",
            cookie=viewer.cookie if viewer else None,
            timeout=10,
            sockopt=options,
        )
        try:
            assert str(self.link.recv()).startswith("0{")
            if viewer and join:
                self._join(viewer.slug)
        except BaseException:
            # `with` has not begun, so nothing else would close it.
            self.link.shutdown()  # type: ignore[no-untyped-call]
            raise

    def __enter__(self) -> "RawSocket":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.link.shutdown()  # type: ignore[no-untyped-call]

    def _join(self, slug: str) -> None:
        self.send(f"40/live,{json.dumps({'event': slug})}")
        answer = self.receive_until("40/live,", "44/live,")[-1]
        assert answer.startswith("40"), f"refused: {answer}"

    def send(self, packet: str | bytes) -> None:
        """Send one frame, text or binary."""
        if isinstance(packet, bytes):
            self.link.send_binary(packet)
        else:
            self.link.send(packet)

    def receive(self) -> str | None:
        """Answer pings and return the next packet; None when the node closed the connection."""
        while True:
            try:
                packet = self.link.recv()
            except (websocket.WebSocketConnectionClosedException, ConnectionError):
                return None
            if packet == PING:
                self.send(PONG)
            else:
                return str(packet) if packet else None

    def receive_until(self, *starts: str, seconds: float = 10) -> list[str]:
        """Return all packets up to the one that begins with one of `starts`."""
        packets: list[str] = []
        deadline = time.monotonic() + seconds
        while not (packets and packets[-1].startswith(starts)):
            assert time.monotonic() < deadline, f"no {starts} but {packets[-5:]}"
            packet = self.receive()
            assert packet is not None, f"closed before {starts}; {packets[-5:]}"
            packets.append(packet)
        return packets

    def receive_all(self) -> list[str]:
        """Return all packets until the node closes the connection."""
        packets = []
        while (packet := self.receive()) is not None:
            packets.append(packet)
        return packets
