"""Distinct employees over all nodes. Redis keeps each node's, and forgets a node that is silent."""

from typing import Any

from redis import RedisError

from webapp.domain.attendance.viewer_count import nodes_key
from webapp.infra.circuit_breaker import Breaker
from webapp.infra.clock import utcnow

# What a node said counts this long; it says it again well before.
KEPT_SECONDS = 12
SAID_EVERY_SECONDS = 4.0


class Headcount:
    """Adds up what the nodes say of an event; alone, this node's number stands."""

    def __init__(self, redis: Any, node: str, breaker: Breaker) -> None:
        self._redis = redis
        self._node = node
        self._breaker = breaker
        self._said: dict[int, tuple[set[int], float]] = {}

    def distinct(self, event_id: int, employees: set[int]) -> int:
        """Say who watches here, and return how many watch on all nodes."""
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
        said, said_at = self._said.get(event_id, (set(), 0.0))
        if said != employees or now - said_at > SAID_EVERY_SECONDS:
            self._say(nodes, employees, now)
            self._said[event_id] = (employees, now)
        alive = self._redis.zrangebyscore(nodes, now, "+inf")
        keys = [f"{nodes}:{node.decode()}" for node in alive]
        return self._redis.scard(keys[0]) if len(keys) == 1 else len(self._redis.sunion(keys))

    def _say(self, nodes: str, employees: set[int], now: float) -> None:
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
