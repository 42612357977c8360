"""Faults of the servers, and how to end them: nothing restarts by itself."""

import os
import random
import signal
from collections.abc import Callable
from dataclasses import dataclass

from stack.server import Server
from stack.system import Stack


@dataclass(frozen=True)
class Fault:
    """A fault of one server, and its end after `seconds`."""

    words: str
    server: Server
    seconds: float
    make: Callable[[], None]
    mend: Callable[[], None]

    def __str__(self) -> str:
        return f"{self.server.name} {self.words} for {self.seconds:.1f} s"


def draw(stack: Stack, chance: random.Random) -> Fault:
    """Draw the next fault: nodes are hit most often, then Redis and the database."""
    server: Server = chance.choice([*stack.realtime, *stack.realtime, stack.redis, stack.database])
    fault = chance.choice([_killed, _frozen, _told_to_stop])
    return fault(server, chance.uniform(1, 6))


def mend_all(stack: Stack) -> None:
    """Start or resume every server."""
    for server in stack.servers:
        if server.running:
            os.kill(server.pid, signal.SIGCONT)
        else:
            server.start()


def _killed(server: Server, seconds: float) -> Fault:
    return Fault("is killed, away", server, seconds, server.kill, server.start)


def _told_to_stop(server: Server, seconds: float) -> Fault:
    return Fault("is told to stop, away", server, seconds, server.stop, server.start)


def _frozen(server: Server, seconds: float) -> Fault:
    def send(number: int) -> Callable[[], None]:
        return lambda: os.kill(server.pid, number)

    return Fault("is frozen", server, seconds, send(signal.SIGSTOP), send(signal.SIGCONT))
