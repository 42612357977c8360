"""The compared systems: Townhall, and Node.js doing the same job (bench/node/)."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.cookies import comparison_cookies, townhall_cookies
from bench.cpu import cpu_seconds
from stack import Stack, tools
from stack.ports import free_port, status_of
from stack.process import ROOT
from stack.server import Server
from stack.servers import Nginx
from webapp.domain.attendance.checkin import Viewer

NODE = ROOT / "bench" / "node"
TOWNHALL, COMPARISON = "Townhall", "Node.js"


class NodeProcess(Server):
    """One process of Node.js that runs a script of bench/node/."""

    def __init__(self, name: str, script: str, settings: dict[str, str]) -> None:
        port = free_port()
        env = {**os.environ, **settings, "PORT": str(port), "NODE_ENV": "production"}
        super().__init__(name, [tools.require(("node",)), str(NODE / script)], port, env=env)

    def ready(self) -> bool:
        """Return whether the process and its stores answer."""
        return status_of(self.port, "/readyz") == 200


@dataclass
class Contender:
    """Processes of one tier behind an nginx of their own, on the same database and Redis."""

    name: str
    kind: str  # the name of `processes` in the tables
    processes: Sequence[Server]
    nginx: Nginx
    stack: Stack

    @property
    def port(self) -> int:
        """Return the port of nginx."""
        return self.nginx.port

    def cpu(self) -> dict[str, float]:
        """Return the CPU seconds spent so far, by kind of process."""
        pids = {
            self.kind: [process.pid for process in self.processes],
            "nginx": [self.nginx.pid],
            "database": [self.stack.database.pid],
            "Redis": [self.stack.redis.pid],
        }
        return {kind: cpu_seconds(of) for kind, of in pids.items()}


@dataclass
class SocketTier(Contender):
    """Nodes that serve the live socket; `cookies` makes the cookies of checked-in viewers."""

    cookies: Callable[[Sequence[Viewer]], list[str]]

    def restart(self) -> None:
        """Start with fresh nodes; nginx leaves a node that was away alone for two seconds."""
        for node in self.processes:
            node.kill()
        for node in self.processes:
            node.launch()
        for node in self.processes:
            node.wait_until_ready()

    def memory(self) -> int:
        """Return the bytes that the nodes have in memory."""
        return sum(resident_bytes(node.pid) for node in self.processes)


def townhall_nodes(stack: Stack) -> SocketTier:
    """Return the nodes of the stack."""
    return SocketTier(TOWNHALL, "nodes", stack.realtime, stack.nginx, stack, townhall_cookies)


@contextmanager
def web_tiers(stack: Stack, folder: Path) -> Iterator[list[Contender]]:
    """Yield the web workers of the stack, and as many Express processes."""
    _install()
    workers = [
        NodeProcess(f"express{n}", "server.js", stack.settings) for n, _ in enumerate(stack.web, 1)
    ]
    nginx = Nginx(folder, _ports(workers), _ports(stack.realtime))
    with _started([*workers, nginx]):
        yield [
            Contender(TOWNHALL, "web workers", stack.web, stack.nginx, stack),
            Contender("Express", "web workers", workers, nginx, stack),
        ]


@contextmanager
def socket_tiers(stack: Stack, folder: Path) -> Iterator[list[SocketTier]]:
    """Yield the nodes of the stack, and as many Node.js processes with Socket.IO."""
    _install()
    nodes = [
        NodeProcess(f"node{n}", "live.js", stack.settings) for n, _ in enumerate(stack.realtime, 1)
    ]
    nginx = Nginx(folder, _ports(stack.web), _ports(nodes))
    key, redis_url = stack.settings["SECRET_KEY"], stack.redis.url

    def cookies(viewers: Sequence[Viewer]) -> list[str]:
        return comparison_cookies(viewers, key, redis_url)

    with _started([*nodes, nginx]):
        yield [
            townhall_nodes(stack),
            SocketTier(COMPARISON, "nodes", nodes, nginx, stack, cookies),
        ]


def _install() -> None:
    """Install the packages of bench/node/package-lock.json unless they are up to date."""
    # Where the machine has no Node.js, the virtual environment brings one.
    os.environ["PATH"] += os.pathsep + str(Path(sys.executable).parent)
    lock, installed = NODE / "package-lock.json", NODE / "node_modules" / ".package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return
    command = [tools.require(("npm",)), "ci", "--silent", "--no-audit", "--no-fund"]
    subprocess.run(command, cwd=NODE, check=True)


@contextmanager
def _started(servers: Sequence[Server]) -> Iterator[None]:
    with ExitStack() as cleanup:
        for server in servers:
            cleanup.callback(server.stop)
            server.start()
        yield


def _ports(servers: Sequence[Server]) -> list[int]:
    return [server.port for server in servers]


def resident_bytes(pid: int) -> int:
    """Return the memory of a process that is in RAM."""
    found = re.search(r"VmRSS:\s*(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) * 1024 if found else 0
