"""Live pages over the official JavaScript client, in one Node.js process (page.js)."""

import json
import os
import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from stack import tools
from stack.chaos.page import Note
from stack.process import ROOT, die_with_parent

SCRIPT = Path(__file__).with_name("page.js")
ROWS_SECONDS = 10.0


class NodeProcess:
    """Runs page.js and passes on what its pages say. Start it in a thread that stays."""

    def __init__(self, note: Note) -> None:
        self._note = note
        self.rows: queue.Queue[list[list[Any]]] = queue.Queue()
        # Where the machine has no Node.js, `make` brings one into the virtual environment.
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

    def tell(self, command: str, page: str, **values: str) -> None:
        """Give a page a command."""
        assert self._process.stdin  # noqa: S101 - it was asked for
        print(
            json.dumps({"do": command, "page": page} | values),
            file=self._process.stdin,
            flush=True,
        )

    def stop(self) -> None:
        """Close every page."""
        assert self._process.stdin  # noqa: S101 - it was asked for
        self._process.stdin.close()
        self._process.wait(10)
        self._reader.join(10)

    def _read(self) -> None:
        assert self._process.stdout  # noqa: S101 - it was asked for
        with self._process.stdout as lines:
            for line in lines:
                said = json.loads(line)
                if said["event"] == "rows":
                    self.rows.put(said["rows"])
                else:
                    self._note(said["page"], said["event"], said)


class JavaScriptPage:
    """One page of the process; the same commands as a `PythonPage`."""

    def __init__(self, node: NodeProcess, name: str, site: str, slug: str, cookie: str) -> None:
        self.name = name
        self._node = node
        self._values = {"site": site, "slug": slug, "cookie": cookie}

    def open(self) -> None:
        """Begin to follow."""
        self._node.tell("open", self.name, **self._values)

    def write(self, nonce: str, body: str) -> None:
        """Put a message into the outbox."""
        self._node.tell("write", self.name, nonce=nonce, body=body)

    def drop(self) -> None:
        """Break the connection, as a network does."""
        self._node.tell("drop", self.name)

    def rows(self) -> list[tuple[int, str]]:
        """Id and text of the messages on the page, in its order."""
        self._node.tell("rows", self.name)
        return [(id_, body) for id_, body in self._node.rows.get(timeout=ROWS_SECONDS)]

    def close(self) -> None:
        """Left when the process stops."""


def _install() -> None:
    """Fetch the client of package-lock.json, unless `make` has."""
    if not (ROOT / "node_modules" / "socket.io-client").exists():
        command = [tools.require(("npm",)), "ci", "--silent", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=ROOT, check=True)
