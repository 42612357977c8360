"""Attacks on the whole system, by nginx: they harm their sender alone.

A canary posts and reads pages meanwhile. Afterwards every process is the same, has its memory
back, and has logged neither a trace nor a flood.
"""

from collections.abc import Callable, Iterator

import pytest

from stack import Stack
from tests.faults.faulty import Log
from tests.support.attacks import ATTACKS, Attacker, Canary, unharmed_canary
from tests.support.meeting import Meeting, held_meeting
from webapp.infra.settings import load_settings


@pytest.fixture(scope="module")
def log() -> Log:
    return Log()


@pytest.fixture(scope="module")
def stack(log: Log) -> Iterator[Stack]:
    with Stack(demo=False, log=log.note) as stack:
        yield stack


@pytest.fixture(scope="module")
def meeting(stack: Stack) -> Iterator[Meeting]:
    with held_meeting(load_settings(stack.settings), stack.url, stream_url="") as meeting:
        yield meeting


@pytest.fixture(scope="module")
def canary(stack: Stack, meeting: Meeting, log: Log) -> Iterator[Canary]:
    pids = [server.pid for server in (*stack.web, *stack.realtime)]
    with unharmed_canary(meeting, pids, lambda: [line for _, line in log.own()]) as canary:
        yield canary


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_an_attack_harms_nobody_else(
    meeting: Meeting, canary: Canary, attack: Callable[[Attacker], None]
) -> None:
    attack(Attacker(meeting))
    canary.check()
