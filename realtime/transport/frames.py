"""Build the Engine.IO packets for viewers, and the bytes of their WebSocket frames."""

import json
from collections.abc import Iterable
from typing import Any

from engineio.packet import MESSAGE
from engineio.packet import Packet as EnginePacket
from socketio.packet import ACK, EVENT, Packet

from webapp.infra.publisher import NAMESPACE

FINAL_TEXT = 0x81


def event_packet(name: str, payload: Any) -> EnginePacket:
    """Return the packet of a live event for any number of viewers."""
    packet = Packet(EVENT, namespace=NAMESPACE, data=[name, payload])
    return EnginePacket(MESSAGE, packet.encode())


def ack_packet(number: int, payload: Any) -> EnginePacket:
    """Return the acknowledgement of the event that a viewer sent with that number."""
    # Not by upstream's packet, which first searches the payload for binary parts.
    text = json.dumps([payload], separators=(",", ":"))
    return EnginePacket(MESSAGE, f"{ACK}{NAMESPACE},{number}{text}")


def text_frame(text: str) -> bytes:
    """Return the unmasked, uncompressed WebSocket frame (RFC 6455) of `text`."""
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
    """Return the frames of several packets, for one write."""
    return b"".join(text_frame(packet.encode()) for packet in packets)
