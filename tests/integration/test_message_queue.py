"""Check the message queue between the nodes on a real Redis."""

import gc
import itertools
import threading

from redis import Redis

from realtime.transport.redis_queue import LiveQueue
from tests.conftest import Servers
from tests.support.waiting import wait_for
from webapp.infra.circuit_breaker import Breaker
from webapp.infra.publisher import CHANNEL
from webapp.infra.redis_client import REDIS_BREAKER_ANSWERS


def test_publishing_keeps_the_subscription(servers: Servers) -> None:
    gc.freeze()  # Leave the garbage of other tests alone.
    breaker = Breaker("Redis", answers=REDIS_BREAKER_ANSWERS)
    queue = LiveQueue(servers.redis.url, breaker)
    received: list[bytes] = []

    def listen() -> None:
        received.extend(itertools.islice(queue._heard(), 2))

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    with Redis(port=servers.redis.port) as client:
        for packet in ("first", "second"):
            # A busy machine may miss a deadline of Redis; the listener then subscribes anew.
            wait_for(lambda: client.pubsub_numsub(CHANNEL) == [(CHANNEL.encode(), 1)])
            # The first packet makes a client of its own; the listener's must outlive that.
            assert queue._published(packet)
            gc.collect()
            wait_for(lambda: packet.encode() in received)  # noqa: B023
        listener.join(10)
        # A subscription that ends closes its connection.
        wait_for(lambda: client.pubsub_numsub(CHANNEL) == [(CHANNEL.encode(), 0)])
    assert received == [b"first", b"second"]
    assert not breaker.open
    queue._publishing.close()
    queue.redis.close()
