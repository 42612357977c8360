"""Database, Redis and nginx, started privately on loopback with their data in a given folder."""

import contextlib
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pymysql
import redis

from stack import tools
from stack.nginx_conf import localized
from stack.ports import LOOPBACK, free_port, status_of
from stack.process import Log, Pause, Process, quiet


class Server(Process):
    """A process that listens on a port and can say when it is ready."""

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        port: int,
        *,
        env: Mapping[str, str] | None = None,
        log: Log = quiet,
        pause: Pause = time.sleep,
    ) -> None:
        super().__init__(name, argv, env=env, log=log, pause=pause)
        self.port = port

    @property
    def url(self) -> str:
        """Where its clients find it."""
        return f"http://{LOOPBACK}:{self.port}"

    def ready(self) -> bool:
        """Whether it serves right now."""
        raise NotImplementedError

    def wait_until_ready(self) -> None:
        """Wait up to 60 s; NotReadyError when it ended or stays silent."""
        self.wait_until(self.ready)

    def start(self) -> None:
        """Start it, on the data it had before, and wait until it is ready."""
        self.launch()
        self.wait_until_ready()


class Database(Server):
    """MariaDB or MySQL, whichever is installed, with the user and the database `townhall`."""

    SETUP = (
        "CREATE DATABASE IF NOT EXISTS townhall;\n"
        f"CREATE USER IF NOT EXISTS townhall@'{LOOPBACK}' IDENTIFIED BY 'townhall';\n"
        f"GRANT ALL ON *.* TO townhall@'{LOOPBACK}';\n"
    )

    def __init__(
        self, folder: Path, port: int | None = None, log: Log = quiet, pause: Pause = time.sleep
    ) -> None:
        self.program = tools.require(tools.DATABASE)
        self.folder = folder
        self.data = folder / "data"
        super().__init__("database", [], port or free_port(), log=log, pause=pause)
        self.argv = [*self._command(), *self._options()]

    @property
    def url(self) -> str:
        """The SQLAlchemy URL of the application's user."""
        return f"mysql+pymysql://townhall:townhall@{LOOPBACK}:{self.port}/townhall"

    def launch(self) -> None:
        """Start it; an empty folder first becomes a data directory."""
        if not self.data.exists():
            self._initialise()
        super().launch()

    def ready(self) -> bool:
        """Whether the application's user can log in over TCP."""
        with contextlib.suppress(pymysql.MySQLError):
            pymysql.connect(
                host=LOOPBACK,
                port=self.port,
                user="townhall",
                password="townhall",
                database="townhall",
                connect_timeout=2,
                read_timeout=2,
            ).close()
            return True
        return False

    def _initialise(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "setup.sql").write_text(self.SETUP)
        script = tools.find(("mariadb-install-db",)) if "mariadb" in self.program else None
        how = (
            [script, *self._command()[1:], "--auth-root-authentication-method=normal"]
            if script
            else [*self._command(), "--initialize-insecure"]
        )
        Process("database setup", how, log=self.log, pause=self.pause).run()

    def _command(self) -> list[str]:
        as_root = ["--user=root"] if os.geteuid() == 0 else []
        return [self.program, "--no-defaults", f"--datadir={self.data}", *as_root]

    def _options(self) -> list[str]:
        return [
            f"--port={self.port}",
            f"--bind-address={LOOPBACK}",
            # Relative to the data directory, however long its path: a socket's may have 107 bytes.
            "--socket=sock",
            f"--pid-file={self.folder}/pid",
            f"--tmpdir={self.folder}",
            f"--init-file={self.folder}/setup.sql",
            "--skip-name-resolve",
            "--loose-mysqlx=OFF",
            "--skip-log-bin",
            # As in compose.yaml.
            "--character-set-server=utf8mb4",
            "--transaction-isolation=READ-COMMITTED",
            "--default-time-zone=+00:00",
            # What is promised to be stored must survive the kill of the machine too.
            "--innodb-flush-log-at-trx-commit=1",
            "--innodb-buffer-pool-size=64M",
            "--loose-innodb-log-file-size=32M",
            "--performance-schema=OFF",
            "--max-connections=300",
        ]


class Redis(Server):
    """Redis without persistence: nothing may be kept in it alone."""

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
        """The REDIS_URL."""
        return f"redis://{LOOPBACK}:{self.port}/0"

    def launch(self) -> None:
        """Start it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        super().launch()

    def ready(self) -> bool:
        """Whether it answers a ping."""
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
    ) -> None:
        port = port or free_port()
        self.folder = folder
        self.conf = localized(port=port, web=web, realtime=realtime, folder=folder)
        # Started as root, its workers must be able to read a repository in root's home.
        directives = "daemon off;" + (" user root;" if os.geteuid() == 0 else "")
        argv = [tools.require(tools.NGINX), "-p", str(folder), "-c", str(folder / "nginx.conf")]
        argv += ["-e", "stderr", "-g", directives]
        super().__init__("nginx", argv, port, log=log, pause=pause)

    def launch(self) -> None:
        """Write the configuration and start it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "nginx.conf").write_text(self.conf)
        super().launch()

    def ready(self) -> bool:
        """Whether it answers by itself, whatever the upstreams do."""
        return status_of(self.port, "/metrics") == 404
