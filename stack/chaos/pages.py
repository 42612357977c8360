"""Live pages that run the browser's own modules in one Node.js process (page.js)."""

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from stack import tools
from stack.process import ROOT, die_with_parent

SCRIPT = Path(__file__).with_name("page.js")
ROWS_SECONDS = 10.0

Report = Callable[[str, str, Mapping[str, Any]], None]  # page, name of the event, its values


class PageProcess:
    """Runs page.js and passes on the reports of its pages.

    The process ends with the thread that started it: create this in one that stays.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self.rows: queue.Queue[list[list[Any]]] = queue.Queue()
        # Where the machine has no Node.js, `make` installs one into the virtual environment.
        os.environ["PATH"] += os.pathsep + str(Path(sys.executable).parent)
        _install()
        self._process = subprocess.Popen(
            [*die_with_parent(), tools.require(("node",)), str(SCRIPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def send(self, command: str, page: str, **values: str | float | None) -> None:
        """Give a page a command."""
        assert self._process.stdin  # noqa: S101 - it is a pipe
        print(
            json.dumps({"do": command, "page": page} | values),
            file=self._process.stdin,
            flush=True,
        )

    def stop(self) -> None:
        """Close every page."""
        assert self._process.stdin  # noqa: S101 - it is a pipe
        self._process.stdin.close()
        self._process.wait(10)
        self._reader.join(10)

    def _read(self) -> None:
        assert self._process.stdout  # noqa: S101 - it is a pipe
        with self._process.stdout as lines:
            for line in lines:
                report = json.loads(line)
                if report["event"] == "rows":
                    self.rows.put(report["rows"])
                else:
                    self._report(report["page"], report["event"], report)


class LivePage:
    """One page of the process; tabs of one person share its outbox."""

    def __init__(
        self, process: PageProcess, name: str, person: str, site: str, slug: str, cookie: str
    ) -> None:
        self.name = name
        self._process = process
        self._values = {"person": person, "site": site, "slug": slug, "cookie": cookie}

    def open(self) -> None:
        """Connect and begin to follow the event; a page that is open is reloaded."""
        self._process.send("open", self.name, **self._values)

    def write(self, nonce: str, body: str) -> None:
        """Put a message into the outbox."""
        self._process.send("write", self.name, nonce=nonce, body=body)

    def ask(self, nonce: str, body: str) -> None:
        """Put a question into its outbox."""
        self._process.send("ask", self.name, nonce=nonce, body=body)

    def vote(self, question_id: int) -> None:
        """Vote for a question, or take the vote back."""
        self._process.send("vote", self.name, id=question_id)

    def answer(self, place: int) -> None:
        """Answer the poll with the option at this place."""
        self._process.send("answer", self.name, place=place)

    def poll_votes(self) -> dict[int, int]:
        """Return the votes by option of the poll on the page."""
        self._process.send("poll", self.name)
        votes: dict[int, int] = dict(self._process.rows.get(timeout=ROWS_SECONDS))
        return votes

    def question_rows(self) -> list[tuple[int, int]]:
        """Return id and number of votes of the questions on the page."""
        self._process.send("questions", self.name)
        return [(id_, votes) for id_, votes in self._process.rows.get(timeout=ROWS_SECONDS)]

    def drop(self, away_seconds: float | None = None) -> None:
        """Break the connection, as a network does; the page reconnects by itself.

        `away_seconds` is the mean time until it does, by default the page's own.
        """
        self._process.send("drop", self.name, away=away_seconds)

    def rows(self) -> list[tuple[int, str]]:
        """Return id and text of the messages on the page, in its order."""
        self._process.send("rows", self.name)
        return [(id_, body) for id_, body in self._process.rows.get(timeout=ROWS_SECONDS)]


def _install() -> None:
    """Install the client of package-lock.json, unless `make` has."""
    if not (ROOT / "node_modules" / "socket.io-client").exists():
        command = [tools.require(("npm",)), "ci", "--omit=dev", "--silent"]
        subprocess.run(command, cwd=ROOT, check=True)
