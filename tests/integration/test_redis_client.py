"""The client of Redis in a node, where eventlet has replaced parts of the standard library."""

import subprocess
import sys

from tests.conftest import Servers
from webapp.infra.settings import ROOT

# Prints the answers to two pings, over connections that Redis has closed since they were last used.
REUSE = """
from realtime.transport.eventlet_runtime import patch

patch()

import sys

from redis import Redis

from webapp.infra.redis_client import REDIS_OPTIONS


def ask(connection, *command):
    connection.send_command(*command)
    return connection.read_response()


url = sys.argv[1]
pool = Redis.from_url(url, **REDIS_OPTIONS).connection_pool
connections = [pool.get_connection() for _ in range(2)]
clients = [ask(connection, "CLIENT", "ID") for connection in connections]
for connection in connections:
    pool.release(connection)
with Redis.from_url(url) as operator:
    for client in clients:
        operator.client_kill_filter(_id=str(client))
print(*(ask(pool.get_connection(), "PING").decode() for _ in range(2)))
"""


def test_a_connection_that_redis_has_closed_is_replaced(servers: Servers) -> None:
    done = subprocess.run(
        [sys.executable, "-c", REUSE, servers.redis.url], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("PONG PONG\n", "")
