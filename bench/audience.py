"""Viewers of the live page, many in one process: a Socket.IO client of the few packets it takes."""

import asyncio
import json
import os
import secrets
from collections.abc import Callable, Sequence
from types import TracebackType

from stack.ports import LOOPBACK

CONNECT = b"40/live,"
REFUSED = b"44/live,"
ACKNOWLEDGED = b"43/live,"
POSTED = b'42/live,["messages_posted"'
HANDSHAKE = (
    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
    "Cookie: {cookie}\r\n\r\n"
)


class Viewer(asyncio.Protocol):
    """One socket: joins the event, answers pings, counts the messages that arrive."""

    def __init__(self, port: int, cookie: str, slug: str) -> None:
        self.received = 0
        self.refused = 0
        self.joined = asyncio.get_running_loop().create_future()
        self._hello = HANDSHAKE.format(
            host=f"{LOOPBACK}:{port}", key="dGhlIHNhbXBsZSBub25jZQ==", cookie=cookie
        )
        self._slug = slug
        self._buffer = bytearray()
        self._upgraded = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._hello.encode())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._upgraded:
            head, end, rest = self._buffer.partition(b"\r\n\r\n")
            if not end:
                return
            if b" 101 " not in head.partition(b"\r\n")[0]:
                self._fail(head.decode(errors="replace"))
            self._upgraded, self._buffer = True, rest
        while packet := self._packet():
            self._take(packet)

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(f"the connection ended: {exc}")

    def post(self, body: str) -> None:
        """Post a message; the answer is counted in `refused` unless it is ok."""
        packet = ["post_message", {"nonce": secrets.token_urlsafe(12), "body": body}]
        self._send(f"42/live,1{json.dumps(packet)}")

    def leave(self) -> None:
        """Close the connection."""
        self._transport.close()

    def _packet(self) -> bytes | None:
        """The next whole frame's payload; the server's frames are neither masked nor split."""
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        length, start = buffer[1] & 0x7F, 2
        if length >= 126:
            start = 4 if length == 126 else 10
            length = int.from_bytes(buffer[2:start], "big")
        if len(buffer) < start + length or (start > 2 and len(buffer) < start):
            return None
        payload = bytes(buffer[start : start + length])
        del buffer[: start + length]
        return payload or None

    def _take(self, packet: bytes) -> None:
        if packet == b"2":
            self._send("3")
        elif packet.startswith(POSTED):
            self.received += packet.count(b'"posted_at"')
        elif packet.startswith(b"0"):
            self._send(f"40/live,{json.dumps({'event': self._slug})}")
        elif packet.startswith(CONNECT) and not self.joined.done():
            self.joined.set_result(None)
        elif packet.startswith(REFUSED):
            self._fail(packet.decode())
        elif packet.startswith(ACKNOWLEDGED):
            self.refused += b'"ok":true' not in packet

    def _send(self, text: str) -> None:
        payload, mask = text.encode(), os.urandom(4)
        length = len(payload)
        head = bytes([length | 0x80]) if length < 126 else b"\xfe" + length.to_bytes(2, "big")
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        self._transport.write(b"\x81" + head + mask + masked)

    def _fail(self, reason: str) -> None:
        if not self.joined.done():
            self.joined.set_exception(ConnectionError(reason))


class Audience:
    """Viewers with these cookies, connected through `port`; while it is entered they chat."""

    def __init__(self, port: int, slug: str, cookies: Sequence[str], per_second: float) -> None:
        self.sent = 0
        self.viewers: list[Viewer] = []
        self._place = (port, slug, cookies)
        self._pause = 1 / per_second
        self._chat: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Audience":
        port, slug, cookies = self._place
        for cookie in cookies:
            loop, viewer = asyncio.get_running_loop(), Viewer(port, cookie, slug)
            await loop.create_connection(_returning(viewer), LOOPBACK, port)
            self.viewers.append(viewer)
        async with asyncio.timeout(30):
            await asyncio.gather(*(viewer.joined for viewer in self.viewers))
        self._chat = asyncio.create_task(self._talk())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._chat:
            self._chat.cancel()
        for viewer in self.viewers:
            viewer.leave()

    @property
    def expected(self) -> int:
        """How many deliveries there are when everybody has every message."""
        return self.sent * len(self.viewers)

    @property
    def received(self) -> int:
        """How many there were."""
        return sum(viewer.received for viewer in self.viewers)

    async def hush(self, seconds: float = 10) -> None:
        """Stop talking, and wait until everything is delivered, at most so long."""
        if self._chat:
            self._chat.cancel()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while self.received < self.expected and loop.time() < deadline:
            await asyncio.sleep(0.05)

    async def _talk(self) -> None:
        loop = asyncio.get_running_loop()
        begin = loop.time()
        while True:
            await asyncio.sleep(max(0.0, begin + self.sent * self._pause - loop.time()))
            self.viewers[self.sent % len(self.viewers)].post(f"Message number {self.sent}")
            self.sent += 1


def _returning(viewer: Viewer) -> Callable[[], Viewer]:
    return lambda: viewer
