"""The full system as one object, on free ports, with its data in a temporary folder."""

import contextlib
import os
import secrets
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from stack import tools
from stack.app import RealtimeNode, WebWorker, flask
from stack.ports import status_of
from stack.process import ROOT, Log, Pause, quiet
from stack.server import Server
from stack.servers import Database, Nginx, Redis
from webapp.infra.settings import setting_names

# The stack decides these; it passes every other setting of the environment on.
DECIDED = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "DEMO", "HOST", "PORT")


class Stack:
    """Database, Redis, web workers, realtime nodes and nginx; entering it starts all of them.

    `url` is the address of nginx, `settings` the environment of the web workers. `database`,
    `redis`, `nginx` and the members of `web` and `realtime` can be killed and started one by one.
    Leaving it stops every process and deletes the data, which is in `folder` if that is given. The
    processes die with the thread that enters it. The code of the application is that in `root`, so
    that a test can begin with another release.
    """

    database: Database
    redis: Redis
    nginx: Nginx
    web: list[WebWorker]
    realtime: list[RealtimeNode]

    def __init__(
        self,
        *,
        web: int = 2,
        nodes: int = 2,
        demo: bool = True,
        port: int | None = None,
        folder: Path | None = None,
        log: Log = quiet,
        pause: Pause = time.sleep,
        root: Path = ROOT,
    ) -> None:
        self.demo = demo
        self.root = root
        self.settings: dict[str, str] = {}
        self._counts = (web, nodes)
        self._port = port
        self._folder = folder
        self._log = log
        self._pause = pause
        self._cleanup = contextlib.ExitStack()

    def __enter__(self) -> "Stack":
        try:
            self._start()
        except BaseException:
            self._cleanup.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._cleanup.close()

    @property
    def url(self) -> str:
        """Return the address of nginx."""
        return self.nginx.url

    @property
    def servers(self) -> list[Server]:
        """Return every process that should run."""
        return [self.database, self.redis, *self.web, *self.realtime, self.nginx]

    def describe(self) -> dict[str, Any]:
        """Return the content of instance/stack.json."""
        return {
            "url": self.url,
            "env": self.settings,
            "nginx": _place(self.nginx),
            "redis": {**_place(self.redis), "argv": self.redis.argv},
            "database": {**_place(self.database), "argv": self.database.argv},
            "web": [_place(worker) for worker in self.web],
            "realtime": [_place(node) for node in self.realtime],
        }

    def prepare(self, root: Path = ROOT) -> None:
        """Run the migrations of the code in `root`, and load the demo data into an empty database.

        Raises:
            NotReadyError: they failed or took over 60 s.
        """
        env = {**self._environ(), "DEMO": str(int(self.demo))}
        flask("prepare", env=env, log=self._log, pause=self._pause, root=root)

    def _environ(self) -> dict[str, str]:
        return {**os.environ, **self.settings, "PYTHONUNBUFFERED": "1"}

    def _start(self) -> None:
        tools.require_all([tools.DATABASE, tools.REDIS, tools.NGINX])
        folder = Path(
            self._cleanup.enter_context(
                tempfile.TemporaryDirectory(
                    prefix="townhall-", dir=self._folder, ignore_cleanup_errors=True
                )
            )
        )
        self._start_stores(folder)
        self.prepare(self.root)
        self._start_app(folder, self._environ())

    def _start_stores(self, folder: Path) -> None:
        self.redis = Redis(folder / "redis", log=self._log, pause=self._pause)
        self.database = Database(folder / "database", log=self._log, pause=self._pause)
        self._start_together([self.redis, self.database])
        self.settings = {
            "DATABASE_URL": self.database.url,
            "REDIS_URL": self.redis.url,
            "SECRET_KEY": secrets.token_hex(32),
            "TRUSTED_PROXIES": "1",
        } | {name: os.environ[name] for name in passed_on() if name in os.environ}

    def _start_app(self, folder: Path, env: dict[str, str]) -> None:
        web, nodes = self._counts
        options = (env, self._log, self._pause, self.root)
        self.web = [WebWorker(f"web{n}", *options) for n in range(1, web + 1)]
        self.realtime = [RealtimeNode(f"realtime{n}", *options) for n in range(1, nodes + 1)]
        self.nginx = Nginx(
            folder / "nginx",
            [worker.port for worker in self.web],
            [node.port for node in self.realtime],
            self._port,
            self._log,
            self._pause,
            int(self.settings["TRUSTED_PROXIES"]),
            json_log=self.settings.get("LOG_FORMAT") == "json",
        )
        self._start_together([self.nginx])
        self._start_together([*self.web, *self.realtime])
        self.nginx.wait_until(lambda: status_of(self.nginx.port, "/readyz") == 200)

    def _start_together(self, servers: Sequence[Server]) -> None:
        self._cleanup.callback(_stop_together, servers)
        for server in servers:
            server.launch()
        for server in servers:
            server.wait_until_ready()


def passed_on() -> list[str]:
    """Return the settings that a user may give to the application of a stack."""
    return [name for name in setting_names() if name.removesuffix("_FILE") not in DECIDED]


def _stop_together(servers: Sequence[Server]) -> None:
    for server in servers:
        server.terminate()
    for server in servers:
        server.stop()


def _place(server: Server) -> dict[str, Any]:
    return {"pid": server.pid, "port": server.port}
