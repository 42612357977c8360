"""Counters that expire: shared over all processes through Redis, or of this process."""

from collections.abc import Callable

from limits.storage import MemoryStorage, RedisStorage
from redis import Redis, RedisError

from webapp.infra.circuit_breaker import Breaker


class Counters:
    """Counts in Redis; in this process without Redis, and while Redis does not answer."""

    def __init__(self, redis: Redis | None, breaker: Breaker) -> None:
        self._own = MemoryStorage()
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
        return self._ask(lambda storage: storage.incr(key, seconds, amount))

    def _ask(self, question: Callable[[MemoryStorage | RedisStorage], int]) -> int:
        if self._shared and not self._breaker.open:
            try:
                return question(self._shared)
            except (RedisError, OSError) as error:
                self._breaker.failed(error)
        return question(self._own)
