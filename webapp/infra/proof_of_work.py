"""Proofs of work: a browser computes for a while before it may guess (ALTCHA, scrypt).

A challenge is signed with a key that depends on the guess it is for, so its solution is worth
nothing for any other guess. `docs/decisions/0009-proof-of-work-for-guesses.md` has the figures.
"""

import secrets
from dataclasses import dataclass
from typing import Any

import altcha

from webapp.infra.clock import utcnow

# scrypt with N = 1024 and r = 8 needs 1 MiB and 2.2 ms for a try in C, 3.5 ms in JavaScript: an
# attacker gains little from a program of their own.
COST, BLOCK_SIZE = 1024, 8
# The most tries that a challenge of each level takes; on average it takes half of them.
TRIES = (800, 1200, 2000, 3200)
MAX_LEVEL = len(TRIES)
# A slow phone solves the hardest one in a fraction of this.
SECONDS = 300
# A payload of our own script has some 700 characters.
MAX_PAYLOAD = 2000


@dataclass(frozen=True)
class Proof:
    """A solved challenge. `id` is unlike that of any other challenge."""

    id: str
    level: int


def create_challenge(key: str, level: int) -> dict[str, Any]:
    """Create a challenge of `level` (1 to `MAX_LEVEL`), signed with `key`, for a browser."""
    challenge = altcha.create_challenge(
        "SCRYPT",
        COST,
        memory_cost=BLOCK_SIZE,
        parallelism=1,
        # Found only by trying every number up to it; verified without any trying.
        counter=secrets.randbelow(TRIES[level - 1]),
        data={"level": level, "until": int(utcnow().timestamp()) + SECONDS},
        hmac_secret=key,
        hmac_key_secret=f"{key} solved",
    )
    return challenge.to_dict()


def verify(payload: str, key: str) -> Proof | None:
    """Return the proof in `payload`, or None when it is wrong, expired or for another key."""
    try:
        parsed = altcha.Payload.from_base64(payload[:MAX_PAYLOAD])
        result = altcha.verify_solution(parsed, key, hmac_key_secret=f"{key} solved")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    # Of a verified challenge every part is ours.
    data, signature = parsed.challenge.parameters.data, parsed.challenge.signature
    if not result.verified or not data or not signature:
        return None
    fresh = utcnow().timestamp() < data["until"]
    return Proof(signature, data["level"]) if fresh else None
