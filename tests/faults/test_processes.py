"""Kill, freeze, stop and restart processes in the middle of a chat."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from stack import Stack
from stack.chaos.audience import Audience
from stack.chaos.ledger import Verdict
from stack.process import Process
from tests.support.meeting import Meeting
from tests.support.nodes import wait_until_nodes_listen
from tests.support.viewer import Viewer
from tests.support.waiting import wait_for

AGREED_SECONDS = 5
BACK_SECONDS = 5
# To a page on any node while only Redis fails: the sweep takes two seconds, and a busy machine adds
# as much.
DELIVERED_SECONDS = 4

# To a page on the same node: the first message that finds Redis frozen waits half a second.
HERE_SECONDS = 1

# Over two nodes, with neither a retry nor the sweep.
AT_ONCE_SECONDS = 0.45

Settled = Callable[[], Verdict]


@contextmanager
def frozen(process: Process) -> Iterator[None]:
    """Freeze a process inside the block: it neither answers nor closes a connection."""
    os.kill(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process.pid, signal.SIGCONT)


def pids(stack: Stack) -> list[int]:
    """Return the process ids of the application."""
    return [server.pid for server in (*stack.web, *stack.realtime)]


def test_killed_node_loses_no_viewer(stack: Stack, audience: Audience, settled: Settled) -> None:
    first, *others = stack.realtime
    for node in (first, *others):
        node.kill()
        audience.wait_for_messages(5)
        audience.wait_until_back(BACK_SECONDS)
        if node is first:
            # It comes back and is then the only node.
            node.start()
    assert 0 < settled().slowest_return < BACK_SECONDS


def test_votes_count_once_over_the_death_of_nodes(
    stack: Stack, audience: Audience, settled: Settled
) -> None:
    questions = audience.ledger.questions
    wait_for(lambda: questions.voted > 5, 20, "votes are acknowledged")
    for node in stack.realtime:
        node.kill()
        goal = questions.voted + 5
        wait_for(lambda goal=goal: questions.voted > goal, 20, "votes reach another node")
        node.start()
    verdict = settled()
    assert verdict.asked
    assert verdict.voted > 15
    assert not verdict.miscounted


def test_first_message_after_redis_restart_is_quick(stack: Stack, meeting: Meeting) -> None:
    here, there, *_ = (meeting.viewer().connect(node.url) for node in stack.realtime)
    with here, there:
        # Three times: the sweep may happen to be as quick once.
        for number in range(4):
            if number:
                stack.redis.kill()
                stack.redis.start()
                wait_until_nodes_listen(stack)
            for writer, reader in ((here, there), (there, here)):
                body = f"{number} {writer is here}"
                began = time.monotonic()
                assert writer.post(body)["ok"]
                reader.wait_for_bodies(body)
                assert not number or time.monotonic() - began < AT_ONCE_SECONDS


def test_terminated_node_finishes_accepted_messages(
    stack: Stack, audience: Audience, settled: Settled
) -> None:
    node = stack.realtime[0]
    node.terminate()
    wait_for(lambda: not node.running, 10, "the node ends")
    assert node.exit_status == 0
    audience.wait_for_messages(5)
    assert 0 < settled().slowest_return < BACK_SECONDS


def test_frozen_node_harms_no_other_node_and_recovers(
    stack: Stack, audience: Audience, settled: Settled
) -> None:
    with frozen(stack.realtime[0]):
        audience.wait_for_messages(10)
    audience.wait_until_agreed(AGREED_SECONDS)
    settled()


def test_chat_continues_without_redis(stack: Stack, audience: Audience, settled: Settled) -> None:
    stack.redis.kill()
    audience.wait_for_messages(10)
    stack.redis.start()
    audience.wait_until_agreed(AGREED_SECONDS)
    audience.wait_for_messages(3)
    verdict = settled()
    assert verdict.slowest_delivery < DELIVERED_SECONDS
    assert not verdict.slowest_return


def test_frozen_redis_delays_no_message(
    stack: Stack, meeting: Meeting, audience: Audience, settled: Settled
) -> None:
    node = stack.realtime[0].url
    with (
        meeting.viewer().connect(node) as ada,
        meeting.viewer().connect(node) as grace,
        frozen(stack.redis),
    ):
        for n in range(5):
            assert delivery_seconds(ada, grace, f"{n} to Grace") < HERE_SECONDS
            time.sleep(1)
            assert delivery_seconds(grace, ada, f"{n} to Ada") < HERE_SECONDS
            time.sleep(1)
    audience.wait_until_agreed(AGREED_SECONDS)
    audience.wait_for_messages(3)
    verdict = settled()
    assert verdict.slowest_delivery < DELIVERED_SECONDS
    assert verdict.slowest_answer < DELIVERED_SECONDS
    assert not verdict.slowest_return


def delivery_seconds(writer: Viewer, reader: Viewer, body: str) -> float:
    """Return the seconds that a message takes from one viewer to the other."""
    begin = time.monotonic()
    assert writer.post(body)["ok"]
    reader.wait_for_bodies(body)
    return time.monotonic() - begin


def test_database_restart_loses_no_message(
    stack: Stack, audience: Audience, settled: Settled
) -> None:
    before = pids(stack)
    stack.database.kill()
    wait_for(lambda: audience.ledger.codes["unavailable"], 15, "senders are told")
    stack.database.start()
    audience.wait_for_messages(10)
    assert not settled().slowest_return
    assert pids(stack) == before
    assert all(server.running for server in (*stack.web, *stack.realtime))


def test_page_reloaded_in_outage_sends_its_outbox(
    stack: Stack, audience: Audience, settled: Settled
) -> None:
    stack.database.kill()
    bodies = [audience.write(page) for page in audience.pages]
    wait_for(lambda: audience.ledger.codes["unavailable"], 15, "senders are told")
    for page in audience.pages:
        page.open()
    stack.database.start()
    settled()
    shown = {body for _, body in audience.pages[0].rows()}
    assert set(bodies) <= shown


def returned(audience: Audience, times: int) -> bool:
    """Return True when pages have reconnected that many times."""
    return len(audience.ledger.returns) >= times


def test_page_survives_fifty_reconnects(audience: Audience, settled: Settled) -> None:
    page = audience.pages[0]
    for turn in range(50):
        if turn % 25 == 0:
            audience.write(page)
        expected = len(audience.ledger.returns) + 1
        page.drop(away_seconds=0)
        wait_for(partial(returned, audience, expected), BACK_SECONDS, "it is back")
    settled()
