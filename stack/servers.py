"""Database, Redis and nginx, started privately on loopback with their data in a given folder."""

import contextlib
import os
import time
from collections.abc import Sequence
from pathlib import Path

import redis

from stack import tools
from stack.database import Database
from stack.nginx_conf import localized, static_versions
from stack.ports import LOOPBACK, free_port, status_of
from stack.process import Log, Pause, quiet
from stack.server import Server

__all__ = ["Database", "Nginx", "Redis", "Server"]


class Redis(Server):
    """Redis without persistence: the product keeps nothing in Redis alone."""

    def __init__(
        self, folder: Path, port: int | None = None, log: Log = quiet, pause: Pause = time.sleep
    ) -> None:
        port = port or free_port()
        argv = [tools.require(tools.REDIS), "--port", str(port), "--bind", LOOPBACK]
        argv += ["--save", "", "--appendonly", "no", "--dir", str(folder), "--daemonize", "no"]
        argv += ["--maxmemory", "256mb", "--maxmemory-policy", "allkeys-lru"]
        super().__init__("redis", argv, port, log=log, pause=pause)
        self.folder = folder

    @property
    def url(self) -> str:
        """Return the value for REDIS_URL."""
        return f"redis://{LOOPBACK}:{self.port}/0"

    def launch(self) -> None:
        """Start Redis."""
        self.folder.mkdir(parents=True, exist_ok=True)
        super().launch()

    def ready(self) -> bool:
        """Return whether it answers a ping."""
        with contextlib.suppress(redis.RedisError), redis.Redis(port=self.port) as client:
            return bool(client.ping())
        return False


class Nginx(Server):
    """nginx with this repository's nginx.conf before the given ports of loopback."""

    def __init__(
        self,
        folder: Path,
        web: Sequence[int],
        realtime: Sequence[int],
        port: int | None = None,
        log: Log = quiet,
        pause: Pause = time.sleep,
        trusted_proxies: int = 1,
        json_log: bool = False,
    ) -> None:
        port = port or free_port()
        self.folder = folder
        self.conf = localized(
            port=port,
            web=web,
            realtime=realtime,
            folder=folder,
            trusted_proxies=trusted_proxies,
            json_log=json_log,
        )
        # When root starts it, the workers must be able to read a repository in root's home.
        directives = "daemon off;" + (" user root;" if os.geteuid() == 0 else "")
        argv = [tools.require(tools.NGINX), "-p", str(folder), "-c", str(folder / "nginx.conf")]
        argv += ["-e", "stderr", "-g", directives]
        super().__init__("nginx", argv, port, log=log, pause=pause)

    def launch(self) -> None:
        """Write the configuration and start nginx."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "nginx.conf").write_text(self.conf)
        (self.folder / "static_versions").write_text(static_versions())
        super().launch()

    def ready(self) -> bool:
        """Return whether nginx itself answers, whatever the upstreams do."""
        return status_of(self.port, "/metrics") == 404
