"""The socket tiers that are compared: Townhall's nodes, and Socket.IO on Node.js (bench/node/)."""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.contenders import NODE, find_node, install
from bench.cookies import comparison_cookies, townhall_cookies
from bench.cpu import cpu_seconds
from stack import Stack, tools
from stack.ports import free_port, status_of
from stack.server import Server
from stack.servers import Nginx
from webapp.domain.attendance.checkin import Viewer

TOWNHALL, COMPARISON = "Townhall", "Node.js"
STORES = ("database", "Redis")


@dataclass
class SocketTier:
    """Nodes behind an nginx of their own, beside the same database and Redis."""

    name: str
    nodes: Sequence[Server]
    nginx: Nginx
    stack: Stack
    cookies: Callable[[Sequence[Viewer]], list[str]]

    @property
    def port(self) -> int:
        """Where viewers connect."""
        return self.nginx.port

    def restart(self) -> None:
        """Begin with fresh nodes; nginx waits two seconds after one that was away."""
        for node in self.nodes:
            node.kill()
        for node in self.nodes:
            node.launch()
        for node in self.nodes:
            node.wait_until_ready()

    def cpu(self) -> dict[str, float]:
        """CPU seconds so far, by kind of process."""
        pids = {
            "nodes": [node.pid for node in self.nodes],
            "nginx": [self.nginx.pid],
            "database": [self.stack.database.pid],
            "Redis": [self.stack.redis.pid],
        }
        return {kind: cpu_seconds(of) for kind, of in pids.items()}

    def memory(self) -> int:
        """Bytes that the nodes have in memory."""
        return sum(resident_bytes(node.pid) for node in self.nodes)


class LiveNode(Server):
    """One Node.js process with Socket.IO."""

    def __init__(self, name: str, settings: dict[str, str]) -> None:
        port = free_port()
        env = {**os.environ, **settings, "PORT": str(port), "NODE_ENV": "production"}
        super().__init__(name, [tools.require(("node",)), str(NODE / "live.js")], port, env=env)

    def ready(self) -> bool:
        """Whether it and what it needs answer."""
        return status_of(self.port, "/readyz") == 200


@contextmanager
def socket_tiers(stack: Stack, folder: Path) -> Iterator[list[SocketTier]]:
    """Townhall's of the stack, and as many Node.js processes behind the same nginx.conf."""
    find_node()
    install()
    nodes = [LiveNode(f"node{n}", stack.settings) for n, _ in enumerate(stack.realtime, 1)]
    web = [worker.port for worker in stack.web]
    nginx = Nginx(folder / "nginx-comparison", web, [node.port for node in nodes])
    key, redis_url = stack.settings["SECRET_KEY"], stack.redis.url
    try:
        for server in (*nodes, nginx):
            server.start()
        yield [
            SocketTier(TOWNHALL, stack.realtime, stack.nginx, stack, townhall_cookies),
            SocketTier(
                COMPARISON,
                nodes,
                nginx,
                stack,
                lambda viewers: comparison_cookies(viewers, key, redis_url),
            ),
        ]
    finally:
        for server in (*nodes, nginx):
            server.stop()


def resident_bytes(pid: int) -> int:
    """The memory of a process that is in RAM."""
    found = re.search(r"VmRSS:\s*(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) * 1024 if found else 0
