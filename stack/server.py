"""The base of every server of the stack."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from stack.ports import LOOPBACK
from stack.process import ROOT, Log, Pause, Process, quiet


class Server(Process):
    """A process that listens on a port and knows when it is ready."""

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        port: int,
        *,
        env: Mapping[str, str] | None = None,
        log: Log = quiet,
        pause: Pause = time.sleep,
        root: Path = ROOT,
    ) -> None:
        super().__init__(name, argv, env=env, log=log, pause=pause, root=root)
        self.port = port

    @property
    def url(self) -> str:
        """Return the address for its clients."""
        return f"http://{LOOPBACK}:{self.port}"

    def ready(self) -> bool:
        """Return whether it serves right now."""
        raise NotImplementedError

    def wait_until_ready(self) -> None:
        """Wait until the server is ready.

        Raises:
            NotReadyError: it ended, or is not ready after 60 s.
        """
        self.wait_until(self.ready)

    def start(self) -> None:
        """Start the server on the data it had before, and wait until it is ready."""
        self.launch()
        self.wait_until_ready()
