"""Parse the frames and packets of a Socket.IO client, each once for all viewers that get it."""

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
CLICKED = b"43/live,2"  # the acknowledgement of a vote or an answer
POSTED = b'42/live,["messages_posted"'
COUNTS = tuple(
    f'42/live,["{name}"'.encode()
    for name in ("viewers_changed", "votes_changed", "poll_changed", "reactions")
)


class Unexpected(Exception):
    """A frame that the live socket never sends."""


@dataclass(slots=True)
class Digest:
    """The content of some bytes: messages in order, and packets that need an answer.

    `sent` holds the moments in the messages, `arrivals` the number of viewers by moment; both in
    milliseconds of `time.monotonic`. `counts` is the number of frames with counts.
    """

    rest: bytes
    ids: list[int] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)
    fingerprint: int = 0
    ascending: bool = True
    counts: int = 0
    others: list[bytes] = field(default_factory=list)
    arrivals: Counter[int] = field(default_factory=Counter)


def digest(data: bytes) -> Digest:
    """Parse `data`; an incomplete frame at its end stays in `rest`."""
    packets, rest = packets_of(data)
    found = Digest(rest)
    for packet in packets:
        if packet.startswith(POSTED):
            ids, sent = messages_of(packet)
            found.ids += ids
            found.sent += sent
        elif packet.startswith(COUNTS):
            found.counts += 1
        elif not packet.startswith(EVENT):
            found.others.append(packet)
    found.ascending = all(a < b for a, b in pairwise(found.ids))
    found.fingerprint = sum(map(fingerprint, found.ids))
    return found


def packets_of(data: bytes) -> tuple[list[bytes], bytes]:
    """Return the payloads of the complete frames in `data`, and the remaining bytes.

    Raises `Unexpected` for anything but unfragmented text frames, `ConnectionError` for a close.
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
    """Return the argument of an event or an acknowledgement."""
    return json.loads(packet[packet.index(b"[") :])[-1]


# The same packets also arrive in differently cut portions.
@lru_cache(maxsize=1000)
def messages_of(packet: bytes) -> tuple[list[int], list[int]]:
    """Return the ids of the messages in a packet, and the moments in their bodies."""
    messages = payload_of(packet)
    return [one["id"] for one in messages], [sent_at(one["body"]) for one in messages]


@cache
def fingerprint(message_id: int) -> int:
    """Return a hash of the id; the sum over messages identifies which they were, and how often."""
    return int.from_bytes(blake2b(b"%d" % message_id, digest_size=8).digest())


def body(sent: int, number: int) -> str:
    """Return the text of a message that was due at that moment (ms)."""
    return f"{sent} is when message {number} was due, and here is what it has to say to all"


def sent_at(text: str) -> int:
    """Return the moment that `body` put into the text."""
    return int(text[: text.index(" ")])


def frame(text: str) -> bytes:
    """Return a masked text frame as clients send it; for texts under 64 KiB."""
    payload, mask = text.encode(), os.urandom(4)
    length = len(payload)
    head = bytes([length | 0x80]) if length < 126 else b"\xfe" + length.to_bytes(2, "big")
    cover = (mask * (length // 4 + 1))[:length]
    masked = int.from_bytes(payload, "big") ^ int.from_bytes(cover, "big")
    return b"\x81" + head + mask + masked.to_bytes(length, "big")
