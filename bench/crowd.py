"""Thousands of viewers of the live page in one process: Socket.IO over WebSocket, on one epoll.

The servers send the same bytes to many viewers, so each sequence of bytes is read (wire.py) once,
and a delivery costs a read() and a look-up. Every viewer is held to every message, exactly once.
"""

import contextlib
import json
import os
import secrets
import select
import socket
import time
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bench import wire
from bench.latency import Latencies
from stack.ports import LOOPBACK

CHUNK = 64 * 1024
# Beyond this the digests are dropped and begin anew.
DIGESTS = 20_000
AT_ONCE = 100
LEAVING_AT_ONCE = 50
HELLO = (
    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nCookie: {cookie}\r\n\r\n"
)


class Viewer:
    """One open socket, and what came through it."""

    __slots__ = ("cookie", "fingerprint", "joined", "last", "received", "rest", "socket")

    def __init__(self, cookie: str, connected: socket.socket) -> None:
        self.cookie = cookie
        self.socket = connected
        self.joined = False
        self.rest = b""
        self.last = 0
        self.forget()

    def forget(self) -> None:
        """Count from nothing."""
        self.received = 0
        self.fingerprint = 0


@dataclass
class Chat:
    """What came of a chat: every delivery counted, latencies from the moment a post was due."""

    posted: int = 0
    stored: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    expected: int = 0
    delivered: int = 0
    wrong: int = 0  # viewers who did not get each message exactly once
    reordered: int = 0
    seconds: float = 0.0
    overtime: float = 0.0  # seconds after the last post until everything had arrived
    latencies: Latencies = field(default_factory=Latencies)

    @property
    def complete(self) -> bool:
        """Whether every post was stored and every viewer got each exactly once."""
        return self.stored == self.posted and self.delivered == self.expected and not self.wrong


class Crowd:
    """Viewers of the event `slug` at `port`."""

    def __init__(self, port: int, slug: str) -> None:
        self.viewers: dict[int, Viewer] = {}
        self.lost: list[str] = []
        self._port = port
        self._slug = slug
        self._epoll = select.epoll()
        self._digests: dict[bytes, wire.Digest] = {}
        self._joining: set[int] = set()
        self._received = 0
        self._stored: list[int] = []
        self._waiting = 0
        self._audience = 0
        self._after = 0
        self._chat = Chat()
        self._posts = 0

    def join(self, cookies: Iterable[str], seconds: float = 120) -> float:
        """Connect a viewer for each cookie, `AT_ONCE` under way at a time, each asking for what
        it missed as the page does; the seconds it took. TimeoutError after `seconds`."""
        begin, coming = time.monotonic(), deque(cookies)
        self._after = max((viewer.last for viewer in self.viewers.values()), default=0)
        while coming or self._joining:
            while coming and len(self._joining) < AT_ONCE:
                self._connect(coming.popleft())
            self._pump(0.1)
            if time.monotonic() > begin + seconds:
                raise TimeoutError(f"{len(self._joining) + len(coming)} viewers could not join")
        return time.monotonic() - begin

    def chat(
        self,
        per_second: float,
        seconds: float,
        *,
        authors: Sequence[Viewer] = (),
        leaving: Sequence[Viewer] = (),
        patience: float = 15,
    ) -> Chat:
        """Post for so long, one viewer after the other, then wait until everything has arrived,
        at most `patience` seconds. Those who are `leaving` do so at the beginning, as fast as
        the others can still be read."""
        going, authors = list(leaving), authors or list(self.viewers.values())
        chat = self._begin(len(self.viewers) - len(going))
        begin, total = time.monotonic() + 0.1, round(per_second * seconds)
        while chat.posted < total:
            self._let_go(going)
            due = begin + chat.posted / per_second
            if (pause := due - time.monotonic()) > 0:
                self._pump(0 if going else pause)
            else:
                self._post(authors[self._posts % len(authors)], due)
        ended = time.monotonic()
        while not self._all_arrived() and time.monotonic() < ended + patience:
            self._pump(0.05)
        chat.overtime = time.monotonic() - ended
        chat.seconds = time.monotonic() - begin
        return self._finished()

    def close(self) -> None:
        """Everybody leaves."""
        for fileno in list(self.viewers):
            self._forget(fileno)
        self._epoll.close()

    def _begin(self, audience: int) -> Chat:
        self._fold()
        self._chat = Chat()
        self._received, self._stored, self._waiting = 0, [], 0
        self._audience = audience
        for viewer in self.viewers.values():
            viewer.forget()
        return self._chat

    def _let_go(self, going: list[Viewer]) -> None:
        for _ in range(min(len(going), LEAVING_AT_ONCE)):
            viewer = going.pop()
            self._received -= viewer.received
            self._forget(viewer.socket.fileno())

    def _all_arrived(self) -> bool:
        return not self._waiting and self._received >= len(self._stored) * self._audience

    def _finished(self) -> Chat:
        self._fold()
        chat, right = self._chat, sum(map(wire.fingerprint, self._stored))
        chat.stored = len(self._stored)
        chat.expected = chat.stored * self._audience
        chat.delivered = self._received
        chat.wrong = self._audience - len(self.viewers)
        for viewer in self.viewers.values():
            chat.wrong += viewer.received != chat.stored or viewer.fingerprint != right
        return chat

    def _pump(self, timeout: float) -> None:
        """Read whatever is ready; this is where the time of a load client goes."""
        viewers, digests, clock, read = self.viewers, self._digests, time.monotonic, os.read
        for fileno, _ in self._epoll.poll(timeout, 1000):
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
            if not viewer.joined:
                self._greet(viewer, data)
                continue
            found = digests.get(data) or self._digested(viewer, data)
            viewer.rest = found.rest
            if found.ids:
                if found.ids[0] <= viewer.last or not found.ascending:
                    self._chat.reordered += 1
                viewer.last = found.ids[-1]
                count = len(found.ids)
                viewer.received += count
                viewer.fingerprint += found.fingerprint
                self._received += count
                found.arrivals[int(clock() * 1000)] += 1
            if found.pings or found.others:
                self._answer(viewer, found)

    def _digested(self, viewer: Viewer, data: bytes) -> wire.Digest:
        try:
            found = wire.digest(data)
        except (ConnectionError, wire.Unexpected) as error:
            self._lose(viewer, str(error))
            return wire.Digest(b"")
        if len(self._digests) >= DIGESTS:
            self._fold()
        self._digests[data] = found
        return found

    def _fold(self) -> None:
        """Turn the arrivals so far into latencies."""
        for found in self._digests.values():
            self._chat.latencies.add(found.sent, found.arrivals)
        self._digests.clear()

    def _connect(self, cookie: str) -> None:
        connected = socket.create_connection((LOOPBACK, self._port), 30)
        connected.setblocking(False)
        self.viewers[connected.fileno()] = Viewer(cookie, connected)
        self._joining.add(connected.fileno())
        self._epoll.register(connected, select.EPOLLIN)
        connected.send(HELLO.format(host=f"{LOOPBACK}:{self._port}", cookie=cookie).encode())

    def _greet(self, viewer: Viewer, data: bytes) -> None:
        """Bring a viewer who is not there yet one step further."""
        if data.startswith(b"HTTP/"):
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                viewer.rest = head
                return
            if b" 101 " not in head.partition(b"\r\n")[0]:
                raise ConnectionError(f"a viewer was refused: {head.decode(errors='replace')}")
        if not data:
            viewer.rest = b""
            return
        packets, viewer.rest = wire.packets_of(data)
        for packet in packets:
            if packet.startswith(b"0"):
                self._send(viewer, f"40/live,{json.dumps({'event': self._slug})}")
            elif packet.startswith(b"40/live,"):
                self._send(viewer, f'42/live,0["messages_since",{{"after":{self._after}}}]')
            elif packet.startswith(b"44/live,"):
                raise ConnectionError(f"a viewer was refused: {packet.decode()}")
            elif packet.startswith(b"43/live,0"):
                viewer.joined = True
                self._joining.discard(viewer.socket.fileno())

    def _answer(self, viewer: Viewer, found: wire.Digest) -> None:
        for _ in range(found.pings):
            self._send(viewer, wire.PONG)
        for packet in found.others:
            if packet.startswith(b"43/live,1"):
                self._acknowledged(wire.payload_of(packet))

    def _acknowledged(self, answer: dict[str, object]) -> None:
        self._waiting -= 1
        match answer:
            case {"ok": True, "id": int() as message_id}:
                self._stored.append(message_id)
            case {"error": {"code": str() as code}}:
                self._chat.refused[code] += 1
            case _:
                self._chat.refused[str(answer)] += 1

    def _post(self, viewer: Viewer, due: float) -> None:
        self._posts += 1
        body = wire.body(int(due * 1000), self._posts)
        packet = ["post_message", {"nonce": secrets.token_urlsafe(12), "body": body}]
        self._send(viewer, f"42/live,1{json.dumps(packet)}")
        self._chat.posted += 1
        self._waiting += 1

    def _send(self, viewer: Viewer, text: str) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # seen when reading
            viewer.socket.send(wire.frame(text))

    def _lose(self, viewer: Viewer, why: str) -> None:
        self.lost.append(why)
        self._forget(viewer.socket.fileno())

    def _forget(self, fileno: int) -> None:
        viewer = self.viewers.pop(fileno)
        self._joining.discard(fileno)
        viewer.socket.close()  # which takes it out of the epoll, too
