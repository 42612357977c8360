"""The connection of one viewer: Engine.IO's own, made bounded, tolerant of nonsense, and direct.

Leans on private parts of the libraries, as do its neighbours in this folder (see README.md):

- `engineio.socket.Socket` is replaced by name: engineio has no setting for the class it makes.
- Its methods `send`, `poll`, `receive`, `close`, `schedule_ping`, `check_ping_timeout`,
  `handle_post_request` and `_websocket_handler` are overridden: upstream has a queue without
  bound, a green thread each for writing and for the next ping of every connection, and raises
  out of its reader for a broken packet.
- `eventlet.websocket.RFC6455WebSocket._send` is where all frames leave, those of eventlet itself
  too, and `_recv_frame` where they arrive; `Message`, `_apply_mask` and `socket` are replaced by
  bounded and quicker ones.
- Events go past `socketio.Server._handle_event` to their handler: upstream parses each twice, and
  would have a green thread wait for the answer. Clicks (reactions, votes, answers) are handled in
  the event loop, without waking the viewer's green thread.
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
from engineio.exceptions import ContentTooLongError, EngineIOError, SocketIsClosedError
from engineio.packet import MESSAGE, NOOP, PING, PONG, UPGRADE, Packet
from engineio.payload import Payload
from engineio.socket import Socket
from flask_socketio import SocketIO

from realtime.transport.budget import STRANGER, VIEWER, Budget, OverBudgetError
from realtime.transport.frame_reader import FrameReader, unmask
from realtime.transport.frames import ack_packet, text_frame
from realtime.transport.packets import InvalidPacketError, check_engine_packet, live_event
from realtime.transport.places import PLACE
from realtime.transport.send_buffer import WAITING_BYTES, SendBuffer
from webapp.infra.metrics import SLOW_CLIENTS
from webapp.infra.publisher import NAMESPACE

with warnings.catch_warnings():
    # As in eventlet_runtime: it advises new projects against itself.
    warnings.simplefilter("ignore")
    from eventlet.websocket import FailedConnectionError, RFC6455WebSocket

log = logging.getLogger(__name__)

# A client must join an event within this time. A stranger can only be refused, which is quick.
JOIN_SECONDS = 20.0
STRANGER_SECONDS = 5.0
MOST_OVERTAKEN = 4
TOO_LARGE = 1009
TOO_MUCH = "more frames or bytes than a client may"
# Clean up one disconnect at a time. Thousands of viewers leave when a meeting ends; this keeps the
# event loop responsive.
LEAVING = threading.Semaphore()
# SO_LINGER: the kernel drops unsent data with the connection, instead of keeping it.
RESET = struct.pack("ii", 1, 0)


def install(direct: bool) -> None:
    """Make engineio create our connections: direct ones, or those of the stock path."""
    engineio.socket.Socket = DirectConnection if direct else ViewerConnection


def connections(socketio: SocketIO) -> dict[str, "ViewerConnection"]:
    """Return the open connections of this node by their session id; the caller may remove some."""
    open_ones: dict[str, ViewerConnection] = socketio.server.eio.sockets
    return open_ones


def connection_of(socketio: SocketIO, sid: str) -> "ViewerConnection":
    """Return the connection of a Socket.IO client. Raise `KeyError` when it is gone."""
    return connections(socketio)[socketio.server.manager.eio_sid_from_sid(sid, NAMESPACE)]


class ViewerConnection(Socket):
    """A connection with a bounded queue and a budget, which a broken packet ends.

    The heartbeat sends its pings by calling `beat`.
    """

    send_buffer: SendBuffer | None = None
    # Called with the name of an event, its arguments, and the function that acknowledges it. While
    # it is None, and on the stock path always, events go through the layers of Socket.IO.
    on_event: Callable[[str, list[Any], "Ack"], None] | None = None
    # The same for an event whose handler never waits; returns False, and does nothing, for others.
    on_event_now: Callable[[str, list[Any], "Ack"], bool] | None = None

    def __init__(self, server: Any, sid: str) -> None:
        super().__init__(server, sid)
        self.connected: bool = False
        self.joined = False
        self._place = PLACE.get()
        self._place.taken = True
        self._budget = Budget(STRANGER)
        self._ws: Any = None
        self._queued_bytes = 0
        self._polling = False
        now = time.monotonic()
        self._joins_by = now + (JOIN_SECONDS if self._place.is_viewer else STRANGER_SECONDS)
        self._ping_at = now + server.ping_interval
        self._answer_by: float | None = None

    def join(self) -> None:
        """Grant what a viewer may send; call it once the client has joined an event."""
        self.joined = True
        self._budget.grant(VIEWER)

    def send(self, pkt: Packet) -> None:
        """Queue a packet; disconnect a client that reads none."""
        if self._queued_bytes > WAITING_BYTES:
            self._too_slow()
        elif not self.closed:
            self._queued_bytes += len(pkt.encode())
            super().send(pkt)

    def poll(self) -> list[Packet]:
        """Wait for packets and return all that are queued.

        Close at a second poll at the same time and raise `SocketIsClosedError`.
        """
        # Each waits in a green thread of its own; the protocol allows one.
        if self._polling:
            self._refuse("two polls at once")
            raise SocketIsClosedError
        self._polling = True
        try:
            packets: list[Packet] = super().poll()
        finally:
            self._polling = False
        self._queued_bytes = 0
        return packets

    def queue_packets(self, packets: Iterable[Packet]) -> None:
        """Queue packets for a client on long polling; drop them when it has left."""
        with suppress(SocketIsClosedError):
            for packet in packets:
                self.send(packet)

    def receive(self, pkt: Packet) -> None:
        """Handle a packet. Close at a broken one and raise `SocketIsClosedError`."""
        try:
            check_engine_packet(pkt.packet_type, pkt.data)
        except InvalidPacketError as error:
            self._refuse(str(error))
            raise SocketIsClosedError from None
        super().receive(pkt)

    def handle_post_request(self, environ: dict[str, Any]) -> None:
        """Handle the packets of a long-polling client up to the first broken one.

        Then close and raise `SocketIsClosedError`.
        """
        try:
            packets = Payload(encoded_payload=self._posted(environ)).packets
            self._budget.spend(len(packets), 0)
            for packet in packets:
                self.receive(packet)
        except OverBudgetError:
            self._refuse(TOO_MUCH)
            raise SocketIsClosedError from None
        except (ValueError, KeyError):
            self._refuse("broken packets")
            raise SocketIsClosedError from None

    def _posted(self, environ: dict[str, Any]) -> str:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if not 0 <= length <= self.server.max_http_buffer_size:
            raise ContentTooLongError
        self._budget.spend(0, length)
        body: bytes = environ["wsgi.input"].read(length)
        return body.decode()

    def close(self, wait: bool = True, abort: bool = False, reason: str | None = None) -> None:
        """Close the connection. Wait for nothing: the queue may have no reader."""
        self._place.leave()
        super().close(wait=False, abort=abort, reason=reason)

    def schedule_ping(self) -> None:
        """Note that the client has answered."""
        self._answer_by = None
        self._ping_at = time.monotonic() + self.server.ping_interval

    def check_ping_timeout(self) -> bool:
        """Raise `SocketIsClosedError` when closed; the heartbeat looks for timeouts."""
        if self.closed:
            raise SocketIsClosedError
        return True

    def beat(self, now: float, late: float) -> bool:
        """Ping the client when due, and hang up when it has not answered the last ping.

        `now` is of the monotonic clock; this node could not listen for `late` seconds. Return
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
        SLOW_CLIENTS.inc()
        log.warning(
            "disconnected a slow client: send buffer over 1 MiB (it resynchronises on reconnect)"
        )
        self.close(abort=True, reason=self.server.reason.TRANSPORT_ERROR)
        if self._ws:
            self._ws.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self._hang_up()

    def _refuse(self, reason: str) -> None:
        if not self.closed:
            log.warning("closed a connection that sent %s", reason, extra={"kind": reason})
            self.close(abort=True, reason=self.server.reason.TRANSPORT_ERROR)

    def _hang_up(self) -> None:
        # This wakes the reader, which ends.
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
        ws.socket = FrameReader(ws.socket, partial(self.server.sleep, 0), self._budget)
        self._receive_frame = ws._recv_frame
        ws._recv_frame = self._count_frame
        ws.Message = BoundedMessage
        ws._apply_mask = unmask
        ws.wait = self._next_packet

    def _count_frame(self, message: Any = None) -> Any:
        # Each frame that the reader leaves to upstream: control frames, fragments, large ones.
        self._budget.spend(1, 0)
        return self._receive_frame(message=message)

    def _next_packet(self) -> str | bytes | None:
        """Return the next packet as it came; None at the end and after a broken one."""
        data = self._next()
        return data if data is not None and self._parsed(data) else None

    def _next(self) -> str | bytes | None:
        """Return the next message of the WebSocket; None at the end and after a broken one."""
        if (ws := self._ws) is None:
            return None
        try:
            data: str | bytes | None = ws.socket.text()
            if data is None:
                data = self._wait()
        except OverBudgetError:
            self._refuse(TOO_MUCH)
            return None
        except ValueError:
            self._refuse("text that is not UTF-8")
            return None
        except (OSError, EOFError):
            return None
        if data is None and ws.websocket_closed and ws._remote_close_data is None:
            self._refuse("a broken or too large WebSocket frame")
        # It may have been closed while this waited.
        return None if self.closed else data

    def _parsed(self, data: str | bytes) -> Packet | None:
        try:
            return Packet(encoded_packet=data)
        except (ValueError, RecursionError):
            self._refuse("a broken packet")
            return None


class DirectConnection(ViewerConnection):
    """A connection that writes to its WebSocket at once and hands events straight to their handler.

    Long polling takes the stock path.
    """

    _ack: "Ack | None" = None
    # Events that are handled and not acknowledged yet, and that the next one need not wait for.
    overtaken = 0

    def send(self, pkt: Packet) -> None:
        """Write a packet after those written before."""
        if self.send_buffer is None:
            super().send(pkt)
        elif not self.closed:
            self.send_buffer.write(text_frame(pkt.encode()))

    def close(self, wait: bool = True, abort: bool = False, reason: str | None = None) -> None:
        """Close the connection, with a closing frame when the client may still read it."""
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
        ws.socket.handle_now = self._handle_now
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
        """Return True when the client moves over from long polling."""
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

    def _handle_now(self, text: str) -> bool:
        """Handle an event in the event loop, which must not wait. Return False for any other."""
        handle = self.on_event_now
        if handle is None or self.closed or (self._ack and self._ack.is_awaited):
            return False
        if not (sent := live_event(text)):
            return False
        number, name, args = sent
        ack = Ack(self, number)
        if not handle(name, args, ack):
            return False
        self._ack = ack
        return True

    def _wait_for_answer(self) -> None:
        # One client's events are handled in order, one at a time: nobody can pile up work.
        if self._ack and self._ack.is_awaited:
            self._ack.wait()


class Ack:
    """Acknowledges one event when called; a second call changes nothing."""

    __slots__ = ("_given", "_number", "_socket", "_waiting", "overtaken")

    def __init__(self, socket: "DirectConnection", number: int | None) -> None:
        self._socket = socket
        self._number = number
        self._given = False
        self.overtaken = False
        self._waiting: threading.Event | None = None

    @property
    def is_awaited(self) -> bool:
        """Return True while the client's next event has to wait for this one."""
        return not self._given and not self.overtaken

    def __call__(self, payload: dict[str, Any]) -> None:
        if self._given:
            return
        self._given = True
        if self.overtaken:
            self._socket.overtaken -= 1
        if self._number is not None:
            self._socket.send(ack_packet(self._number, payload))
        if self._waiting:
            self._waiting.set()

    def let_overtake(self) -> None:
        """Have the client's next event handled before this one is acknowledged.

        This holds for a few events at a time; beyond, the next one waits.
        """
        if not self._given and self._socket.overtaken < MOST_OVERTAKEN:
            self.overtaken = True
            self._socket.overtaken += 1

    def wait(self) -> None:
        """Wait until the event has been acknowledged."""
        if not self._given:
            self._waiting = threading.Event()
            self._waiting.wait()


class BoundedMessage(RFC6455WebSocket.Message):
    """A message of many frames that is not larger than one frame may be; upstream bounds frames."""

    size = 0

    def push(self, data: bytes, final: bool = False) -> None:
        """Add the payload of a frame, or a part of it."""
        # Empty frames count as well, since there may be any number of them.
        self.size += len(data) or 1
        if self.size > self.max_frame_length:
            raise FailedConnectionError(TOO_LARGE, "The message is too large.")
        super().push(data, final=final)
