"""Faults made for real in the middle of a chat, on the full system with three nodes.

In each, seven pages over both clients (two of them tabs of one person) write all the time. In the
end a ledger says whether every acknowledged message is on every page exactly once and in order,
and whether whatever was not acknowledged was refused or sent later.
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import select

from stack import Stack
from stack.chaos.audience import Audience
from stack.chaos.ledger import Row, Verdict
from stack.chaos.page import PythonPage
from stack.process import Process
from tests.support.meeting import Meeting
from tests.support.waiting import wait_for
from webapp.core.extensions import db
from webapp.core.models import Event, Message

AGREED_SECONDS = 5
BACK_SECONDS = 5


@pytest.fixture(autouse=True)
def mended(stack: Stack) -> Iterator[None]:
    """Whatever a test broke runs again after it."""
    yield
    for server in stack.servers:
        if server.running:
            os.kill(server.pid, signal.SIGCONT)
        else:
            server.start()
    for server in stack.servers:
        server.wait_until_ready()


@pytest.fixture
def audience(stack: Stack, meeting: Meeting) -> Iterator[Audience]:
    with Audience(stack.url, meeting.slug, [meeting.employee() for _ in range(6)]) as audience:
        audience.wait_for_messages(3)
        yield audience


def stored(meeting: Meeting) -> list[Row]:
    """What the database has of the meeting, in the order of ids."""
    query = select(Message.id, Message.body).join(Event, Event.id == Message.event_id)
    with meeting.app.app_context():
        rows = db.session.execute(query.where(Event.slug == meeting.slug).order_by(Message.id))
        return [(id_, body) for id_, body in rows]


def settled(audience: Audience, meeting: Meeting) -> Verdict:
    """The end of each story: nothing lost, doubled, out of order or unanswered."""
    verdict = audience.settle(lambda: stored(meeting))
    assert verdict.faultless, verdict
    return verdict


@contextmanager
def frozen(process: Process) -> Iterator[None]:
    """It neither answers nor closes a connection inside the block."""
    os.kill(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process.pid, signal.SIGCONT)


def pids(stack: Stack) -> list[int]:
    """Of the application's processes."""
    return [server.pid for server in (*stack.web, *stack.realtime)]


def chat_for(audience: Audience, seconds: float) -> None:
    """Let them write for so long."""
    time.sleep(seconds)


def test_a_node_that_is_killed_takes_no_one_with_it(
    stack: Stack, meeting: Meeting, audience: Audience
) -> None:
    stack.realtime[0].kill()
    audience.wait_for_messages(5)
    audience.wait_until_back(BACK_SECONDS)
    stack.realtime[1].kill()
    audience.wait_for_messages(5)
    audience.wait_until_back(BACK_SECONDS)
    stack.realtime[0].start()
    audience.wait_for_messages(5)
    assert settled(audience, meeting).slowest_return < BACK_SECONDS


def test_a_node_that_is_told_to_stop_finishes_what_it_accepted(
    stack: Stack, meeting: Meeting, audience: Audience
) -> None:
    node = stack.realtime[0]
    node.terminate()
    wait_for(lambda: not node.running, 10, "the node ends")
    assert node.exit_status == 0
    audience.wait_for_messages(5)
    assert settled(audience, meeting).slowest_return < BACK_SECONDS


def test_while_redis_is_dead_the_chat_goes_on(
    stack: Stack, meeting: Meeting, audience: Audience
) -> None:
    stack.redis.kill()
    audience.wait_for_messages(10)
    stack.redis.start()
    audience.wait_until_agreed(AGREED_SECONDS)
    audience.wait_for_messages(3)
    assert not settled(audience, meeting).slowest_return


def test_a_redis_that_hangs_holds_nobody_up(
    stack: Stack, meeting: Meeting, audience: Audience
) -> None:
    with frozen(stack.redis):
        chat_for(audience, 10)
    audience.wait_until_agreed(AGREED_SECONDS)
    audience.wait_for_messages(3)
    assert not settled(audience, meeting).slowest_return


def test_the_database_dies_in_mid_burst_and_comes_back(
    stack: Stack, meeting: Meeting, audience: Audience
) -> None:
    before = pids(stack)
    stack.database.kill()
    wait_for(lambda: audience.ledger.codes["unavailable"], 15, "senders are told")
    stack.database.start()
    audience.wait_for_messages(10)
    assert not settled(audience, meeting).slowest_return
    assert pids(stack) == before
    assert all(server.running for server in (*stack.web, *stack.realtime))


def test_a_page_that_reconnects_fifty_times(meeting: Meeting, audience: Audience) -> None:
    page = audience.pages[0]
    assert isinstance(page, PythonPage)
    page.pause_seconds = 0
    for turn in range(50):
        if turn % 25 == 0:
            audience.write(page)
        page.drop()
        wait_for(lambda: not audience.ledger.is_back(page.name), what="the loss is noticed")
        wait_for(lambda: audience.ledger.is_back(page.name), BACK_SECONDS, "it is back")
    settled(audience, meeting)
