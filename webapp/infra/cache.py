"""The cache: JSON values under versioned keys. Without Redis every read is a miss.

While an upgrade runs, processes of two releases share it, and each drops the keys that it knows.
So a value keeps its key and its fields, and only gets further fields
(docs/decisions/0015-expand-and-contract.md).
"""

import secrets
from collections.abc import Callable, Collection
from typing import Any, TypeVar

from cachelib.serializers import JSONSerializer
from flask import Flask, current_app, g

from webapp.infra.extensions import flask_cache
from webapp.infra.metrics import CACHE_REQUESTS
from webapp.infra.previous_release import STRICT_VALUES
from webapp.infra.redis_client import answer_or_none
from webapp.infra.settings import Settings

T = TypeVar("T")

PREFIX = "townhall:"
# Longer than a statement may take.
LEASE_SECONDS = 30
# Puts a value under the second key if the lease under the first one still stands, and ends it.
PUT_LEASED = """
if redis.call('GET', KEYS[1]) == ARGV[1] then
  redis.call('SET', KEYS[2], ARGV[2], 'EX', ARGV[3])
  redis.call('UNLINK', KEYS[1])
end
"""


class _Json(JSONSerializer):
    def loads(self, bvalue: Any) -> Any:
        # Upstream asks json to load the None of a miss, and logs that as an error.
        return None if bvalue is None else super().loads(bvalue)


def init_cache(app: Flask, settings: Settings) -> None:
    """Bind the cache to Redis, or to the memory of the process in the embedded default."""
    app.config |= {
        "CACHE_TYPE": "SimpleCache" if settings.embedded else "RedisCache",
        "CACHE_REDIS_HOST": app.extensions["redis"],
        "CACHE_OPTIONS": {"threshold": 50_000} if settings.embedded else {},
        "CACHE_SERIALIZER": _Json(),
        "CACHE_KEY_PREFIX": PREFIX,
        # Flask-Caching reports a key as not deleted when another process re-created it meanwhile.
        "CACHE_IGNORE_ERRORS": True,
    }
    flask_cache.init_app(app)


def prefetch(*keys: str) -> None:
    """Read several keys in one round trip; the next `get` of each uses the result."""
    g.fetched = dict(zip(keys, answer_or_none(lambda: _get_many(keys)) or (), strict=False))
    for value in g.fetched.values():
        _count(value)


def get(key: str) -> Any:
    """Return the value under `key`, or None."""
    if key in (fetched := g.get("fetched", {})):
        return fetched.pop(key)
    (value,) = answer_or_none(lambda: _get_many([key])) or (None,)
    _count(value)
    return value


def put(key: str, value: Any, seconds: int) -> None:
    """Keep `value` (JSON) for `seconds`."""
    known = _known_before(key)
    added = {name: value[name] for name in value if name not in known} if known else {}
    if added:
        kept = {name: value[name] for name in value if name in known}
        parts = {key: kept, _beside(key): added}
        answer_or_none(lambda: flask_cache.set_many(parts, timeout=seconds))
    else:
        answer_or_none(lambda: flask_cache.set(key, value, timeout=seconds))


def forget(*keys: str) -> None:
    """Drop the keys. Call it on the line after the commit that made them stale."""
    # Unlike `delete_many`, this does not ask for each key whether it is gone.
    answer_or_none(lambda: flask_cache.unlink(*_stored(keys), *map(_lease_of, keys)))


def clear() -> None:
    """Drop every value, for example because the database was replaced."""
    answer_or_none(flask_cache.clear)


def correct(key: str, value: Any) -> None:
    """Drop the value under `key` unless it equals `value`, which was just read.

    It is not replaced: `value` itself may be stale by now.
    """
    if get(key) not in (None, value):
        forget(key)


def remember(
    key: str, seconds: int, read: Callable[[], T | None], fields: Collection[str] = ()
) -> T | None:
    """Return the value under `key`; on a miss cache and return `read()` unless it is None.

    Where `fields` names those of an object, one that lacks any of them is a miss, since the release
    before wrote it, and fields that only the next release knows are left out.
    """
    value: Any = get(key)
    if value is not None and fields:
        whole = value.keys() >= set(fields)
        value = {name: value[name] for name in fields} if whole else None
    if value is None and (value := read()) is not None:
        put(key, value, seconds)
    found: T | None = value
    return found


def keep(key: str, seconds: int, read: Callable[[], T]) -> T:
    """Return `read()`, and cache it unless the key is forgotten meanwhile: then it may be stale.

    For a value that is kept for long and that no sweep corrects.
    """
    lease = secrets.token_hex(8)
    answer_or_none(lambda: flask_cache.add(_lease_of(key), lease, timeout=LEASE_SECONDS))
    value = read()
    answer_or_none(lambda: _put_leased(key, lease, value, seconds))
    return value


def _put_leased(key: str, lease: str, value: Any, seconds: int) -> None:
    if redis := current_app.extensions["redis"]:
        keys, dumps = (PREFIX + _lease_of(key), PREFIX + key), _Json().dumps
        redis.eval(PUT_LEASED, 2, *keys, dumps(lease), dumps(value), seconds)
    # The embedded default has one thread.
    elif flask_cache.get(_lease_of(key)) == lease:
        flask_cache.set(key, value, timeout=seconds)
        flask_cache.unlink(_lease_of(key))


def _lease_of(key: str) -> str:
    return f"{key}:lease"


def _known_before(key: str) -> Collection[str]:
    """Return the fields under `key` that the release before can read, or () where it reads all."""
    return STRICT_VALUES.get(key.rpartition(":")[0], ())


def _beside(key: str) -> str:
    """Return the key of the fields that the release before does not know."""
    return f"{key}:added"


def _stored(keys: Collection[str]) -> list[str]:
    return [*keys, *(_beside(key) for key in keys if _known_before(key))]


def _get_many(keys: Collection[str]) -> list[Any]:
    stored = _stored(keys)
    values = dict(zip(stored, flask_cache.get_many(*stored), strict=True))
    # The release before drops and replaces only the first of two parts: it changes no other field.
    return [
        values[key] | added if values[key] and (added := values.get(_beside(key))) else values[key]
        for key in keys
    ]


_HITS, _MISSES = (CACHE_REQUESTS.labels(result) for result in ("hit", "miss"))


def _count(value: Any) -> None:
    (_MISSES if value is None else _HITS).inc()
