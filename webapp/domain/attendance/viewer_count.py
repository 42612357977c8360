"""How many watch an event now, for pages: what the nodes say in Redis, else the last minutes."""

from collections.abc import Iterable
from typing import Any

from flask import current_app
from redis import RedisError
from sqlalchemy import func, select

from webapp.domain.models import Attendance
from webapp.infra.cache import redis_breaker
from webapp.infra.clock import minute_of, utcnow
from webapp.infra.extensions import db, flask_cache


def nodes_key(event_id: int) -> str:
    """Where Redis has the nodes that an event is watched on; with `:node`, who watches there."""
    return f"townhall:watching:v1:{event_id}"


def count_watching(event_ids: Iterable[int]) -> dict[int, int]:
    """Distinct employees over all nodes, by event; events that nobody watches may be left out.

    Where Redis is away, or there is none, it is who was counted in this minute or the one before:
    one statement.
    """
    wanted = list(event_ids)
    if not wanted:
        return {}
    if current_app.config["EMBEDDED"] or redis_breaker().open:
        return _counted(wanted)
    try:
        return {event_id: _said(event_id) for event_id in wanted}
    except (RedisError, OSError) as error:
        redis_breaker().failed(error)
        return _counted(wanted)


def _said(event_id: int) -> int:
    backend: Any = flask_cache.cache
    redis, nodes = backend._read_client, nodes_key(event_id)
    alive = redis.zrangebyscore(nodes, utcnow().timestamp(), "+inf")
    return len(redis.sunion([f"{nodes}:{node.decode()}" for node in alive])) if alive else 0


def _counted(event_ids: list[int]) -> dict[int, int]:
    here, lately = (
        Attendance.event_id.in_(event_ids),
        Attendance.last_minute >= minute_of(utcnow()) - 1,
    )
    query = select(Attendance.event_id, func.count().label("people")).where(here, lately)
    rows = db.session.execute(query.group_by(Attendance.event_id))
    return {row.event_id: row.people for row in rows}
