"""The embedded default as `make run` starts it: one process with its own data."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from stack.app import AppServer
from stack.ports import free_port
from stack.process import Log, quiet
from webapp.infra.settings import Settings, load_settings


class Embedded(AppServer):
    """A `python wsgi.py` with the demo data that keeps its folder and port over restarts."""

    def __init__(
        self, folder: Path, environ: Mapping[str, str] | None = None, log: Log = quiet
    ) -> None:
        port = free_port()
        self.folder = folder
        env = {**os.environ, **(environ or {}), "PORT": str(port), "INSTANCE_PATH": str(folder)}
        super().__init__("embedded", [sys.executable, "wsgi.py"], port, env=env, log=log)

    @property
    def settings(self) -> Settings:
        """Return the settings of the running process, for a program beside it."""
        return load_settings({"INSTANCE_PATH": str(self.folder)})


@contextmanager
def running(server: Embedded) -> Iterator[Embedded]:
    """Start the server, and stop it in the end, also where it does not get ready."""
    try:
        server.start()
        yield server
    finally:
        server.stop()
