"""Counters that expire: shared over all processes through Redis, or of this process."""

import threading
import time

from limits.storage import RedisStorage
from redis import Redis, RedisError

from webapp.infra.circuit_breaker import Breaker

# Some 200 bytes each. The oldest go first, as in a Redis that is full.
MAX_OWN = 100_000


class Counters:
    """Counts in Redis; in this process without Redis, and while Redis does not answer."""

    def __init__(self, redis: Redis | None, breaker: Breaker) -> None:
        self._own = _OwnCounters()
        self._shared: RedisStorage | None = None
        self._breaker = breaker
        if redis:
            # The address only chooses between Redis and Valkey: the pool knows the server.
            self._shared = RedisStorage(
                "redis://", connection_pool=redis.connection_pool, key_prefix="townhall:guesses"
            )

    def add(self, key: str, seconds: int, amount: int = 1) -> int:
        """Add `amount` to a counter and return its value.

        A counter begins at 0 with its first use and ends `seconds` later.
        """
        if self._shared and not self._breaker.open:
            try:
                return self._shared.incr(key, seconds, amount)
            except (RedisError, OSError) as error:
                self._breaker.failed(error)
        return self._own.add(key, seconds, amount)


class _OwnCounters:
    """Counters in memory. The storage of `limits` starts a thread for about every check-in."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, tuple[int, float]] = {}

    def add(self, key: str, seconds: int, amount: int) -> int:
        now = time.monotonic()
        with self._lock:
            count, end = self._counts.pop(key, (0, 0.0))
            if now >= end:
                count, end = 0, now + seconds
            self._counts[key] = count + amount, end
            if len(self._counts) > MAX_OWN:
                del self._counts[next(iter(self._counts))]
            return count + amount
