"""Frames of viewers arrive as they were sent, however the network cuts them."""

import socket
import warnings
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websocket import ABNF

with warnings.catch_warnings():
    # As in realtime/transport/eventlet_runtime.py.
    warnings.simplefilter("ignore")
    import eventlet
    from eventlet.greenio import GreenSocket
    from eventlet.websocket import RFC6455WebSocket

from realtime.transport.budget import VIEWER, Budget, OverBudgetError
from realtime.transport.frame_reader import FrameReader

TEXTS = st.one_of(st.text(max_size=200), st.sampled_from([125, 126, 500, 5000]).map("é".__mul__))
FRAGMENTS = 3


class Wire:
    """A socket from which these bytes come, as many at a time as these sizes say."""

    def __init__(self, data: bytes, sizes: list[int]) -> None:
        self._data = data
        self._sizes = iter(sizes)

    def recv(self, size: int) -> bytes:
        taken = self._data[: min(size, next(self._sizes, size))]
        self._data = self._data[len(taken) :]
        return taken


def frame(kind: int, text: str, final: bool = True) -> bytes:
    """Return a frame as clients send it."""
    return bytes(ABNF.create_frame(text.encode(), kind, int(final)).format())


def sent(text: str, how: str) -> bytes:
    """Return the bytes of a client that sends a text: one frame, several, or after a ping."""
    if how == "whole":
        return frame(ABNF.OPCODE_TEXT, text)
    if how == "pinged":
        return frame(ABNF.OPCODE_PING, "still there?") + frame(ABNF.OPCODE_TEXT, text)
    return b"".join(
        frame(ABNF.OPCODE_CONT if n else ABNF.OPCODE_TEXT, part, n == FRAGMENTS - 1)
        for n, part in enumerate(parts(text))
    )


def parts(text: str) -> list[str]:
    return [text[n::FRAGMENTS] for n in range(FRAGMENTS)]


def no_turn() -> None:
    pass


def reader_of(data: bytes) -> FrameReader:
    return FrameReader(Wire(data, []), no_turn, Budget(VIEWER))


def received(wire: Wire) -> Iterator[str]:
    websocket = RFC6455WebSocket(wire, {})
    websocket.socket = reader = FrameReader(wire, no_turn, Budget(VIEWER))
    websocket._send = lambda frame: None
    while (text := reader.text()) is not None or (text := websocket.wait()) is not None:
        yield text


@given(
    st.lists(st.tuples(TEXTS, st.sampled_from(["whole", "pinged", "fragments"])), max_size=6),
    st.lists(st.integers(1, 300), max_size=40),
)
def test_every_text_arrives_once_and_in_order(
    texts: list[tuple[str, str]], sizes: list[int]
) -> None:
    wire = Wire(b"".join(sent(text, how) for text, how in texts), sizes)
    expected = [text if how != "fragments" else "".join(parts(text)) for text, how in texts]
    assert list(received(wire)) == expected


def test_a_text_that_is_here_is_read_without_upstream() -> None:
    reader = FrameReader(
        Wire(sent("one", "whole") + sent("two" * 100, "whole"), []), no_turn, Budget(VIEWER)
    )
    assert [reader.text(), reader.text()] == ["one", "two" * 100]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x81",
        b"\x81\x05Hello",  # not masked
        b"\x01\x85aaaaHello",  # a fragment
        b"\xc1\x85aaaaHello",  # a reserved bit
        b"\x82\x85aaaaHello",  # binary
        b"\x88\x80aaaa",  # a close
        b"\x81\xff\x00\x00\x00\x00\x00\x00\x00\x05aaaaHello",
        b"\x81\x85aaaaHell",  # not all of it
    ],
)
def test_anything_else_is_left_to_upstream_as_it_came(data: bytes) -> None:
    reader = reader_of(data)
    assert reader.text() is None
    assert reader.recv(100) == data


def test_what_is_no_utf_8_is_no_text() -> None:
    with pytest.raises(ValueError, match="utf-8"):
        reader_of(b"\x81\x81\x00\x00\x00\x00\xff").text()


class Client:
    """A client whose texts that begin with "click" are handled in the event loop."""

    def __init__(self) -> None:
        ours, self.socket = socket.socketpair()
        self._ours = GreenSocket(ours)
        self.handled: list[str] = []
        self.reader = FrameReader(self._ours, no_turn, Budget(VIEWER))
        self.reader.handle_now = self._handle_now

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()
        self._ours.close()

    def send(self, *texts: str) -> None:
        self.socket.sendall(b"".join(frame(ABNF.OPCODE_TEXT, text) for text in texts))

    def _handle_now(self, text: str) -> bool:
        if text.startswith("click"):
            self.handled.append(text)
            return True
        return False


def test_clicks_are_handled_before_the_reader_wakes() -> None:
    with Client() as client:
        reading = eventlet.spawn(client.reader.text)
        for text in ("click 1", "click 2"):
            client.send(text, f"{text} again")
            while f"{text} again" not in client.handled:
                eventlet.sleep(0)
        client.send("click 3", "message", "click 4")
        with eventlet.Timeout(10):
            assert reading.wait() == "message"
        assert client.handled == ["click 1", "click 1 again", "click 2", "click 2 again", "click 3"]
        assert client.reader.text() == "click 4", "what has been read stays in order"


def test_a_storm_of_clicks_is_over_budget() -> None:
    with Client() as client:
        reading = eventlet.spawn(client.reader.text)
        storm = ["click"] * int(2 * VIEWER.frames)
        client.send(*storm)
        with pytest.raises(OverBudgetError), eventlet.Timeout(10):
            reading.wait()
        assert VIEWER.frames <= len(client.handled) < len(storm)


def test_a_client_that_leaves_wakes_the_reader() -> None:
    with Client() as client:
        reading = eventlet.spawn(client.reader.text)
        client.send("click")
        client.socket.shutdown(socket.SHUT_WR)
        with eventlet.Timeout(10):
            assert reading.wait() is None
        assert client.handled == ["click"]


def test_a_click_that_is_no_utf_8_is_no_text() -> None:
    with Client() as client:
        reading = eventlet.spawn(client.reader.text)
        client.socket.sendall(b"\x81\x81\x00\x00\x00\x00\xff")
        with pytest.raises(ValueError, match="utf-8"), eventlet.Timeout(10):
            reading.wait()
