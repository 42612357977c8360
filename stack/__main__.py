"""`make stack`: the full system in the foreground until Ctrl-C or SIGTERM.

Settings from the environment: WEB, NODES, PORT, DEMO. Writes instance/stack.json when everything
is ready.
"""

import contextlib
import json
import os
import secrets
import signal
import sys
import time
from types import FrameType

from stack.ports import PortTakenError, require_free
from stack.process import ROOT, NotReadyError
from stack.system import Stack
from stack.tools import MissingToolsError
from webapp.infra.settings import Settings, SettingsError, load_settings

DESCRIPTION = ROOT / (os.environ.get("INSTANCE_PATH") or "instance") / "stack.json"
DEMO_LOGINS = (
    "Demo admin: admin@example.com / townhall-demo. Demo employee: ada.lovelace@example.com / 1001."
)


class SettingError(Exception):
    """A setting of the command has an invalid value; the message names it."""


class Interrupted(BaseException):
    """The user asked the stack to stop."""


class StopRequest:
    """Remembers a signal until the next pause.

    Raising at once could interrupt between the start of a process and the record that it runs.
    """

    def __init__(self) -> None:
        self.made = False
        signals = [signal.SIGINT, signal.SIGTERM]
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as under nohup
            signals.append(signal.SIGHUP)
        for one in signals:
            signal.signal(one, self._make)

    def pause(self, seconds: float) -> None:
        """Sleep, and raise Interrupted if the user has asked to stop."""
        time.sleep(seconds)
        if self.made:
            raise Interrupted

    def _make(self, _number: int, _frame: FrameType | None) -> None:
        self.made = True


def main() -> int:
    """Run until stopped and return the exit status."""
    request = StopRequest()
    try:
        serve(request)
    except Interrupted:
        pass
    except (MissingToolsError, NotReadyError, PortTakenError, SettingError, SettingsError) as error:
        say(str(error))
        return 1
    return 0


def serve(request: StopRequest) -> None:
    """Start everything, announce it, and watch until `request` raises Interrupted."""
    stack = Stack(
        web=number("WEB", 2),
        nodes=number("NODES", 2),
        port=require_free(number("PORT", 8080)),
        demo=application_settings().demo,
        log=lambda name, line: say(f"{name:<9} | {line}"),
        pause=request.pause,
    )
    with stack:
        text = json.dumps(stack.describe(), indent=2)
        try:
            write(text)
            greet(stack)
            watch(stack, request)
        finally:
            forget(text)


def number(name: str, default: int) -> int:
    """Return the whole number from 1 to 65535 that the environment sets, else `default`."""
    text = os.environ.get(name) or str(default)
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise SettingError(f"{name} must be a whole number above 0, not {text!r}")
    return int(text)


def application_settings() -> Settings:
    """Return the application's settings, so that an error in them shows before anything starts."""
    own = {"DATABASE_URL": "sqlite://", "REDIS_URL": "", "SECRET_KEY": secrets.token_hex()}
    return load_settings({**os.environ, **own})


def greet(stack: Stack) -> None:
    """Print the address and the demo logins, then the line `ready` for a waiting program."""
    logins = f" {DEMO_LOGINS}" if stack.demo else ""
    print(f"Townhall is at {stack.url}.{logins} Ctrl-C stops it.", "ready", sep="\n", flush=True)


def watch(stack: Stack, request: StopRequest) -> None:
    """Report each process that dies. Nothing is restarted, so that a fault stays visible."""
    alive = stack.servers
    while True:
        for server in [server for server in alive if not server.running]:
            alive.remove(server)
            say(f"{server.name} died ({server.end}); nothing starts it again.")
        request.pause(0.2)


def write(text: str) -> None:
    """Write instance/stack.json atomically, for this user alone: it holds the secret key."""
    DESCRIPTION.parent.mkdir(parents=True, exist_ok=True)
    draft = DESCRIPTION.with_suffix(f".{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(DESCRIPTION)


def forget(text: str) -> None:
    """Remove instance/stack.json unless another stack has written its own."""
    if DESCRIPTION.exists() and DESCRIPTION.read_text() == text:
        DESCRIPTION.unlink()


def say(line: str) -> None:
    """Write one line to the terminal in one piece, though several threads write."""
    with contextlib.suppress(OSError):  # the terminal is closed
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
