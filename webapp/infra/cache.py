"""The cache: JSON values under versioned keys. Redis being away is a miss, decided here once."""

from collections.abc import Callable
from typing import Any, TypeVar

from cachelib.serializers import JSONSerializer
from flask import Flask, g

from webapp.infra.extensions import flask_cache
from webapp.infra.redis_client import answer_or_none
from webapp.infra.settings import Settings

T = TypeVar("T")


class _Json(JSONSerializer):
    def loads(self, bvalue: Any) -> Any:
        # Upstream asks json to load the None of a miss, and logs that as an error.
        return None if bvalue is None else super().loads(bvalue)


def init_cache(app: Flask, settings: Settings) -> None:
    """Bind the cache: Redis where there is one, else this process's memory."""
    app.config |= {
        "CACHE_TYPE": "SimpleCache" if settings.embedded else "RedisCache",
        "CACHE_REDIS_HOST": app.extensions["redis"],
        "CACHE_OPTIONS": {"threshold": 50_000} if settings.embedded else {},
        "CACHE_SERIALIZER": _Json(),
        "CACHE_KEY_PREFIX": "townhall:",
        # It takes a key that somebody else cached again at once for one that could not be deleted.
        "CACHE_IGNORE_ERRORS": True,
    }
    flask_cache.init_app(app)


def prefetch(*keys: str) -> None:
    """Ask for several keys in one round trip; the next `get` of each has its answer from it."""
    g.fetched = dict(
        zip(keys, answer_or_none(lambda: flask_cache.get_many(*keys)) or (), strict=False)
    )


def get(key: str) -> Any:
    """The value under `key`, or None."""
    if key in (fetched := g.get("fetched", {})):
        return fetched.pop(key)
    return answer_or_none(lambda: flask_cache.get(key))


def put(key: str, value: Any, seconds: int) -> None:
    """Keep `value` (JSON) for so many seconds."""
    answer_or_none(lambda: flask_cache.set(key, value, timeout=seconds))


def forget(*keys: str) -> None:
    """Drop the keys, on the line after the commit that made them stale."""
    if len(keys) == 1:
        # Of many, the library first asks whether each is there.
        answer_or_none(lambda: flask_cache.delete(keys[0]))
    else:
        answer_or_none(lambda: flask_cache.delete_many(*keys))


def correct(key: str, value: Any) -> None:
    """Drop what is kept under `key` where it is not `value`, which was just read.

    Dropped, not replaced: `value` itself may be out of date by now.
    """
    if get(key) not in (None, value):
        forget(key)


def remember(key: str, seconds: int, read: Callable[[], T | None]) -> T | None:
    """The value under `key`; on a miss what `read()` finds, kept unless it is None."""
    value: T | None = get(key)
    if value is None and (value := read()) is not None:
        put(key, value, seconds)
    return value
