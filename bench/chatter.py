"""A chat at a fixed rate, and the fate of each message."""

import secrets
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bench import wire
from bench.crowd import Crowd, Viewer
from bench.latency import Latencies

LEAVING_AT_ONCE = 50
# Before the first post, so that it is on time.
LEAD_SECONDS = 0.1
# Between two calls of `meanwhile`.
STEP_SECONDS = 0.005


@dataclass
class Chat:
    """The result of a chat; latencies count from the moment a post was due."""

    posted: int = 0
    stored: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    expected: int = 0  # every post that was not refused, times viewers
    delivered: int = 0
    wrong: int = 0  # viewers that missed or repeated a message, or are gone
    reordered: int = 0  # reads with a lower id than an earlier one
    seconds: float = 0.0
    overtime: float = 0.0  # seconds from the last post until everything had arrived
    latencies: Latencies = field(default_factory=Latencies)

    @property
    def complete(self) -> bool:
        """Return whether every post was stored, and delivered to every viewer exactly once."""
        return self.stored == self.posted and self.delivered == self.expected and not self.wrong


def post(crowd: Crowd, author: Viewer, due: float, number: int) -> None:
    """Post message `number` by `author`, due at the moment `due` of `time.monotonic`."""
    text = wire.body(int(due * 1000), number)
    crowd.post(author, {"nonce": secrets.token_urlsafe(12), "body": text})


def chat(
    crowd: Crowd,
    per_second: float,
    seconds: float,
    *,
    authors: Sequence[Viewer] = (),
    leaving: Sequence[Viewer] = (),
    meanwhile: Callable[[], object] | None = None,
    patience: float = 15,
) -> Chat:
    """Let `authors` (else everybody) post in turns for `seconds`; then wait up to `patience`
    seconds for the last delivery. `leaving` viewers disconnect from the start on, as fast as the
    others can still be read. `meanwhile` is called every few milliseconds."""
    crowd.forget()
    authors, going = authors or list(crowd.viewers.values()), list(leaving)
    found, audience = Chat(), len(crowd.viewers) - len(going)
    begin = time.monotonic() + LEAD_SECONDS
    for number in range(round(per_second * seconds)):
        due = begin + number / per_second
        while going or due > time.monotonic():
            for viewer in going[:LEAVING_AT_ONCE]:
                crowd.drop(viewer)
            del going[:LEAVING_AT_ONCE]
            if meanwhile:
                meanwhile()
            rest = due - time.monotonic()
            crowd.read(0 if going else max(0, min(rest, STEP_SECONDS) if meanwhile else rest))
        post(crowd, authors[number % len(authors)], due, number)
        found.posted += 1
    ended = time.monotonic()
    while not _all_arrived(crowd, found, audience) and time.monotonic() < ended + patience:
        crowd.read(0.05)
    found.overtime = time.monotonic() - ended
    found.seconds = time.monotonic() - begin
    return _counted(crowd, found, audience)


def _all_arrived(crowd: Crowd, found: Chat, audience: int) -> bool:
    stored = len(crowd.answers)  # right as long as no post is refused
    return stored == found.posted and crowd.received >= stored * audience


def _counted(crowd: Crowd, found: Chat, audience: int) -> Chat:
    ids = []
    for answer in crowd.answers:
        match answer:
            case {"ok": True, "id": int() as message_id}:
                ids.append(message_id)
            case {"error": {"code": str() as code}}:
                found.refused[code] += 1
    right = (len(ids), sum(map(wire.fingerprint, ids)))
    got = [(viewer.received, viewer.fingerprint) for viewer in crowd.viewers.values()]
    found.wrong = audience - got.count(right)
    found.stored = len(ids)
    found.expected = (found.posted - found.refused.total()) * audience
    found.delivered, found.reordered = crowd.received, crowd.reordered
    found.latencies = crowd.latencies
    return found
