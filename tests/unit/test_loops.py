"""Loops go on after an exception, and a loop that ends takes the process with it."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from flask_socketio import SocketIO
from prometheus_client import REGISTRY

from realtime.fanout.batcher import BroadcastBatcher, News
from realtime.transport.heartbeat import Heartbeat
from realtime.transport.redis_queue import LiveQueue
from webapp.infra.circuit_breaker import Breaker
from webapp.infra.loops import attempt

ROOT = Path(__file__).resolve().parents[2]


def failures(loop: str) -> float:
    return REGISTRY.get_sample_value("townhall_loop_failures_total", {"loop": loop}) or 0


def run(code: str) -> subprocess.CompletedProcess[str]:
    """Run `code` in a process that has started a loop of `step`."""
    script = f"""
import threading, time
from webapp.infra.loops import start_loop

def spawn(target, *args):
    threading.Thread(target=target, args=args, daemon=True).start()

done = threading.Event()
steps = []
{code}
start_loop(spawn, "tested", step)
done.wait(20)
"""
    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_a_step_that_fails_is_followed_by_the_next_one() -> None:
    ended = run("""
def step():
    steps.append(1)
    if len(steps) == 3:
        done.set()
        time.sleep(60)
    raise ValueError("not a step")
""")
    assert ended.returncode == 0, ended.stderr
    assert "tested failed and goes on" in ended.stderr


def test_a_loop_that_ends_ends_the_process() -> None:
    ended = run("""
def step():
    raise SystemExit(0)
""")
    assert ended.returncode == os.EX_SOFTWARE
    assert "tested has ended, and with it this process" in ended.stderr


def test_failures_are_counted() -> None:
    before = failures("counted")
    assert attempt("counted", list) is True
    assert attempt("counted", lambda: 1 / 0) is False
    assert failures("counted") == before + 1


class Connections:
    """As much of an Engine.IO server as the heartbeat asks for."""

    def __init__(self, *connections: "Beaten") -> None:
        self.server = self.eio = self
        self.sockets = {str(n): connection for n, connection in enumerate(connections)}

    def sleep(self, _seconds: float) -> None:
        """Do not wait."""


class Beaten:
    """A connection whose next `beat` does `what`."""

    def __init__(self, what: Callable[[], bool]) -> None:
        self.what = what
        self.beats = 0

    def beat(self, _now: float, _late: float) -> bool:
        self.beats += 1
        return self.what()


def test_a_connection_that_cannot_be_pinged_keeps_no_other_from_its_ping() -> None:
    broken, alive, gone = Beaten(lambda: bool(1 / 0)), Beaten(lambda: True), Beaten(lambda: False)
    connections = Connections(broken, gone, alive)
    heartbeat = Heartbeat(connections)
    before = failures("heartbeat")
    heartbeat._beat_next()
    assert (broken.beats, gone.beats, alive.beats) == (1, 1, 1)
    assert list(connections.sockets.values()) == [broken, alive]
    assert failures("heartbeat") == before + 1


def test_a_batch_that_cannot_be_sent_keeps_no_other_from_being_sent() -> None:
    sent: list[str] = []
    everything = threading.Event()

    def send(slug: str, _news: News) -> None:
        if slug == "broken":
            raise ValueError("cannot be sent")
        sent.append(slug)
        if len(sent) == 2:
            everything.set()

    batcher = BroadcastBatcher(SocketIO(async_mode="threading"), send)
    for slug in ("broken", "one", "broken", "other"):
        batcher.add(slug, "viewers_changed", {"watching": 1})
    batcher._send_next()
    assert everything.is_set()
    assert batcher.idle


@pytest.mark.parametrize(
    "packet",
    [b"no JSON", b"[]", b"7", b"{}", b'{"method": "emit"}', b'{"method":"emit","host_id":"x"}'],
)
def test_a_packet_that_is_not_ours_costs_itself_alone(packet: bytes) -> None:
    received: list[str] = []
    queue = LiveQueue("redis://localhost", Breaker("Redis"))
    queue.receive = lambda slug, _name, _payload: received.append(slug)
    good = b'{"method":"emit","host_id":"other","room":"hall","event":"x","data":[1]}'
    queue._listen = lambda: iter([packet, good])  # type: ignore[method-assign]
    before = failures("queue_listener")
    queue._listen_next()
    assert received == ["hall"]
    assert failures("queue_listener") == before + 1
