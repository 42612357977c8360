"""Limits on guessing numbers and passwords, over all workers.

Attempts at a target (an e-mail address) are counted before they are verified, so that parallel
guesses are no way around the limit; a success is taken back from the count. Failures from a source
(a network address) are counted as well; successes are not, so an office checks in freely.

Beyond a budget an attempt has to be paid for: by a browser that passed for this target before, by
a proof of work, or by waiting in a queue. A refusal alone would let anybody lock out a colleague
or an office, and a right guess must not look different from a wrong one.
`docs/decisions/0009-proof-of-work-for-guesses.md` has the reasons and figures.
"""

import hashlib
import hmac
import logging
import time
from dataclasses import dataclass, field
from typing import Any

from cachelib import SimpleCache
from flask import Flask, current_app

from webapp.errors import SlowDown
from webapp.i18n import lazy
from webapp.infra import proof_of_work, queue_tickets
from webapp.infra.addresses import network_of
from webapp.infra.counters import Counters

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Budget:
    """What is free: `attempts` in `seconds`; each `step` beyond raises the level by one."""

    attempts: int
    seconds: int
    step: int
    # The queue beyond it: seconds between two places, and how many places there are.
    turn: int
    places: int

    def level(self, count: int) -> int:
        """Return 0 within the budget, else how hard the proof of work is."""
        over = count - self.attempts
        return 0 if over <= 0 else min(1 + (over - 1) // self.step, proof_of_work.MAX_LEVEL)


PER_TARGET = Budget(attempts=10, seconds=900, step=1, turn=30, places=30)
# Where the proof of work becomes as hard as it gets.
LOGGED_AT = PER_TARGET.attempts + PER_TARGET.step * (proof_of_work.MAX_LEVEL - 1) + 1
# An office stays below the first one at 100 check-ins a second with 3 % typing errors.
PER_SOURCE = {
    "check-in": Budget(attempts=1000, seconds=300, step=100, turn=1, places=300),
    "sign-in": Budget(attempts=100, seconds=300, step=20, turn=10, places=30),
}
# A busy worker sees this many in a row from one address only where all clients seem to have it.
SAME_SOURCE = 200
SAY_EVERY_SECONDS = 3600


@dataclass(frozen=True)
class Client:
    """The client of an attempt: its network address, and its reasons for one more attempt.

    `proof` and `ticket` are verified here. `browser` is the id of a browser that has passed before
    for each of the fingerprints in `passed`. `queue` asks for a place in the queue.
    """

    source: str
    proof: str = ""
    ticket: str = ""
    queue: bool = False
    browser: str = ""
    passed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Attempt:
    """A guess that `secret` belongs to `target`, a normalised e-mail address."""

    kind: str
    target: str
    secret: str = field(repr=False)
    client: Client


class WorkRequired(SlowDown):
    """An attempt that has to be paid for. `challenge` is for a browser with JavaScript.

    `retry_after` are the seconds to wait with `ticket`, or until the queue has places again.
    """

    text = lazy("There were many failed attempts with these details or from your network.")

    def __init__(self, challenge: dict[str, Any], ticket: str, wait: int, *, full: bool) -> None:
        super().__init__(retry_after=wait)
        self.challenge, self.ticket, self.full = challenge, ticket, full

    def as_dict(self) -> dict[str, Any]:
        """Return the error with the challenge, which programs may solve."""
        return super().as_dict() | {"challenge": self.challenge, "ticket": self.ticket}


def init_rate_limit(app: Flask) -> None:
    """Give `app` its limiter, which counts in Redis where there is one."""
    counters = Counters(app.extensions["redis"], app.extensions["redis_breaker"])
    app.extensions["limiter"] = Limiter(counters, str(app.secret_key).encode())


def admit(attempt: Attempt) -> None:
    """Count an attempt before it is verified. Raises `WorkRequired`."""
    _limiter().admit(attempt)


def forgive(attempt: Attempt) -> None:
    """Take an attempt that succeeded back from the count."""
    _limiter().forgive(attempt)


def count_failure(attempt: Attempt) -> None:
    """Count an attempt that failed for its source; its target was counted before."""
    _limiter().count_failure(attempt)


def fingerprint(kind: str, target: str) -> str:
    """Return a short name of a target that tells nothing without the secret key."""
    return _limiter().fingerprint(kind, target)


class Limiter:
    """The limits of one process on shared counters."""

    def __init__(self, counters: Counters, secret_key: bytes) -> None:
        self._counters = counters
        self._secret_key = secret_key
        # Failures per source beyond the budget, learned at a failure: reading them at every
        # attempt would cost each check-in a round trip.
        self._crowded = SimpleCache(threshold=10_000)
        self._sources = _SourceWatch()

    def admit(self, attempt: Attempt) -> None:
        """Count an attempt. Raises `WorkRequired` when it has to be paid for and is not."""
        self._sources.note(attempt.client.source)
        count = self._counters.add(self._target_key(attempt), PER_TARGET.seconds)
        of_target = PER_TARGET.level(count)
        level = max(of_target, self._level_of_source(attempt))
        if level and not self._is_paid(attempt, level):
            self.forgive(attempt)
            raise self._refusal(attempt, level, of_target=bool(of_target))
        if count == LOGGED_AT:
            log.warning(
                "%d failed attempts (%s) at one e-mail address within %d s, the latest from %s",
                count,
                attempt.kind,
                PER_TARGET.seconds,
                attempt.client.source,
            )

    def forgive(self, attempt: Attempt) -> None:
        """Take an attempt back from the count of its target."""
        self._counters.add(self._target_key(attempt), PER_TARGET.seconds, -1)

    def count_failure(self, attempt: Attempt) -> None:
        """Count a failure of the attempt's source."""
        key, budget = _source_key(attempt), PER_SOURCE[attempt.kind]
        count = self._counters.add(key, budget.seconds)
        if not budget.level(count):
            return
        if self._crowded.get(key) is None:
            log.warning(
                "over %d failed attempts (%s) within %d s from %s: browsers there must compute "
                "before each one; if all clients seem to have this address, set TRUSTED_PROXIES",
                budget.attempts,
                attempt.kind,
                budget.seconds,
                attempt.client.source,
            )
        self._crowded.set(key, count, timeout=budget.seconds)

    def fingerprint(self, *parts: str) -> str:
        """Return a keyed digest of `parts`."""
        text = "\0".join(parts).encode("utf-8", "replace")
        return hmac.new(self._secret_key, text, hashlib.sha256).hexdigest()[:32]

    def _level_of_source(self, attempt: Attempt) -> int:
        return PER_SOURCE[attempt.kind].level(self._crowded.get(_source_key(attempt)) or 0)

    def _is_paid(self, attempt: Attempt, level: int) -> bool:
        client, key = attempt.client, self._guess_key(attempt)
        if self._is_known_browser(attempt):
            return True
        proof = proof_of_work.verify(client.proof, key) if client.proof else None
        # Others may have raised the level by one while this browser was computing.
        if proof and proof.level >= level - 1:
            return self._is_first_use(proof.id, proof_of_work.SECONDS)
        due = queue_tickets.seconds_until_due(client.ticket, key) == 0
        return due and self._is_first_use(client.ticket, queue_tickets.VALID_SECONDS)

    def _is_known_browser(self, attempt: Attempt) -> bool:
        client, name = attempt.client, self.fingerprint(attempt.kind, attempt.target)
        if name not in client.passed:
            return False
        # Bounded too: others may use the same computer.
        key = f"browser:{client.browser}:{name}"
        return self._counters.add(key, PER_TARGET.seconds) <= PER_TARGET.attempts

    def _is_first_use(self, identifier: str, seconds: int) -> bool:
        return self._counters.add(f"spent:{self.fingerprint(identifier)}", seconds) == 1

    def _refusal(self, attempt: Attempt, level: int, *, of_target: bool) -> WorkRequired:
        budget = PER_TARGET if of_target else PER_SOURCE[attempt.kind]
        queue = self._target_key(attempt) if of_target else _source_key(attempt)
        key = self._guess_key(attempt)
        challenge = proof_of_work.create_challenge(key, level)
        ticket = attempt.client.ticket
        wait = queue_tickets.seconds_until_due(ticket, key)
        if wait:
            return WorkRequired(challenge, ticket, wait, full=False)
        if not attempt.client.queue:
            return WorkRequired(challenge, "", budget.turn, full=False)
        place = self._counters.add(f"queue:{queue}", budget.seconds)
        if place > budget.places:
            return WorkRequired(challenge, "", budget.seconds, full=True)
        wait = place * budget.turn
        return WorkRequired(challenge, queue_tickets.issue_ticket(key, wait), wait, full=False)

    def _target_key(self, attempt: Attempt) -> str:
        return f"target:{attempt.kind}:{self.fingerprint(attempt.kind, attempt.target)}"

    def _guess_key(self, attempt: Attempt) -> str:
        return self.fingerprint("guess", attempt.kind, attempt.target, attempt.secret)


class _SourceWatch:
    """Logs when every attempt seems to come from one address, as behind an unknown proxy."""

    def __init__(self) -> None:
        self._source = ""
        self._count = 0
        self._says_again_at = 0.0

    def note(self, source: str) -> None:
        """Note the source of an attempt."""
        self._count = self._count + 1 if source == self._source else 1
        self._source = source
        if self._count >= SAME_SOURCE and time.monotonic() >= self._says_again_at:
            self._says_again_at = time.monotonic() + SAY_EVERY_SECONDS
            log.warning(
                "the last %d attempts all came from %s: if this is a proxy, set TRUSTED_PROXIES, "
                "since limits per address now count all clients together",
                self._count,
                source,
            )


def _limiter() -> Limiter:
    limiter: Limiter = current_app.extensions["limiter"]
    return limiter


def _source_key(attempt: Attempt) -> str:
    return f"source:{attempt.kind}:{network_of(attempt.client.source)}"
