"""Who is compared: Townhall's web tier, and Express doing the same check-in (bench/node/)."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stack import Stack, tools
from stack.ports import free_port, status_of
from stack.process import ROOT
from stack.server import Server
from stack.servers import Nginx

NODE = ROOT / "bench" / "node"


@dataclass
class Contender:
    """A web tier behind an nginx of its own, beside the same realtime nodes and stores."""

    name: str
    port: int
    pids: dict[str, list[int]]  # by the tier whose CPU they are


class ExpressWorker(Server):
    """One Express process."""

    def __init__(self, name: str, settings: dict[str, str]) -> None:
        port = free_port()
        env = {**os.environ, **settings, "PORT": str(port), "NODE_ENV": "production"}
        argv = [tools.require(("node",)), str(NODE / "server.js")]
        super().__init__(name, argv, port, env=env)

    def ready(self) -> bool:
        """Whether it and what it needs answer."""
        return status_of(self.port, "/readyz") == 200


def townhall(stack: Stack) -> Contender:
    """The web workers of the stack, behind its nginx."""
    return Contender("Townhall", stack.nginx.port, _pids(stack, stack.web, stack.nginx))


@contextmanager
def express(stack: Stack, folder: Path) -> Iterator[Contender]:
    """As many Express processes as the stack has web workers, behind the same nginx.conf."""
    find_node()
    install()
    workers = [ExpressWorker(f"express{n}", stack.settings) for n, _ in enumerate(stack.web, 1)]
    nginx = Nginx(folder, [w.port for w in workers], [node.port for node in stack.realtime])
    try:
        for server in (*workers, nginx):
            server.start()
        yield Contender("Express", nginx.port, _pids(stack, workers, nginx))
    finally:
        for server in (*workers, nginx):
            server.stop()


def find_node() -> None:
    """Look in the virtual environment too: where the machine has no Node.js, it brings one."""
    os.environ["PATH"] += os.pathsep + str(Path(sys.executable).parent)


def install() -> None:
    """Fetch what bench/node/package-lock.json names, unless it is there."""
    lock, installed = NODE / "package-lock.json", NODE / "node_modules" / ".package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return
    command = [tools.require(("npm",)), "ci", "--silent", "--no-audit", "--no-fund"]
    subprocess.run(command, cwd=NODE, check=True)


def _pids(stack: Stack, web: Sequence[Server], nginx: Server) -> dict[str, list[int]]:
    return {
        "web workers": [worker.pid for worker in web],
        "nginx": [nginx.pid],
        "database": [stack.database.pid],
        "Redis": [stack.redis.pid],
    }
