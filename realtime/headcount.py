"""Count distinct employees over all nodes.

Redis keeps the report of each node, and forgets a node that is silent.
"""

from collections.abc import Iterable
from typing import Any

from redis import RedisError

from webapp.domain.attendance.viewer_count import nodes_key
from webapp.infra.circuit_breaker import Breaker
from webapp.infra.clock import utcnow

# A report expires after this long; each node repeats its own well before.
KEPT_SECONDS = 12
REPORT_EVERY_SECONDS = 4.0


class Headcount:
    """Adds up the reports of all nodes; without Redis, this node's own count stands."""

    def __init__(self, redis: Any, node: str, breaker: Breaker) -> None:
        self._redis = redis
        self._node = node
        self._breaker = breaker
        self._reported: dict[int, tuple[set[int], float]] = {}

    def keep_only(self, event_ids: Iterable[int]) -> None:
        """Report once that nobody here watches the other events any longer, and forget them."""
        for event_id in set(self._reported).difference(event_ids):
            self.distinct(event_id, set())
            self._reported.pop(event_id, None)

    def distinct(self, event_id: int, employees: set[int]) -> int:
        """Report who watches here, and return how many employees watch on all nodes."""
        if self._redis is None or self._breaker.open:
            return len(employees)
        try:
            return self._ask(event_id, employees)
        except (RedisError, OSError) as error:
            self._breaker.failed(error)
            return len(employees)

    def _ask(self, event_id: int, employees: set[int]) -> int:
        now = utcnow().timestamp()
        nodes = nodes_key(event_id)
        reported, reported_at = self._reported.get(event_id, (set(), 0.0))
        if reported != employees or now - reported_at > REPORT_EVERY_SECONDS:
            self._report(nodes, employees, now)
            self._reported[event_id] = (employees, now)
        alive = [node.decode() for node in self._redis.zrangebyscore(nodes, now, "+inf")]
        if self._node not in alive:
            # Somebody has emptied Redis: report again with the next count.
            self._reported.pop(event_id, None)
        if not alive:
            # Redis refuses a SUNION without keys.
            return len(employees)
        keys = [f"{nodes}:{node}" for node in alive]
        return self._redis.scard(keys[0]) if len(keys) == 1 else len(self._redis.sunion(keys))

    def _report(self, nodes: str, employees: set[int], now: float) -> None:
        mine = f"{nodes}:{self._node}"
        with self._redis.pipeline() as pipeline:
            pipeline.delete(mine)
            if employees:
                pipeline.sadd(mine, *employees)
                pipeline.expire(mine, KEPT_SECONDS)
            pipeline.zadd(nodes, {self._node: now + KEPT_SECONDS})
            pipeline.zremrangebyscore(nodes, "-inf", now)
            pipeline.expire(nodes, KEPT_SECONDS)
            pipeline.execute()
