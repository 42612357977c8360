"""The metrics of this process for Prometheus; `GET /metrics` shows them.

Every label has a bound: endpoints, results and services are names in this code base.
"""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from prometheus_client import Counter, Gauge, Histogram

from webapp.errors import TownhallError, Unavailable, is_outage

P = ParamSpec("P")
R = TypeVar("R")

# From a cached page to one that waits for the database.
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)

HTTP_REQUESTS = Counter(
    "townhall_http_requests", "Answered requests.", ["endpoint", "method", "status"]
)
HTTP_SECONDS = Histogram(
    "townhall_http_request_seconds", "Seconds until an answer was ready.", buckets=SECONDS
)
CACHE_REQUESTS = Counter("townhall_cache_requests", "Values asked of the cache.", ["result"])
CHECKINS = Counter("townhall_checkins", "Attempts to check in.", ["result"])

VIEWERS = Gauge("townhall_viewers", "Viewers' sockets on this node.")
MESSAGES = Counter("townhall_messages", "Messages that viewers of this node posted.", ["result"])
BATCH_SIZE = Histogram(
    "townhall_batch_size",
    "Drafts that were stored in one transaction.",
    buckets=(1, 2, 5, 10, 20, 50, 100, 200),
)
STORE_SECONDS = Histogram(
    "townhall_store_seconds", "Seconds to store and publish a batch.", buckets=SECONDS
)
BROADCAST_SECONDS = Histogram(
    "townhall_broadcast_seconds", "Seconds to write a batch to all viewers.", buckets=SECONDS
)
SEND_BUFFER_BYTES = Gauge(
    "townhall_send_buffer_bytes", "Bytes that wait for viewers who read slowly."
)
SLOW_CLIENTS = Counter("townhall_slow_clients", "Viewers disconnected because they read slowly.")
SWEEP_FOUND = Counter("townhall_sweep_found", "Events that the queue had not brought.")
WATCHED_MINUTES = Counter("townhall_watched_minutes", "Minutes recorded, one for each viewer.")

# A series that begins with its first events, instead of 0, hides them from rate() and the alerts.
for counter, results in (
    (CACHE_REQUESTS, ("hit", "miss")),
    (CHECKINS, ("ok", "invalid", "slow_down", "unavailable", "internal")),
    (MESSAGES, ("stored", "held", "invalid", "slow_down", "unavailable", "internal")),
):
    for result in results:
        counter.labels(result)

SQL_STATEMENTS = Counter("townhall_sql_statements", "Statements sent to the database.")
BREAKER_OPEN = Gauge(
    "townhall_circuit_breaker_open",
    "1 while a service is not asked because it failed.",
    ["service"],
)


def result_of(error: Exception) -> str:
    """Return the label of a refusal or a failure: its public code."""
    if is_outage(error):
        return Unavailable.code
    return error.code if isinstance(error, TownhallError) else TownhallError.code


def count_result(counter: Counter) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator that counts how a function ends, as `ok` or as `result_of` its error."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def counted(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                value = function(*args, **kwargs)
            except Exception as error:
                counter.labels(result_of(error)).inc()
                raise
            counter.labels("ok").inc()
            return value

        return counted

    return decorate
