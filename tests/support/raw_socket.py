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
        assert str(self.link.recv()).startswith("0{")
        if viewer and join:
            self.send(f"40/live,{json.dumps({'event': viewer.slug})}")
            self.receive_until("40/live,")

    def __enter__(self) -> "RawSocket":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.link.shutdown()  # type: ignore[no-untyped-call]

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

    def receive_until(self, start: str, seconds: float = 10) -> list[str]:
        """Return all packets up to the one that begins with `start`."""
        packets: list[str] = []
        deadline = time.monotonic() + seconds
        while not (packets and packets[-1].startswith(start)):
            assert time.monotonic() < deadline, f"no {start} but {packets[-5:]}"
            packet = self.receive()
            assert packet is not None, f"closed before {start}; {packets[-5:]}"
            packets.append(packet)
        return packets

    def receive_all(self) -> list[str]:
        """Return all packets until the node closes the connection."""
        packets = []
        while (packet := self.receive()) is not None:
            packets.append(packet)
        return packets
