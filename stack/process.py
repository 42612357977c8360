"""Start a child process, read its log lines, and end it."""

import contextlib
import os
import resource
import shutil
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent

# Servers size tables by this limit: where it is a billion, they would take gigabytes.
MOST_OPEN_FILES = 65536

Log = Callable[[str, str], None]  # (name of the process, one line)
Pause = Callable[[float], None]  # seconds; may raise to give up waiting


class NotReadyError(Exception):
    """A process ended early or did not get ready in time; the message has its last lines."""


def quiet(name: str, line: str) -> None:
    """Discard a log line."""


class Process:
    """A program of the stack, in a process group of its own.

    It runs in the folder `root`, from where Python imports the application. It dies with the
    *thread* that launched it (PR_SET_PDEATHSIG): launch it from one that lives long enough.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        log: Log = quiet,
        pause: Pause = time.sleep,
        root: Path = ROOT,
    ) -> None:
        self.name = name
        self.argv = list(argv)
        self.env = env
        self.log = log
        self.pause = pause
        self.root = root
        self.exit_status: int | None = None
        self._pid: int | None = None
        self._popen: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._last_lines: deque[str] = deque(maxlen=40)

    @property
    def pid(self) -> int:
        """Return the process id, also after the end; raise LookupError before the first start."""
        if self._pid is None:
            raise LookupError(f"{self.name} was never started")
        return self._pid

    @property
    def running(self) -> bool:
        """Return whether the process is alive; a frozen one is."""
        if self._popen and self._popen.poll() is not None:
            self._bury(self._popen)
        return self._popen is not None

    def launch(self) -> None:
        """Start the program without waiting for anything."""
        raise_open_files_limit()
        self.exit_status = None
        self._popen = subprocess.Popen(
            [*die_with_parent(), *self.argv],
            cwd=self.root,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._pid = self._popen.pid
        self._reader = threading.Thread(target=self._read, args=(self._popen.stdout,), daemon=True)
        self._reader.start()

    def run(self, seconds: float = 60) -> None:
        """Start the program and wait for its successful end.

        Raises:
            NotReadyError: it failed or did not end within `seconds`.
        """
        self.launch()
        try:
            self._wait(lambda: not self.running, seconds, "is not done")
        finally:
            self.kill()
        if self.exit_status:
            raise NotReadyError(self._report(f"failed ({self.end})"))

    def wait_until(self, condition: Callable[[], bool], seconds: float = 60) -> None:
        """Wait for `condition`.

        Raises:
            NotReadyError: the process ended first, or `seconds` passed.
        """
        self._wait(lambda: not self.running or condition(), seconds, "is not ready")
        if not self.running:
            raise NotReadyError(self._report(f"ended before it was ready ({self.end})"))

    def terminate(self) -> None:
        """Ask the process to end. A frozen one is resumed first, or it could not react."""
        if self.running:
            os.kill(self.pid, signal.SIGTERM)
            os.killpg(self.pid, signal.SIGCONT)

    def stop(self, seconds: float = 15) -> None:
        """Ask the process to end and wait for it, at most `seconds`, then kill it."""
        self.terminate()
        if self._popen:
            try:
                self._popen.wait(seconds)
            except subprocess.TimeoutExpired:
                self.log(self.name, f"had to be killed: it did not end within {seconds:.0f} s")
        self.kill()

    def kill(self) -> None:
        """End the process and its children at once, as a crash would."""
        if self.running and self._popen:
            os.killpg(self.pid, signal.SIGKILL)
            self._popen.wait()
            self._bury(self._popen)

    @property
    def end(self) -> str:
        """Return how the process ended, in words."""
        if self.exit_status is not None and self.exit_status < 0:
            return f"killed by {signal.Signals(-self.exit_status).name}"
        return f"exit status {self.exit_status}"

    def _wait(self, done: Callable[[], bool], seconds: float, complaint: str) -> None:
        deadline = time.monotonic() + seconds
        while not done():
            if time.monotonic() > deadline:
                raise NotReadyError(self._report(f"{complaint} after {seconds:.0f} s"))
            self.pause(0.05)

    def _bury(self, popen: subprocess.Popen[str]) -> None:
        # The workers of a killed nginx would go on and keep its port.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(popen.pid, signal.SIGKILL)
        self.exit_status = popen.returncode
        self._popen = None
        if self._reader:
            self._reader.join(timeout=1)

    def _read(self, stream: IO[str]) -> None:
        with stream:
            for line in stream:
                self._last_lines.append(line.rstrip())
                # A failing log must not stop the reading: a full pipe blocks the server.
                with contextlib.suppress(OSError, ValueError):
                    self.log(self.name, line.rstrip())

    def _report(self, problem: str) -> str:
        return "\n".join([f"{self.name} {problem}. Its last lines:", *self._last_lines])


def die_with_parent() -> list[str]:
    """Return the prefix of a command that makes Linux end it when the stack is killed."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", "--"] if setpriv else []


def raise_open_files_limit() -> None:
    """Raise the limit of open files for this process and its children, as far as allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
