"""What is sent to viewers, as Engine.IO packets and as the bytes of WebSocket frames."""

from collections.abc import Iterable
from typing import Any

from engineio.packet import MESSAGE
from engineio.packet import Packet as EnginePacket
from socketio.packet import ACK, EVENT, Packet

from webapp.infra.publisher import NAMESPACE

FINAL_TEXT = 0x81


def event_packet(name: str, payload: Any) -> EnginePacket:
    """An event of the live socket, to be sent to any number of viewers."""
    packet = Packet(EVENT, namespace=NAMESPACE, data=[name, payload])
    return EnginePacket(MESSAGE, packet.encode())


def ack_packet(number: int, payload: Any) -> EnginePacket:
    """The acknowledgement of the event that a viewer sent with that number."""
    packet = Packet(ACK, namespace=NAMESPACE, id=number, data=[payload])
    return EnginePacket(MESSAGE, packet.encode())


def text_frame(text: str) -> bytes:
    """The unmasked, uncompressed WebSocket frame (RFC 6455) that a server sends for `text`."""
    payload = text.encode()
    length = len(payload)
    if length < 126:
        head = bytes((FINAL_TEXT, length))
    elif length < 65536:
        head = bytes((FINAL_TEXT, 126)) + length.to_bytes(2, "big")
    else:
        head = bytes((FINAL_TEXT, 127)) + length.to_bytes(8, "big")
    return head + payload


def joined_frames(packets: Iterable[EnginePacket]) -> bytes:
    """The frames of several packets, to be written at once."""
    return b"".join(text_frame(packet.encode()) for packet in packets)
