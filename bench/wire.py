"""The frames and packets that a Socket.IO client sees, read once however many viewers get them."""

import json
import os
from collections import Counter
from dataclasses import dataclass, field
from functools import cache, lru_cache
from hashlib import blake2b
from itertools import pairwise
from typing import Any

TEXT, CLOSE = 0x81, 0x88  # the last (and only) frame of a message, unmasked
PING, PONG = b"2", "3"
EVENT = b"42/live,["
POSTED = b'42/live,["messages_posted"'


class Unexpected(Exception):
    """A frame that no server of the live socket sends."""


@dataclass(slots=True)
class Digest:
    """What some bytes held: messages in the order of the wire, and what each viewer must hear.

    `sent` are the moments that the messages carry, `arrivals` how many viewers got these bytes
    when; both in milliseconds of `time.monotonic`.
    """

    rest: bytes
    ids: list[int] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)
    fingerprint: int = 0
    ascending: bool = True
    others: list[bytes] = field(default_factory=list)
    arrivals: Counter[int] = field(default_factory=Counter)


def digest(data: bytes) -> Digest:
    """What `data` holds; the beginning of a frame that is not whole stays in `rest`."""
    packets, rest = packets_of(data)
    found = Digest(rest)
    for packet in packets:
        if packet.startswith(POSTED):
            ids, sent = messages_of(packet)
            found.ids += ids
            found.sent += sent
        elif not packet.startswith(EVENT):
            found.others.append(packet)
    found.ascending = all(a < b for a, b in pairwise(found.ids))
    found.fingerprint = sum(map(fingerprint, found.ids))
    return found


def packets_of(data: bytes) -> tuple[list[bytes], bytes]:
    """The payloads of the whole frames in `data`, and what follows them.

    Raises `Unexpected` for anything but whole text frames, `ConnectionError` for a close.
    """
    packets, start, end = [], 0, len(data)
    while end - start >= 2:
        if data[start] == CLOSE:
            raise ConnectionError("the server closed the connection")
        if data[start] != TEXT:
            raise Unexpected(f"a frame that begins with {data[start : start + 16]!r}")
        length, begin = data[start + 1], start + 2
        if length >= 126:
            wide = begin + (2 if length == 126 else 8)
            if wide > end:
                break
            length, begin = int.from_bytes(data[begin:wide], "big"), wide
        if begin + length > end:
            break
        packets.append(data[begin : begin + length])
        start = begin + length
    return packets, data[start:]


def payload_of(packet: bytes) -> Any:
    """The argument of an event, or what an acknowledgement says."""
    return json.loads(packet[packet.index(b"[") :])[-1]


# Bytes that arrive in other portions hold the same packets.
@lru_cache(maxsize=1000)
def messages_of(packet: bytes) -> tuple[list[int], list[int]]:
    """The ids of the messages in a packet, and the moments that they carry."""
    messages = payload_of(packet)
    return [one["id"] for one in messages], [sent_at(one["body"]) for one in messages]


@cache
def fingerprint(message_id: int) -> int:
    """A number of the id whose sum over messages tells which they were, each how often."""
    return int.from_bytes(blake2b(b"%d" % message_id, digest_size=8).digest())


def body(sent: int, number: int) -> str:
    """The text of a message that was due at that moment, in milliseconds."""
    return f"{sent} is when message {number} was due, and here is what it has to say to all"


def sent_at(text: str) -> int:
    """The moment that `body` put into the text."""
    return int(text[: text.index(" ")])


def frame(text: str) -> bytes:
    """A masked text frame, as clients send it; for texts under 64 KiB."""
    payload, mask = text.encode(), os.urandom(4)
    length = len(payload)
    head = bytes([length | 0x80]) if length < 126 else b"\xfe" + length.to_bytes(2, "big")
    cover = (mask * (length // 4 + 1))[:length]
    masked = int.from_bytes(payload, "big") ^ int.from_bytes(cover, "big")
    return b"\x81" + head + mask + masked.to_bytes(length, "big")
