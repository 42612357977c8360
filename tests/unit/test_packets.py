"""Check that packets of viewers pass, and that nothing else does."""

from contextlib import suppress

import pytest
from engineio.packet import CLOSE, MESSAGE, OPEN, PING, PONG, UPGRADE
from hypothesis import given
from hypothesis import strategies as st
from socketio.packet import Packet

from realtime.transport.packets import (
    InvalidPacketError,
    check_engine_packet,
    check_message,
    live_event,
)


@pytest.mark.parametrize(
    "data",
    [
        "0/live,",
        '0/live,{"event":"hall"}',
        "1/live,",
        '2/live,7["post_message",{"body":"x","nonce":"n"}]',
        '2/live,["no such event"]',
        "3/live,1[]",
    ],
)
def test_valid_packet_is_accepted(data: str) -> None:
    check_engine_packet(MESSAGE, data)


@pytest.mark.parametrize(
    "data",
    [
        "",
        "x",
        "9",
        "2",
        "2/live,",
        "2/live,{}",
        "2/live,[]",
        "2/live,[7]",
        '2/live,["post_message"',
        '2/live,["connect",{}]',
        '2/live,["disconnect"]',
        f"2/live,{'9' * 200}[]",
        "2/live," + "[" * 15_000,
        "3/live,",
        "4/live,{}",
        '51-/live,["x",{"_placeholder":true,"num":0}]',
        b"binary",
        {"an": "object"},
        None,
    ],
)
def test_invalid_packet_is_refused(data: object) -> None:
    with pytest.raises(InvalidPacketError):
        check_engine_packet(MESSAGE, data)


@pytest.mark.parametrize("kind", [OPEN, PING, 7, 9])
def test_server_only_engine_packet_is_refused(kind: int) -> None:
    for allowed in (PONG, CLOSE, UPGRADE):
        check_engine_packet(allowed, "")
    with pytest.raises(InvalidPacketError):
        check_engine_packet(kind, "")


@given(st.one_of(st.text(), st.from_regex(r"\A[0-6][0-9/\-,live\[\]{}\":]{0,40}\Z")))
def test_any_text_is_accepted_or_refused(data: str) -> None:
    with suppress(InvalidPacketError):
        check_message(data)


@pytest.mark.parametrize("number", [None, 0, 7, 10**14])
@pytest.mark.parametrize("args", [[], [{"body": "[é\n"}], [1, None, "x"]])
def test_live_event_is_parsed_as_upstream_parses_it(number: int | None, args: list[object]) -> None:
    packet = Packet(data=["post_message", *args], namespace="/live", id=number)
    assert live_event(f"{MESSAGE}{packet.encode()}") == (number, "post_message", args)


@pytest.mark.parametrize(
    "text",
    [
        "42/live,{}",
        "42/live,[]",
        "42/live,[7]",
        '42/live,["connect",{}]',
        '42/live,["disconnect"]',
        '42/live,["post_message"',
        '42/other,["post_message"]',
        '42["post_message"]',
        '41/live,["post_message"]',
        '43/live,1["post_message"]',
        '32/live,["post_message"]',
        f'42/live,{"9" * 16}["post_message"]',
        '42/live,٣["post_message"]',
        "42/live," + "[" * 15_000,
        b'42/live,["post_message"]',
        "2",
        "",
    ],
)
def test_other_packets_are_left_to_upstream(text: str | bytes) -> None:
    assert live_event(text) is None
