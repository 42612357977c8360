"""Redis, configured once: one client and one circuit breaker per process."""

import sys
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app
from redis import AuthenticationError, Redis, RedisError, ResponseError
from redis.maint_notifications import MaintNotificationsConfig

from webapp.infra.circuit_breaker import Breaker
from webapp.infra.retry import wait_until
from webapp.infra.settings import Settings

# A page asks for a few keys at most, so a hung Redis costs it no more than this once, and then
# nothing while the breaker is open.
TIMEOUT_SECONDS = 0.5
REDIS_OPTIONS: dict[str, Any] = {
    "socket_timeout": TIMEOUT_SECONDS,
    "socket_connect_timeout": TIMEOUT_SECONDS,
    "retry": None,
    # Where a connection may bring notices, redis-py needs `select.poll` to see that Redis has
    # closed it, and eventlet removes that. Each connection from before a restart of Redis then
    # failed once, and opened the breaker, whenever it was next used.
    "maint_notifications_config": MaintNotificationsConfig(enabled=False),
}

# A Redis that refuses a command does answer: it was emptied, is full, or only reads.
REDIS_BREAKER_ANSWERS = (ResponseError,)

# A wrong password, a user without rights, a database number that does not exist.
REFUSALS = (AuthenticationError, ResponseError)

T = TypeVar("T")


def init_redis(app: Flask, settings: Settings) -> None:
    """Give `app` its client (None in the embedded default) and its breaker; connects lazily."""
    url = settings.redis_url
    app.extensions["redis"] = Redis.from_url(url, **REDIS_OPTIONS) if url else None
    app.extensions["redis_breaker"] = Breaker("Redis", answers=REDIS_BREAKER_ANSWERS)


def redis_breaker() -> Breaker:
    """Return the breaker that everything in this process that uses Redis shares."""
    breaker: Breaker = current_app.extensions["redis_breaker"]
    return breaker


def wait_for_redis() -> None:
    """Wait until Redis answers; end the process when it refuses this REDIS_URL."""
    try:
        wait_until("Redis", ping_redis, lambda error: isinstance(error, REFUSALS))
    except RedisError as error:
        sys.exit(f"townhall: REDIS_URL: {error}")


def ping_redis() -> None:
    """Return when Redis answers a ping; raise `RedisError` or `OSError` otherwise."""
    current_app.extensions["redis"].ping()


def ask_redis(ask: Callable[[Any], T]) -> T | None:
    """Return `ask(client)`, or None when there is no Redis or it does not answer."""
    client = current_app.extensions["redis"]
    return answer_or_none(lambda: ask(client)) if client else None


def answer_or_none(ask: Callable[[], T]) -> T | None:
    """Return `ask()`, or None when Redis does not answer; ask nothing while the breaker is open."""
    breaker = redis_breaker()
    if breaker.open:
        return None
    try:
        return ask()
    except (RedisError, OSError) as error:
        breaker.failed(error)
        return None
