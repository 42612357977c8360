"""Check the packets that viewers send. python-socketio logs a traceback for a broken one."""

import re
from json import JSONDecoder
from typing import Any

from engineio.packet import CLOSE, MESSAGE, PONG, UPGRADE
from socketio.packet import ACK, CONNECT, DISCONNECT, EVENT, Packet

from webapp.infra.publisher import NAMESPACE

# No client sends these as events: they would run the handlers of the connection itself.
RESERVED = frozenset({"connect", "connect_error", "disconnect"})
# Nearly every packet: a message of Engine.IO with an event of the live socket.
LIVE_EVENT = re.compile(rf"{MESSAGE}{EVENT}{NAMESPACE},([0-9]{{0,15}})(?=\[)")
# As upstream's, which makes a new one for each packet; more digits would take long to convert.
MOST_DIGITS = 100


class InvalidPacketError(Exception):
    """The packet is not one of ours; `str()` gives the reason in a few words."""


def live_event(text: str | bytes) -> tuple[int | None, str, list[Any]] | None:
    """Return acknowledgement number, name and arguments of a live event. None for any other text,
    which then goes through the layers of Socket.IO."""
    if not isinstance(text, str) or not (head := LIVE_EVENT.match(text)):
        return None
    try:
        data = JSON.decode(text[head.end() :])
        _check_event(data)
    except (ValueError, RecursionError, InvalidPacketError):
        return None
    return int(head[1]) if head[1] else None, data[0], data[1:]


def _integer(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise ValueError("too many digits")
    return int(digits)


JSON = JSONDecoder(parse_int=_integer)


def check_engine_packet(kind: int, data: object) -> None:
    """Raise `InvalidPacketError` unless it is an Engine.IO packet that a viewer may send."""
    if kind == MESSAGE:
        check_message(data)
    elif kind not in (PONG, CLOSE, UPGRADE):
        raise InvalidPacketError(f"an Engine.IO packet of type {kind}")


def check_message(data: object) -> None:
    """Raise `InvalidPacketError` unless `data` is a Socket.IO packet without binary parts."""
    if not isinstance(data, str):
        raise InvalidPacketError("binary data, or no Socket.IO packet")
    try:
        packet = Packet(encoded_packet=data)
    except (ValueError, RecursionError):
        raise InvalidPacketError("a broken Socket.IO packet") from None
    if packet.packet_type == EVENT:
        _check_event(packet.data)
    elif packet.packet_type == ACK:
        if packet.id is None or not isinstance(packet.data, list):
            raise InvalidPacketError("an acknowledgement without a number")
    elif packet.packet_type not in (CONNECT, DISCONNECT):
        raise InvalidPacketError(f"a Socket.IO packet of type {packet.packet_type}")


def _check_event(data: object) -> None:
    if not isinstance(data, list) or not data or not isinstance(data[0], str):
        raise InvalidPacketError("an event without a name")
    if data[0] in RESERVED:
        raise InvalidPacketError("an event with a reserved name")
