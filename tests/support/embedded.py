"""The embedded default, as `make run` starts it: one process with data of its own."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from stack.app import AppServer
from stack.ports import free_port
from webapp.infra.settings import Settings, load_settings


class Embedded(AppServer):
    """`python wsgi.py` with the demo data; it keeps its folder and its port over restarts."""

    def __init__(self, folder: Path, environ: Mapping[str, str] | None = None) -> None:
        port = free_port()
        self.folder = folder
        env = {**os.environ, **(environ or {}), "PORT": str(port), "INSTANCE_PATH": str(folder)}
        super().__init__("embedded", [sys.executable, "wsgi.py"], port, env=env)

    @property
    def settings(self) -> Settings:
        """What the running process serves with, for a program beside it."""
        return load_settings({"INSTANCE_PATH": str(self.folder)})
