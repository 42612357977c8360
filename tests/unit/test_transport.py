"""What the transport takes for granted of the libraries: a change does not go unnoticed."""

import hashlib
import inspect
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from engineio.packet import MESSAGE, Packet
from engineio.server import Server
from engineio.socket import Socket
from hypothesis import given
from hypothesis import strategies as st
from socketio import Manager
from socketio import Server as SocketServer

with warnings.catch_warnings():
    # As in realtime/transport/eventlet_runtime.py.
    warnings.simplefilter("ignore")
    from eventlet.greenio import GreenSocket
    from eventlet.websocket import RFC6455WebSocket, WebSocketWSGI

from realtime.transport.frame_reader import unmask
from realtime.transport.frames import event_packet, joined_frames, text_frame
from realtime.transport.managers import LocalManager

# The functions that are overridden, replaced or leaned on, as they were when that was written.
# Where one changes: read what is new in it, change ours if need be, then note its new hash here.
KNOWN = {
    Socket.close: "05fac5583199",
    Socket.handle_post_request: "5be8170455a3",
    Socket.poll: "d7d705066fd3",
    Socket.receive: "4126eb2537d0",
    Socket.schedule_ping: "fe316639159c",
    Socket.check_ping_timeout: "ccddc110d983",
    Socket.send: "f8b2738ee5d4",
    Socket._upgrade_websocket: "02f6ac054416",
    Socket._websocket_handler: "58afe1227192",
    Server._handle_connect: "049f7c2b2c23",
    Server._get_socket: "ae2f99e66d63",
    RFC6455WebSocket._send: "82ffb8d0a4c2",
    RFC6455WebSocket.send: "8bec73f6e867",
    RFC6455WebSocket.wait: "2914eb549aa5",
    RFC6455WebSocket.close: "06520e635a36",
    RFC6455WebSocket._iter_frames: "2c658a5eef94",
    RFC6455WebSocket._recv_frame: "b7e54e98049d",
    RFC6455WebSocket._apply_mask: "f6ac2b9da0f0",
    RFC6455WebSocket.Message: "36bed7da392b",
    WebSocketWSGI.__call__: "9e0ec3809e82",
    GreenSocket.__init__: "691018ed039a",
    GreenSocket.sendall: "0d2436a478e4",
    Manager.pre_connect: "bfdba4c0c8f1",
    Manager.basic_disconnect: "2933b50bc4b2",
    SocketServer._handle_connect: "1b0ba130a57d",
    SocketServer._handle_eio_message: "65f309c138d6",
    SocketServer._handle_event: "3f64c030f25e",
    SocketServer._handle_event_internal: "37e1c84a6974",
}


def fingerprint(function: Callable[..., Any]) -> str:
    return hashlib.sha256(inspect.getsource(function).encode()).hexdigest()[:12]


@pytest.mark.parametrize("function", KNOWN, ids=lambda f: f.__qualname__)
def test_the_libraries_are_those_that_were_read(function: Callable[..., Any]) -> None:
    assert fingerprint(function) == KNOWN[function], f"{function.__qualname__} has changed"


@given(st.text(max_size=300))
def test_a_frame_is_what_the_library_would_send(text: str) -> None:
    check_frame(text)


@pytest.mark.parametrize("length", [0, 1, 125, 126, 127, 65535, 65536, 70_000])
def test_a_frame_of_every_kind_of_length(length: int) -> None:
    check_frame("x" * length)


def check_frame(text: str) -> None:
    packing = RFC6455WebSocket(None, {})
    assert text_frame(text) == packing._pack_message(text)


def test_what_is_told_is_a_socket_io_event_of_the_live_page() -> None:
    packet = event_packet("viewers_changed", {"watching": 3})
    assert packet.encode() == '42/live,["viewers_changed",{"watching":3}]'
    other = Packet(MESSAGE, "2/live,[]")
    assert joined_frames([packet, other]) == text_frame(packet.encode()) + text_frame("42/live,[]")


@given(
    st.binary(max_size=300),
    st.tuples(*[st.integers(0, 255)] * 4),
    st.integers(0, 9),
)
def test_unmasking_is_what_the_library_does(
    data: bytes, mask: tuple[int, int, int, int], offset: int
) -> None:
    assert unmask(data, mask, len(data), offset) == RFC6455WebSocket._apply_mask(
        data, mask, len(data), offset
    )


class Ids:
    """As much of a Socket.IO server as a manager asks for: a source of names."""

    eio: "Ids"

    def __init__(self) -> None:
        self.eio = self
        self.last = 0

    def generate_id(self) -> str:
        self.last += 1
        return f"sid{self.last}"


def test_however_many_watch_the_manager_walks_one_room_when_somebody_leaves() -> None:
    manager = LocalManager()
    manager.server = Ids()
    sids = [manager.pre_connect(f"eio{n}", "/live") for n in range(200)]
    assert manager.pre_connect("eio7", "/live") is None, "a second time over the same connection"
    for sid in sids:
        manager.connect(sid, "/live")
    assert list(manager.rooms["/live"]) == [None]
    assert manager.eio_sid_from_sid(sids[3], "/live") == "eio3"
    for sid in sids:
        assert manager.is_connected(sid, "/live")
        manager.pre_disconnect(sid, "/live")
        manager.disconnect(sid, "/live")
    assert manager.rooms == {}
