"""MariaDB or MySQL, started privately on loopback with its data in a given folder."""

import contextlib
import os
import time
from pathlib import Path

import pymysql

from stack import tools
from stack.ports import LOOPBACK, free_port
from stack.process import Log, Pause, Process, quiet
from stack.server import Server


class Database(Server):
    """MariaDB or MySQL, whichever is installed, with the database `townhall` and its user.

    `operator` may do everything; nothing of the application uses it.
    """

    SETUP = (
        "CREATE DATABASE IF NOT EXISTS townhall;\n"
        f"CREATE USER IF NOT EXISTS townhall@'{LOOPBACK}' IDENTIFIED BY 'townhall';\n"
        f"GRANT ALL ON townhall.* TO townhall@'{LOOPBACK}';\n"
        f"CREATE USER IF NOT EXISTS operator@'{LOOPBACK}' IDENTIFIED BY 'operator';\n"
        f"GRANT ALL ON *.* TO operator@'{LOOPBACK}';\n"
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
        """Return the SQLAlchemy URL of the application's user."""
        return f"mysql+pymysql://townhall:townhall@{LOOPBACK}:{self.port}/townhall"

    def launch(self) -> None:
        """Start the database server, after it has set up a missing data directory."""
        if not self.data.exists():
            self._initialise()
        super().launch()

    def ready(self) -> bool:
        """Return whether the application's user can log in over TCP."""
        with contextlib.suppress(pymysql.MySQLError):
            pymysql.connect(
                host=LOOPBACK,
                port=self.port,
                user="townhall",
                password="townhall",  # noqa: S106 - on loopback, for one run
                database="townhall",
                connect_timeout=2,
                read_timeout=2,
            ).close()
            return True
        return False

    def _initialise(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "setup.sql").write_text(self.SETUP)
        if self._is_mariadb:
            script = tools.require(("mariadb-install-db",))
            # --force: the machine's own name need not resolve.
            options = ["--skip-name-resolve", "--skip-test-db", "--force"]
            argv = [script, *self._command()[1:], *options]
        else:
            argv = [*self._command(), "--initialize-insecure"]
        Process("database setup", argv, pause=self.pause).run()

    @property
    def _is_mariadb(self) -> bool:
        return Path(self.program).resolve().name == "mariadbd"

    def _command(self) -> list[str]:
        as_root = ["--user=root"] if os.geteuid() == 0 else []
        # A private folder for temporary files: a server that starts empties it.
        folders = [f"--datadir={self.data}", f"--tmpdir={self.folder}"]
        return [self.program, "--no-defaults", *folders, *as_root]

    def _options(self) -> list[str]:
        return [
            f"--port={self.port}",
            f"--bind-address={LOOPBACK}",
            # Relative to the data directory: the path of a socket is limited to 107 bytes.
            "--socket=sock",
            f"--pid-file={self.folder}/pid",
            f"--init-file={self.folder}/setup.sql",
            "--skip-name-resolve",
            *([] if self._is_mariadb else ["--mysqlx=OFF"]),
            "--skip-log-bin",
            # As in compose.yaml.
            "--character-set-server=utf8mb4",
            "--transaction-isolation=READ-COMMITTED",
            "--default-time-zone=+00:00",
            # An acknowledged message must survive a power failure, too.
            "--innodb-flush-log-at-trx-commit=1",
            "--innodb-buffer-pool-size=64M",
            "--loose-innodb-log-file-size=32M",
            "--performance-schema=OFF",
            "--max-connections=300",
            "--table-open-cache=400",
        ]
