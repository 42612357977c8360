"""What every server of the stack has in common."""

import time
from collections.abc import Mapping, Sequence

from stack.ports import LOOPBACK
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
