"""The message queue between the nodes: Socket.IO's own, made to survive Redis.

Upstream publishes within the message path, gives a message up after two tries, and doubles its
pause before subscribing again up to a minute. Here a background task publishes, and the pause
stays short. What is lost all the same, the sweep of `fanout` finds in the database.
"""

import logging
import queue
import random
import time
from collections.abc import Callable, Iterator
from typing import Any

from redis import ConnectionError as RedisConnectionError
from redis import RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry
from socketio import RedisManager

from webapp.infra.circuit_breaker import Breaker
from webapp.infra.publisher import CHANNEL
from webapp.infra.redis_client import REDIS_OPTIONS

log = logging.getLogger(__name__)

PING_SECONDS = 1.0
# A frozen Redis keeps the connection open; only an answer that does not come shows it.
SILENCE_SECONDS = 3.0
WAITING_PACKETS = 10_000
# While Redis hangs, the subscription alone tries it: a handler that did would keep its viewer
# waiting for a time-out, and the writer all of them.
LEFT_ALONE_SECONDS = 15.0

Receive = Callable[[str, str, Any], None]


def pause() -> float:
    """Seconds until Redis is asked again: short, and not the same on every node."""
    return random.uniform(0.5, 1.5)


class LiveQueue(RedisManager):
    """Publishes to and hears from the other nodes and the web tier."""

    name = "townhall"

    def __init__(self, url: str, breaker: Breaker) -> None:
        super().__init__(url, channel=CHANNEL, redis_options=REDIS_OPTIONS)
        self.receive: Receive | None = None
        self._breaker = breaker
        breaker.pause_seconds = LEFT_ALONE_SECONDS
        self._packets: queue.Queue[dict[str, Any]] = queue.Queue(WAITING_PACKETS)

    def initialize(self) -> None:
        super().initialize()
        self.server.start_background_task(self._publish_waiting)

    def publish(self, slug: str, name: str, payload: Any) -> None:
        """Send an event to the other nodes; returns at once."""
        self._publish(
            {
                "method": "emit",
                "event": name,
                "data": [payload],
                "namespace": "/live",
                "room": slug,
                "host_id": self.host_id,
            }
        )

    def _publish(self, data: dict[str, Any]) -> None:
        try:
            self._packets.put_nowait(data)
        except queue.Full:
            log.warning("the message queue is full: a packet for the other nodes was dropped")

    def _publish_waiting(self) -> None:
        redis = self._new_client()
        # Its connection may be from before a restart, which shows when it is used.
        redis.set_retry(Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)))
        while True:
            packet = self.json.dumps(self._packets.get())
            while not self._published(redis, packet):
                time.sleep(pause())

    def _published(self, redis: Any, packet: str) -> bool:
        try:
            redis.publish(self.channel, packet)
        except (RedisError, OSError) as error:
            self._breaker.failed(error)
            return False
        return True

    def _new_client(self) -> Any:
        self._redis_connect()
        return self.redis

    def _handle_emit(self, message: dict[str, Any]) -> None:
        if self.receive:
            self.receive(message["room"], message["event"], message["data"][0])

    def _listen(self) -> Iterator[Any]:
        while True:
            try:
                yield from self._heard()
            except (RedisError, OSError) as error:
                self._breaker.failed(error)
                time.sleep(pause())

    def _heard(self) -> Iterator[Any]:
        """What is published, until the subscription breaks or falls silent."""
        subscription = self._new_client().pubsub(ignore_subscribe_messages=True)
        subscription.subscribe(self.channel)
        heard_at = time.monotonic()
        while True:
            message = subscription.get_message(timeout=PING_SECONDS)
            if message is not None:
                heard_at = time.monotonic()
                self._breaker.succeeded()
                if message["type"] == "message":
                    yield message["data"]
            elif time.monotonic() - heard_at > SILENCE_SECONDS:
                raise TimeoutError("no answer on the subscription")
            else:
                subscription.ping()
