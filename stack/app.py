"""The processes of Townhall itself: web workers, realtime nodes and the one-shot commands."""

import sys
import time
from collections.abc import Mapping

from stack.ports import LOOPBACK, free_port, status_of
from stack.process import Log, Pause, Process, quiet
from stack.server import Server


class AppServer(Server):
    """A process of the application, ready when its /readyz says so."""

    def ready(self) -> bool:
        """Return whether the process and the services it needs answer."""
        return status_of(self.port, "/readyz") == 200


class WebWorker(AppServer):
    """One gunicorn server of the web tier."""

    def __init__(
        self, name: str, env: Mapping[str, str], log: Log = quiet, pause: Pause = time.sleep
    ) -> None:
        port = free_port()
        argv = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py"]
        argv += ["--bind", f"{LOOPBACK}:{port}", "wsgi:app"]
        super().__init__(name, argv, port, env={**env, "PORT": str(port)}, log=log, pause=pause)


class RealtimeNode(AppServer):
    """One node of the realtime tier."""

    def __init__(
        self, name: str, env: Mapping[str, str], log: Log = quiet, pause: Pause = time.sleep
    ) -> None:
        port = free_port()
        argv = [sys.executable, "-m", "realtime"]
        env = {**env, "HOST": LOOPBACK, "PORT": str(port)}
        super().__init__(name, argv, port, env=env, log=log, pause=pause)


def flask(
    *command: str, env: Mapping[str, str], log: Log = quiet, pause: Pause = time.sleep
) -> None:
    """Run `flask --app wsgi COMMAND` to its end.

    Raises:
        NotReadyError: it failed or took over 60 s.
    """
    argv = [sys.executable, "-m", "flask", "--app", "wsgi", *command]
    Process(" ".join(command), argv, env=env, log=log, pause=pause).run()
