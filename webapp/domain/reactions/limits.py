"""At most three reactions of an employee count in a second, over all nodes, tabs and forms."""

import threading
from collections import Counter
from collections.abc import Mapping

from webapp.infra.redis_client import ask_redis

PER_SECOND = 3
KEPT_SECONDS = 10

# One command for everybody who reacted at this node: a pipeline of one command each took five
# times as long.
CLAIM = """
local limit, allowed = tonumber(ARGV[1]), {}
for i = 3, #ARGV, 2 do
  local wanted = tonumber(ARGV[i + 1])
  local before = redis.call('HINCRBY', KEYS[1], ARGV[i], wanted) - wanted
  allowed[#allowed + 1] = math.max(0, math.min(wanted, limit - before))
end
redis.call('EXPIRE', KEYS[1], ARGV[2])
return allowed
"""


def claim(event_id: int, second: int, wanted: Mapping[int, int]) -> dict[int, int]:
    """Return, by employee id, how many of their `wanted` reactions in this second count.

    `second` is in whole seconds since the Unix epoch. Without Redis each process counts by itself.
    """
    pairs = [number for pair in wanted.items() for number in pair]
    key = f"townhall:reacted:v1:{event_id}:{second}"
    allowed = ask_redis(lambda client: client.eval(CLAIM, 1, key, PER_SECOND, KEPT_SECONDS, *pairs))
    if allowed is None:
        return _own.claim(event_id, second, wanted)
    return dict(zip(wanted, allowed, strict=True))


class _OwnClaims:
    """The reactions of the present second in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._second = 0
        self._claimed: Counter[tuple[int, int]] = Counter()

    def claim(self, event_id: int, second: int, wanted: Mapping[int, int]) -> dict[int, int]:
        """Return how many of the `wanted` reactions count, as the function `claim` does."""
        with self._lock:
            if second != self._second:
                self._second, self._claimed = second, Counter()
            return {
                employee_id: self._take((event_id, employee_id), amount)
                for employee_id, amount in wanted.items()
            }

    def _take(self, place: tuple[int, int], amount: int) -> int:
        allowed = min(amount, PER_SECOND - self._claimed[place])
        self._claimed[place] += allowed
        return allowed


_own = _OwnClaims()
