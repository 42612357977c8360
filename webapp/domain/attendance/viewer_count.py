"""Count the employees who watch an event now: from Redis, else from the last minutes."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, select

from webapp.domain.models import RosterEntry
from webapp.infra.clock import minute_of, utcnow
from webapp.infra.extensions import db
from webapp.infra.redis_client import ask_redis


def nodes_key(event_id: int) -> str:
    """Return the Redis key of the nodes that serve an event; `key:node` has a node's viewers."""
    return f"townhall:watching:v1:{event_id}"


def count_watching(event_ids: Iterable[int]) -> dict[int, int]:
    """Return the number of distinct employees over all nodes, by event id.

    Events without viewers may be missing. Without Redis, employees count who were connected in
    this minute or the one before: one statement.
    """
    wanted = list(event_ids)
    if not wanted:
        return {}
    counts = ask_redis(lambda redis: {i: _count_in_redis(redis, i) for i in wanted})
    return _count_in_database(wanted) if counts is None else counts


def _count_in_redis(redis: Any, event_id: int) -> int:
    nodes = nodes_key(event_id)
    alive = redis.zrangebyscore(nodes, utcnow().timestamp(), "+inf")
    return len(redis.sunion([f"{nodes}:{node.decode()}" for node in alive])) if alive else 0


def _count_in_database(event_ids: list[int]) -> dict[int, int]:
    lately = RosterEntry.last_minute >= minute_of(utcnow()) - 1
    query = (
        select(RosterEntry.event_id, func.count().label("people"))
        .where(RosterEntry.event_id.in_(event_ids), RosterEntry.checked_in_at.is_not(None), lately)
        .group_by(RosterEntry.event_id)
    )
    return {row.event_id: row.people for row in db.session.execute(query)}
