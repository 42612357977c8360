"""Counters that expire: shared over all processes through Redis, or of this process."""

import math
import threading
import time
from collections.abc import Sequence

from flask import Flask, current_app
from limits.storage import RedisStorage
from redis import Redis, RedisError

from webapp.infra.circuit_breaker import Breaker

# Some 200 bytes each. The oldest go first, as in a Redis that is full.
MAX_OWN = 100_000
# Counts each key once, for one round trip whatever their number. Returns for each key the
# milliseconds until its counter ends if it is above the limit, else 0.
COUNT_EACH = """
local waits = {}
for place, key in ipairs(KEYS) do
  local count = redis.call('INCR', key)
  if count == 1 then redis.call('PEXPIRE', key, ARGV[1]) end
  waits[place] = count > tonumber(ARGV[2]) and redis.call('PTTL', key) or 0
end
return waits
"""


class Counters:
    """Counts in Redis; in this process without Redis, and while Redis does not answer."""

    def __init__(self, redis: Redis | None, breaker: Breaker) -> None:
        self._own = _OwnCounters()
        self._shared: RedisStorage | None = None
        self._breaker = breaker
        self._count_each = redis.register_script(COUNT_EACH) if redis else None
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

    def count_each(self, keys: Sequence[str], limit: int, seconds: int) -> list[int]:
        """Add 1 to each counter; return for each the seconds to wait, 0 up to `limit`.

        A key that stands several times in `keys` is counted as often.
        """
        if self._count_each and not self._breaker.open:
            try:
                waits = self._count_each(keys=keys, args=[seconds * 1000, limit])
            except (RedisError, OSError) as error:
                self._breaker.failed(error)
            else:
                return [math.ceil(wait / 1000) for wait in waits]
        return [self._own.wait(key, limit, seconds) for key in keys]


def init_counters(app: Flask) -> None:
    """Give `app` counters of what employees do."""
    counters = Counters(app.extensions["redis"], app.extensions["redis_breaker"])
    app.extensions["counters"] = counters


def count_acts(act: str, employee_ids: Sequence[int], limit: int, seconds: int) -> list[int]:
    """Count an act of each employee over all processes; return the seconds that each must wait.

    Up to `limit` acts in `seconds` are free: 0.
    """
    counters: Counters = current_app.extensions["counters"]
    keys = [f"townhall:acts:{act}:{employee_id}" for employee_id in employee_ids]
    return counters.count_each(keys, limit, seconds)


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

    def wait(self, key: str, limit: int, seconds: int) -> int:
        """Add 1 to a counter; return the seconds until it ends if it is above `limit`, else 0."""
        if self.add(key, seconds, 1) <= limit:
            return 0
        return math.ceil(self._counts[key][1] - time.monotonic())
