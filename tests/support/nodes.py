"""The nodes of a stack, seen from Redis."""

import redis

from stack import Stack
from tests.support.waiting import wait_for
from webapp.infra.publisher import CHANNEL


def wait_until_nodes_listen(stack: Stack) -> None:
    """Return when every node hears what is published; after Redis was away that takes a second."""
    with redis.Redis(port=stack.redis.port) as client:
        wait_for(
            lambda: dict(client.pubsub_numsub(CHANNEL))[CHANNEL.encode()] == len(stack.realtime),
            what="all nodes listen",
        )
