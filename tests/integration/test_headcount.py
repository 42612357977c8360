"""The count of viewers over all nodes, in a Redis that somebody empties meanwhile."""

from redis import Redis

from realtime.headcount import Headcount
from tests.conftest import Servers
from webapp.infra.circuit_breaker import Breaker
from webapp.infra.redis_client import REDIS_BREAKER_ANSWERS


def test_an_emptied_redis_is_not_an_outage(servers: Servers) -> None:
    breaker = Breaker("Redis", answers=REDIS_BREAKER_ANSWERS)
    with Redis(port=servers.redis.port) as client:
        here, there = (Headcount(client, node, breaker) for node in ("here", "there"))
        here.distinct(1, {1, 2})
        assert there.distinct(1, {2, 3}) == 3
        client.flushall()
        assert here.distinct(1, {1, 2}) == 2
        assert not breaker.open
        here.distinct(1, {1, 2})
        there.distinct(1, {2, 3})
        there.distinct(1, {2, 3})
        assert here.distinct(1, {1, 2}) == 3, "both have reported again"


def test_a_command_that_is_refused_is_not_an_outage(servers: Servers) -> None:
    breaker = Breaker("Redis", answers=REDIS_BREAKER_ANSWERS)
    with Redis(port=servers.redis.port) as client:
        client.set("townhall:watching:v1:7", "not a sorted set")
        assert Headcount(client, "here", breaker).distinct(7, {1, 2, 3}) == 3
        assert not breaker.open
        client.delete("townhall:watching:v1:7")


def test_viewers_who_have_all_left_a_node_no_longer_count(servers: Servers) -> None:
    breaker = Breaker("Redis", answers=REDIS_BREAKER_ANSWERS)
    with Redis(port=servers.redis.port) as client:
        here, there = (Headcount(client, node, breaker) for node in ("here", "there"))
        here.distinct(5, {1, 2})
        assert there.distinct(5, {3}) == 3
        here.keep_only([])
        assert there.distinct(5, {3}) == 1


def test_report_of_a_past_event_is_forgotten(servers: Servers) -> None:
    with Redis(port=servers.redis.port) as client:
        headcount = Headcount(client, "here", Breaker("Redis", answers=REDIS_BREAKER_ANSWERS))
        for event_id in (1, 2):
            headcount.distinct(event_id, {3})
        headcount.keep_only([2])
        assert list(headcount._reported) == [2]
