"""The transport does what the libraries would do, only faster."""

import warnings

import pytest
from engineio.packet import MESSAGE, Packet
from hypothesis import given
from hypothesis import strategies as st

with warnings.catch_warnings():
    # As in realtime/transport/eventlet_runtime.py.
    warnings.simplefilter("ignore")
    from eventlet.websocket import RFC6455WebSocket

from realtime.transport.frame_reader import unmask
from realtime.transport.frames import event_packet, joined_frames, text_frame
from realtime.transport.managers import LocalManager


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
