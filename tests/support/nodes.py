"""Watch the nodes of a stack through Redis."""

import redis

from stack import Stack
from tests.support.waiting import wait_for
from webapp.infra.publisher import CHANNEL


def wait_until_nodes_listen(stack: Stack) -> None:
    """Wait until every node is subscribed, which takes a second after a Redis outage."""
    with redis.Redis(port=stack.redis.port) as client:
        wait_for(
            lambda: dict(client.pubsub_numsub(CHANNEL))[CHANNEL.encode()] == len(stack.realtime),
            what="all nodes listen",
        )
