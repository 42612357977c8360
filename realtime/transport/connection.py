"""The connection of one viewer: Engine.IO's own, made bounded, quiet about nonsense, and direct.

Leans on private parts of the libraries, as do its neighbours in this folder (see README.md):

- `engineio.socket.Socket` is replaced by name: engineio has no setting for the class it makes.
- Its methods `send`, `poll`, `receive`, `close`, `schedule_ping`, `check_ping_timeout`,
  `handle_post_request` and `_websocket_handler` are overridden: upstream has a queue without
  bound, a green thread each for writing and for the next ping of every connection, and raises
  out of its reader for a broken packet.
- `eventlet.websocket.RFC6455WebSocket._send` is where all frames pass, those of eventlet itself
  too; `Message`, `_apply_mask` and `socket` are replaced by a bounded and by quick ones.
- Events go past `socketio.Server._handle_event` to their handler: upstream parses each twice, and
  would have a green thread wait for the answer.
- `GreenSocket.fd` is the socket below the green one, which never waits.

The versions are pinned; tests/unit/test_private_parts.py fails when one of these parts changes.
"""

import logging
import socket
import struct
import threading
import time
import warnings
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Any

import engineio.socket
from engineio.exceptions import EngineIOError, SocketIsClosedError
from engineio.packet import MESSAGE, NOOP, PING, PONG, UPGRADE, Packet
from engineio.socket import Socket
from flask_socketio import SocketIO

from realtime.transport.frame_reader import FrameReader, unmask
from realtime.transport.frames import ack_packet, text_frame
from realtime.transport.packets import InvalidPacketError, check_engine_packet, live_event
from realtime.transport.send_buffer import WAITING_BYTES, SendBuffer
from webapp.infra.publisher import NAMESPACE

with warnings.catch_warnings():
    # As in eventlet_runtime: it advises new projects against itself.
    warnings.simplefilter("ignore")
    from eventlet.websocket import FailedConnectionError, RFC6455WebSocket

log = logging.getLogger(__name__)

# A client that is connected and has not joined the live page by then is nobody's viewer.
JOIN_SECONDS = 20.0
TOO_LARGE = 1009
# Who leaves is cleaned up after one at a time, so that the others have their turn in between:
# thousands do at the end of a meeting.
LEAVING = threading.Semaphore()
# SO_LINGER: what the peer did not take is dropped with the connection, not kept by the kernel.
RESET = struct.pack("ii", 1, 0)


def install(direct: bool) -> None:
    """Have engineio make connections of ours: direct ones, or those of the stock path."""
    engineio.socket.Socket = DirectConnection if direct else ViewerConnection


def connections(socketio: SocketIO) -> dict[str, "ViewerConnection"]:
    """Return the open connections of this node by their session id; the caller may remove some."""
    open_ones: dict[str, ViewerConnection] = socketio.server.eio.sockets
    return open_ones


def connection_of(socketio: SocketIO, sid: str) -> "ViewerConnection":
    """Return the connection of a Socket.IO client. Raise `KeyError` when it is gone."""
    return connections(socketio)[socketio.server.manager.eio_sid_from_sid(sid, NAMESPACE)]


class ViewerConnection(Socket):
    """A connection with a bounded queue, that ends where something else than a packet comes.

    Pings are sent by the heartbeat, which calls `beat`.
    """

    send_buffer: SendBuffer | None = None
    # Called with the name of an event, what came with it, and how it is to be answered; as long as
    # there is none, and on the stock path always, events go through the layers of Socket.IO.
    on_event: Callable[[str, list[Any], "Ack"], None] | None = None

    def __init__(self, server: Any, sid: str) -> None:
        super().__init__(server, sid)
        self.connected: bool = False
        self.joined = False
        self._ws: Any = None
        self._queued_bytes = 0
        now = time.monotonic()
        self._joins_by = now + JOIN_SECONDS
        self._ping_at = now + server.ping_interval
        self._answer_by: float | None = None

    def send(self, pkt: Packet) -> None:
        """Queue a packet; a viewer who takes none is cut off."""
        if self._queued_bytes > WAITING_BYTES:
            self._too_slow()
        elif not self.closed:
            self._queued_bytes += len(pkt.encode())
            super().send(pkt)

    def poll(self) -> list[Packet]:
        """Wait for packets, and take all there are."""
        packets: list[Packet] = super().poll()
        self._queued_bytes = 0
        return packets

    def queue_packets(self, packets: Iterable[Packet]) -> None:
        """Queue packets for a client on long polling; drop them when it has left."""
        with suppress(SocketIsClosedError):
            for packet in packets:
                self.send(packet)

    def receive(self, pkt: Packet) -> None:
        """Handle a packet. Raises `SocketIsClosedError` where it is none, after closing."""
        try:
            check_engine_packet(pkt.packet_type, pkt.data)
        except InvalidPacketError as error:
            self._refuse(str(error))
            raise SocketIsClosedError from None
        super().receive(pkt)

    def handle_post_request(self, environ: dict[str, Any]) -> None:
        """Handle the packets of a long-polling client; all or, after a broken one, no more."""
        try:
            super().handle_post_request(environ)
        except (ValueError, KeyError):
            self._refuse("no packets")
            raise SocketIsClosedError from None

    def close(self, wait: bool = True, abort: bool = False, reason: str | None = None) -> None:
        """Close the connection. Nothing waits for the queue: it may have no reader."""
        super().close(wait=False, abort=abort, reason=reason)

    def schedule_ping(self) -> None:
        """Note that the client lives."""
        self._answer_by = None
        self._ping_at = time.monotonic() + self.server.ping_interval

    def check_ping_timeout(self) -> bool:
        """The heartbeat does that."""
        if self.closed:
            raise SocketIsClosedError
        return True

    def beat(self, now: float, late: float) -> bool:
        """Ping the client when it is due, and hang up on one that does not answer.

        `now` is of the monotonic clock; for `late` seconds this node was not awake to listen.
        False when the connection is over.
        """
        if self._answer_by is not None:
            self._answer_by += late
        if not self.closed:
            self._beat(now)
        if self.closed:
            self._hang_up()
        return not self.closed

    def _beat(self, now: float) -> None:
        if self._answer_by is not None:
            if now > self._answer_by:
                self.close(abort=True, reason=self.server.reason.PING_TIMEOUT)
        elif now > self._ping_at:
            self._answer_by = now + self.server.ping_timeout
            self.send(Packet(PING))
        if not self.joined and now > self._joins_by:
            self.close(reason=self.server.reason.SERVER_DISCONNECT)

    def _too_slow(self) -> None:
        log.info("a viewer does not read: it was cut off, and catches up when it is back")
        self.close(abort=True, reason=self.server.reason.TRANSPORT_ERROR)
        if self._ws:
            self._ws.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self._hang_up()

    def _refuse(self, what: str) -> None:
        if not self.closed:
            log.warning("a connection was closed, because it sent %s", what)
            self.close(abort=True, reason=self.server.reason.TRANSPORT_ERROR)

    def _hang_up(self) -> None:
        # Its reader wakes up, and ends.
        if self._ws:
            try:
                self._ws.socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                self._ws = None

    def _websocket_handler(self, ws: Any) -> list[bytes]:
        self._take(ws)
        done: list[bytes] = super()._websocket_handler(ws)
        return done

    def _take(self, ws: Any) -> None:
        self._ws = ws
        self._wait = ws.wait
        ws.socket = FrameReader(ws.socket, partial(self.server.sleep, 0))
        ws.Message = BoundedMessage
        ws._apply_mask = unmask
        ws.wait = self._next_packet

    def _next_packet(self) -> str | bytes | None:
        """The next packet as it came; None at the end, and where it is none."""
        data = self._next()
        return data if data is not None and self._parsed(data) else None

    def _next(self) -> str | bytes | None:
        """The next message of the WebSocket; None at the end, and where it is none."""
        if (ws := self._ws) is None:
            return None
        try:
            data: str | bytes | None = ws.socket.text()
            if data is None:
                data = self._wait()
        except ValueError:
            self._refuse("no text")
            return None
        except (OSError, EOFError):
            return None
        if data is None and ws.websocket_closed and ws._remote_close_data is None:
            self._refuse("no WebSocket frame, or one too large")
        # It may have been closed while this waited.
        return None if self.closed else data

    def _parsed(self, data: str | bytes) -> Packet | None:
        try:
            return Packet(encoded_packet=data)
        except (ValueError, RecursionError):
            self._refuse("no packet")
            return None


class DirectConnection(ViewerConnection):
    """A connection whose WebSocket is written to at once, and whose events come straight to their
    handler; long-polling goes the stock way."""

    _ack: "Ack | None" = None

    def send(self, pkt: Packet) -> None:
        """Write a packet after all that was written before."""
        if self.send_buffer is None:
            super().send(pkt)
        elif not self.closed:
            self.send_buffer.write(text_frame(pkt.encode()))

    def close(self, wait: bool = True, abort: bool = False, reason: str | None = None) -> None:
        """Close the connection, with a closing frame where somebody may read it."""
        over = self.closing or self.closed
        super().close(abort=abort, reason=reason)
        if self.send_buffer and not over and reason != self.server.reason.TRANSPORT_CLOSE:
            self._ws.close()

    def _websocket_handler(self, ws: Any) -> list[bytes]:
        self._take(ws)
        if self.connected and not self._upgrade():
            return []
        self.connected = self.upgraded = True
        self._write_directly()
        try:
            self._read()
        finally:
            if self.send_buffer:
                self.send_buffer.close()
            with LEAVING:
                self.close(abort=True, reason=self.server.reason.TRANSPORT_CLOSE)
                self.server.sleep(0)
        return []

    def _upgrade(self) -> bool:
        """Whether the client moves over from long-polling."""
        self.upgrading = True
        try:
            if self._ws.wait() != f"{PING}probe":
                return False
            self._ws.send(f"{PONG}probe")
            self.queue.put(Packet(NOOP))  # ends the poll that is under way
            return bool(self._ws.wait() == f"{UPGRADE}")
        finally:
            self.upgrading = False

    def _write_directly(self) -> None:
        send_buffer = SendBuffer(self._ws.socket, self.server.start_background_task, self._too_slow)
        self._ws._send = send_buffer.write
        while not self.queue.empty():
            if pkt := self.queue.get(block=False):
                send_buffer.write(text_frame(pkt.encode()))
        self.send_buffer = send_buffer

    def _read(self) -> None:
        while not self.closed and (data := self._next()) is not None:
            if self.on_event and (sent := live_event(data)):
                self._handle(*sent)
            elif packet := self._parsed(data):
                if packet.packet_type == MESSAGE:
                    self._wait_for_answer()
                try:
                    self.receive(packet)
                except EngineIOError:
                    return

    def _handle(self, number: int | None, name: str, args: list[Any]) -> None:
        self._wait_for_answer()
        if on_event := self.on_event:
            self._ack = Ack(self, number)
            on_event(name, args, self._ack)

    def _wait_for_answer(self) -> None:
        # What a viewer sends is handled in its order, one at a time: nobody can pile work up.
        if self._ack:
            self._ack.wait()


class Ack:
    """What an event is acknowledged with: called once; a second time changes nothing."""

    __slots__ = ("_given", "_number", "_socket", "_waiting")

    def __init__(self, socket: ViewerConnection, number: int | None) -> None:
        self._socket = socket
        self._number = number
        self._given = False
        self._waiting: threading.Event | None = None

    def __call__(self, payload: dict[str, Any]) -> None:
        if self._given:
            return
        self._given = True
        if self._number is not None:
            self._socket.send(ack_packet(self._number, payload))
        if self._waiting:
            self._waiting.set()

    def wait(self) -> None:
        """Wait until it was given."""
        if not self._given:
            self._waiting = threading.Event()
            self._waiting.wait()


class BoundedMessage(RFC6455WebSocket.Message):
    """A message of many frames is as large as one may be; upstream bounds each frame only."""

    size = 0

    def push(self, data: bytes, final: bool = False) -> None:
        """Add the payload of a frame, or a part of it."""
        # One more, because there might be no end of empty ones.
        self.size += len(data) + 1
        if self.size > self.max_frame_length:
            raise FailedConnectionError(TOO_LARGE, "The message is too large.")
        super().push(data, final=final)
