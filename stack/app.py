"""The processes of Townhall itself: web workers, realtime nodes and the one-shot commands."""

import sys
import time
from collections.abc import Mapping
from pathlib import Path

from stack.ports import LOOPBACK, free_port, status_of
from stack.process import ROOT, Log, Pause, Process, quiet
from stack.server import Server


class AppServer(Server):
    """A process of the application, ready when its /readyz says so.

    `root` has its code, which may be that of another release.
    """

    def ready(self) -> bool:
        """Return whether the process and the services it needs answer."""
        return status_of(self.port, "/readyz") == 200

    def upgrade(self, root: Path = ROOT) -> None:
        """Stop the process, which finishes its work, and start the code of `root` in its place."""
        self.stop()
        self.root = root
        self.start()


class WebWorker(AppServer):
    """One gunicorn server of the web tier."""

    def __init__(
        self,
        name: str,
        env: Mapping[str, str],
        log: Log = quiet,
        pause: Pause = time.sleep,
        root: Path = ROOT,
    ) -> None:
        port = free_port()
        argv = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py"]
        argv += ["--bind", f"{LOOPBACK}:{port}", "wsgi:app"]
        env = {**env, "PORT": str(port)}
        super().__init__(name, argv, port, env=env, log=log, pause=pause, root=root)


class RealtimeNode(AppServer):
    """One node of the realtime tier."""

    def __init__(
        self,
        name: str,
        env: Mapping[str, str],
        log: Log = quiet,
        pause: Pause = time.sleep,
        root: Path = ROOT,
    ) -> None:
        port = free_port()
        argv = [sys.executable, "-m", "realtime"]
        env = {**env, "HOST": LOOPBACK, "PORT": str(port)}
        super().__init__(name, argv, port, env=env, log=log, pause=pause, root=root)


def flask(
    *command: str,
    env: Mapping[str, str],
    log: Log = quiet,
    pause: Pause = time.sleep,
    root: Path = ROOT,
) -> None:
    """Run `flask --app wsgi COMMAND` to its end.

    Raises:
        NotReadyError: it failed or took over 60 s.
    """
    argv = [sys.executable, "-m", "flask", "--app", "wsgi", *command]
    Process(" ".join(command), argv, env=env, log=log, pause=pause, root=root).run()
