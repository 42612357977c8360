"""Thousands of live-page viewers in one process: Socket.IO over WebSocket, on one epoll.

The servers send the same bytes to many viewers, so each sequence of bytes is parsed once (wire.py),
and a delivery costs a read() and a look-up. The messages of every viewer are checked.
"""

import contextlib
import json
import os
import select
import socket
import time
from collections import Counter, deque
from collections.abc import Iterable
from typing import Any

from bench import wire
from bench.latency import Latencies
from stack.ports import LOOPBACK

CHUNK = 64 * 1024
EVENTS_AT_ONCE = 1000
# Waking for every frame would double the client's CPU; latencies are whole milliseconds.
TICK_SECONDS = 0.002
JOINING_AT_ONCE = 100
# Above this number all digests are dropped.
DIGESTS = 20_000
HELLO = (
    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nCookie: {cookie}\r\n\r\n"
)


class Viewer:
    """One open socket with the number and fingerprint of the messages it received."""

    __slots__ = (
        "counts",
        "fileno",
        "fingerprint",
        "last",
        "received",
        "rest",
        "socket",
        "upgraded",
    )

    def __init__(self, connected: socket.socket) -> None:
        self.socket = connected
        self.fileno = connected.fileno()
        self.upgraded = False
        self.rest = b""
        self.last = 0
        self.forget()

    def forget(self) -> None:
        """Reset the counts."""
        self.received = 0
        self.fingerprint = 0
        self.counts = 0

    def send(self, text: str) -> None:
        """Send a packet. A closed connection is noticed when reading."""
        self.send_frame(wire.frame(text))

    def send_frame(self, frame: bytes) -> None:
        """Send a packet that is a frame already."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.socket.send(frame)


class Crowd:
    """Viewers of the event `slug` at `port`, and the messages they received since `forget`.

    `lost` has a reason for each viewer that was cut off or refused. Data is read `tick` seconds
    after its first byte arrived.
    """

    def __init__(self, port: int, slug: str, tick: float = TICK_SECONDS) -> None:
        self.viewers: dict[int, Viewer] = {}
        self.lost: list[str] = []
        self.answers: list[dict[str, Any]] = []
        # Acknowledgements of votes and answers by their code, `ok` for those that counted.
        self.clicked: Counter[str] = Counter()
        self._port = port
        self._slug = slug
        self._tick = tick
        self._epoll = select.epoll()
        self._joining: set[int] = set()
        self._after: int | None = None
        self._digests: dict[bytes, wire.Digest] = {}
        self.forget()

    def join(self, cookies: Iterable[str], *, catch_up: bool = True, seconds: float = 120) -> float:
        """Connect a viewer for each cookie, a hundred at a time; return the seconds it took.

        With `catch_up` each viewer requests missed messages, as the page does.
        """
        begin, coming = time.monotonic(), deque(cookies)
        seen = max((viewer.last for viewer in self.viewers.values()), default=0)
        self._after = seen if catch_up else None
        while (coming or self._joining) and time.monotonic() < begin + seconds:
            while coming and len(self._joining) < JOINING_AT_ONCE:
                self._connect(coming.popleft())
            self.read(0.1)
        self.lost += ["no time left to join"] * len(coming)
        for fileno in list(self._joining):
            self._lose(self.viewers[fileno], "joining took too long")
        return time.monotonic() - begin

    def forget(self) -> None:
        """Reset the counts."""
        self._fold()
        self.received = 0
        self.reordered = 0
        self.answers.clear()
        self.clicked.clear()
        self._latencies = Latencies()
        for viewer in self.viewers.values():
            viewer.forget()

    @property
    def latencies(self) -> Latencies:
        """Return the latency of every delivery."""
        self._fold()
        return self._latencies

    def fileno(self) -> int:
        """Return a descriptor that is readable when `read` has something to do."""
        return self._epoll.fileno()

    def post(self, viewer: Viewer, packet: dict[str, str]) -> None:
        """Post a message; its acknowledgement is added to `answers`."""
        viewer.send(f"42/live,1{json.dumps(['post_message', packet])}")

    def drop(self, viewer: Viewer) -> None:
        """Close that viewer's connection, and remove its messages from the count."""
        self.received -= viewer.received
        del self.viewers[viewer.fileno]
        self._joining.discard(viewer.fileno)
        viewer.socket.close()  # also removes it from the epoll

    def close(self) -> None:
        """Disconnect everybody and keep the counts."""
        for viewer in self.viewers.values():
            viewer.socket.close()
        self.viewers.clear()
        self._epoll.close()

    def read(self, timeout: float) -> None:
        """Wait up to `timeout` seconds for data and read it once. The hot loop of the client."""
        viewers, digests, clock, read = self.viewers, self._digests, time.monotonic, os.read
        if self._tick and self._epoll.poll(timeout, 1):
            time.sleep(self._tick)
        for fileno, _ in self._epoll.poll(0 if self._tick else timeout, EVENTS_AT_ONCE):
            viewer = viewers[fileno]
            try:
                data = read(fileno, CHUNK)
            except OSError as error:
                self._lose(viewer, str(error))
                continue
            if not data:
                self._lose(viewer, "the connection ended")
                continue
            if viewer.rest:
                data = viewer.rest + data
            found = digests.get(data) or self._digest(viewer, data)
            if found is None:
                continue
            viewer.rest = found.rest
            viewer.counts += found.counts
            if found.ids:
                if found.ids[0] <= viewer.last or not found.ascending:
                    self.reordered += 1
                viewer.last = found.ids[-1]
                count = len(found.ids)
                viewer.received += count
                viewer.fingerprint += found.fingerprint
                self.received += count
                found.arrivals[int(clock() * 1000)] += 1
            for packet in found.others:
                self._answer_packet(viewer, packet)

    def _digest(self, viewer: Viewer, data: bytes) -> wire.Digest | None:
        """Parse bytes that were not seen before; None when the viewer is lost."""
        try:
            if not viewer.upgraded:
                return self._upgrade(viewer, data)
            found = wire.digest(data)
        except (ConnectionError, wire.Unexpected) as error:
            self._lose(viewer, str(error))
            return None
        if len(self._digests) >= DIGESTS:
            self._fold()
        self._digests[data] = found
        return found

    def _upgrade(self, viewer: Viewer, data: bytes) -> wire.Digest:
        head, end, rest = data.partition(b"\r\n\r\n")
        if not end:
            return wire.Digest(data)
        if b" 101 " not in head.partition(b"\r\n")[0]:
            raise ConnectionError(f"a viewer was refused: {head.decode(errors='replace')}")
        viewer.upgraded = True
        return wire.digest(rest)

    def _answer_packet(self, viewer: Viewer, packet: bytes) -> None:
        if packet == wire.PING:
            viewer.send(wire.PONG)
        elif packet.startswith(b"0"):
            viewer.send(f"40/live,{json.dumps({'event': self._slug})}")
        elif packet.startswith(b"40/live,") and self._after is not None:
            viewer.send(f'42/live,0["messages_since",{{"after":{self._after}}}]')
        elif packet.startswith((b"40/live,", b"43/live,0")):
            self._joining.discard(viewer.fileno)
        elif packet.startswith(b"43/live,1"):
            self.answers.append(wire.payload_of(packet))
        elif packet.startswith(wire.CLICKED):
            answer = wire.payload_of(packet)
            self.clicked["ok" if answer["ok"] else answer["error"]["code"]] += 1
        else:
            self._lose(viewer, f"a viewer was refused: {packet.decode()}")

    def _fold(self) -> None:
        """Add the arrivals so far to the latencies."""
        for found in self._digests.values():
            self._latencies.add(found.sent, found.arrivals)
        self._digests.clear()

    def _connect(self, cookie: str) -> None:
        connected = socket.create_connection((LOOPBACK, self._port), 30)
        connected.setblocking(False)
        viewer = self.viewers[connected.fileno()] = Viewer(connected)
        self._joining.add(viewer.fileno)
        self._epoll.register(viewer.fileno, select.EPOLLIN)
        connected.send(HELLO.format(host=f"{LOOPBACK}:{self._port}", cookie=cookie).encode())

    def _lose(self, viewer: Viewer, reason: str) -> None:
        self.lost.append(reason)
        self.drop(viewer)
