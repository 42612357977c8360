"""Limits on guessing: failures are counted per target and per source, over all workers.

Only failures count, so an office of thousands behind one address checks in freely. Beyond the
limit a right answer is refused like a wrong one; otherwise the refusal would confirm it.
"""

import hashlib
import math
import time
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TypeVar

from flask import Flask, current_app
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter
from redis import Redis, RedisError

from webapp.errors import SlowDown
from webapp.infra.circuit_breaker import Breaker

T = TypeVar("T")

PER_TARGET = parse("10 per 15 minutes")
# An office stays below this at 100 check-ins a second with 3 % typing errors.
PER_SOURCE = parse("1000 per 5 minutes")


def init_throttle(app: Flask) -> None:
    """Count in Redis, or in this process without Redis and while it is away."""
    redis, breaker = app.extensions["redis"], app.extensions["redis_breaker"]
    app.extensions["throttle"] = Throttle(redis, breaker)


def check_guess(kind: str, target: str, source: str) -> None:
    """Raise `SlowDown` after too many failures at `target` or from the address `source`."""
    _throttle().check(_keys(kind, target, source))


def count_failure(kind: str, target: str, source: str) -> None:
    """Count a failed guess at `target` from the address `source`."""
    _throttle().count(_keys(kind, target, source))


Keys = list[tuple[RateLimitItem, str]]


class Throttle:
    """The counters of one process: shared ones, and its own while those do not answer."""

    def __init__(self, redis: Redis | None, breaker: Breaker) -> None:
        self._own = MovingWindowRateLimiter(MemoryStorage())
        self._shared = None
        self._breaker = breaker
        if redis:
            # The address only chooses between Redis and Valkey: the pool knows the server.
            storage = RedisStorage(
                "redis://", connection_pool=redis.connection_pool, key_prefix="townhall:guesses"
            )
            self._shared = MovingWindowRateLimiter(storage)

    def check(self, keys: Keys) -> None:
        """Raise `SlowDown` when one of the counters is used up."""
        wait = self._ask(lambda limiter: max(_seconds_to_wait(limiter, *key) for key in keys))
        if wait:
            minutes = math.ceil(wait / 60)
            plural = "minute" if minutes == 1 else "minutes"
            message = f"There were too many attempts. Try again in {minutes} {plural}."
            raise SlowDown(message, retry_after=math.ceil(wait))

    def count(self, keys: Keys) -> None:
        """Add one failure to each counter."""
        self._ask(lambda limiter: [limiter.hit(*key) for key in keys])

    def _ask(self, question: Callable[[MovingWindowRateLimiter], T]) -> T:
        if self._shared and not self._breaker.open:
            try:
                return question(self._shared)
            except (RedisError, OSError) as error:
                self._breaker.failed(error)
        return question(self._own)


def _throttle() -> Throttle:
    throttle: Throttle = current_app.extensions["throttle"]
    return throttle


def _seconds_to_wait(limiter: MovingWindowRateLimiter, item: RateLimitItem, key: str) -> float:
    if limiter.test(item, key):
        return 0
    return max(1.0, limiter.get_window_stats(item, key).reset_time - time.time())


def _keys(kind: str, target: str, source: str) -> Keys:
    # Hashed, so that Redis does not hold what people type.
    digest = hashlib.sha256(target.strip().lower().encode()).hexdigest()[:32]
    return [(PER_TARGET, f"{kind}:{digest}"), (PER_SOURCE, f"{kind}:{_network(source)}")]


def _network(source: str) -> str:
    try:
        address = ip_address(source)
    except ValueError:
        return "unknown"
    if isinstance(address, IPv6Address):
        # A customer usually has a whole /64.
        return str(ip_network((address, 64), strict=False))
    return source
