"""The message queue between the nodes: Socket.IO's own, made to survive a Redis that is away.

Upstream publishes within the message path, drops a message after two attempts, and doubles its
pause before it subscribes again up to a minute. Here a background loop publishes, and the pause
stays short. The sweep of `fanout` finds in the database what is lost all the same.
"""

import logging
import queue
import random
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from typing import Any

from redis import ConnectionError as RedisConnectionError
from redis import RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry
from socketio import RedisManager

from webapp.infra.circuit_breaker import Breaker
from webapp.infra.loops import attempt, start_loop
from webapp.infra.publisher import CHANNEL, NAMESPACE
from webapp.infra.redis_client import REDIS_OPTIONS

log = logging.getLogger(__name__)

LISTENER, PUBLISHER = "queue_listener", "queue_publisher"
PING_SECONDS = 1.0
# A frozen Redis keeps the connection open; only a missing answer shows it.
SILENCE_SECONDS = 3.0
WAITING_PACKETS = 10_000
# While Redis hangs, only the subscription tries it: a handler that did would keep its viewer
# waiting for a timeout, and the writer all of them.
BREAKER_PAUSE_SECONDS = 15.0

Receive = Callable[[str, str, Any], object]


def pause() -> float:
    """Return the seconds until Redis is tried again: short, and different on every node."""
    return random.uniform(0.5, 1.5)


class LiveQueue(RedisManager):
    """Publishes to, and receives from, the other nodes and the web tier.

    Overrides `_thread`, `_listen`, `_handle_emit` and `_publish`, and calls `_redis_connect`.
    """

    name = "townhall"

    def __init__(self, url: str, breaker: Breaker) -> None:
        super().__init__(url, channel=CHANNEL, redis_options=REDIS_OPTIONS)
        self.receive: Receive | None = None
        self._breaker = breaker
        breaker.pause_seconds = BREAKER_PAUSE_SECONDS
        self._packets: queue.Queue[dict[str, Any]] = queue.Queue(WAITING_PACKETS)
        self._publishing: Any = None

    def initialize(self) -> None:
        """Start the loops that publish and listen; upstream calls this with the first request."""
        super().initialize()
        start_loop(self.server.start_background_task, PUBLISHER, self._publish_next)

    def publish(self, slug: str, name: str, payload: Any) -> None:
        """Send an event to the other nodes; return at once."""
        self._publish(
            {
                "method": "emit",
                "event": name,
                "data": [payload],
                "namespace": NAMESPACE,
                "room": slug,
                "host_id": self.host_id,
            }
        )

    def _publish(self, data: dict[str, Any]) -> None:
        try:
            self._packets.put_nowait(data)
        except queue.Full:
            log.warning("the message queue is full: a packet for the other nodes was dropped")

    def _publish_next(self) -> None:
        packet = self.json.dumps(self._packets.get())
        while not self._published(packet):
            time.sleep(pause())

    def _published(self, packet: str) -> bool:
        try:
            self._publishing = self._publishing or self._patient_client()
            self._publishing.publish(self.channel, packet)
        except (RedisError, OSError) as error:
            self._breaker.failed(error)
            return False
        return True

    def _patient_client(self) -> Any:
        redis = self._new_client()
        # Its connection may be from before a restart of Redis, which shows when it is used.
        redis.set_retry(Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)))
        return redis

    def _new_client(self) -> Any:
        self._redis_connect()
        return self.redis

    def _thread(self) -> None:
        # Upstream starts this as a task: it becomes the first step of our loop.
        start_loop(self.server.start_background_task, LISTENER, self._listen_next)

    def _listen_next(self) -> None:
        for packet in self._listen():
            attempt(LISTENER, partial(self._take, packet))

    def _take(self, packet: bytes) -> None:
        message = self.json.loads(packet)
        if message["method"] == "emit" and message["host_id"] != self.host_id:
            self._handle_emit(message)

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
        """Yield packets until the subscription breaks or falls silent; raise what Redis raises."""
        with (
            closing(self._new_client()) as client,
            client.pubsub(ignore_subscribe_messages=True) as subscription,
        ):
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
