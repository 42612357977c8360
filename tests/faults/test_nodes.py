"""Check nodes with a wrong clock, lost answers, and a database that hangs or commits late."""

import json
import os
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pymysql
import pytest
import redis
import websocket

from stack import Stack
from stack.app import RealtimeNode
from stack.chaos.audience import Audience
from stack.chaos.ledger import Verdict
from stack.ports import LOOPBACK
from tests.faults.test_processes import frozen
from tests.support.meeting import Meeting
from tests.support.proxy import DatabaseProxy
from tests.support.viewer import NAMESPACE, Viewer
from tests.support.waiting import wait_for
from webapp.infra.clock import from_isoformat, utcnow

SKEWED = str(Path(__file__).parents[1] / "support" / "skewed")
LATE = "late, with a lower id"


@contextmanager
def another_node(stack: Stack, **environ: str) -> Iterator[RealtimeNode]:
    """Start one more node on the same database and Redis, with these settings."""
    node = RealtimeNode("another", {**os.environ, **stack.settings, **environ})
    try:
        node.start()
        yield node
    finally:
        node.stop()


@pytest.mark.parametrize("skew", [-3600, 3600])
def test_node_with_wrong_clock_counts_and_limits_correctly(
    stack: Stack, meeting: Meeting, skew: int
) -> None:
    email, number = meeting.employee()
    environ = {"PYTHONPATH": SKEWED, "SKEW_SECONDS": str(skew)}
    with (
        another_node(stack, **environ) as wrong,
        Viewer(stack.url, meeting.slug, email, number).connect(wrong.url) as here,
        Viewer(stack.url, meeting.slug, email, number).connect(stack.realtime[0].url) as there,
        meeting.viewer().connect(wrong.url) as ada,
        meeting.viewer().connect(stack.realtime[1].url) as grace,
    ):
        answers = [tab.post(str(n)) for n, tab in enumerate([here, there] * 3)]
        assert [answer["ok"] for answer in answers] == [True] * 5 + [False]
        assert answers[-1]["error"]["retry_after"] <= 10
        for viewer in (ada, grace):
            viewer.wait_for_bodies("0", "4")
            # On a busy machine a process reads the clock late.
            for message in viewer.messages:
                age = utcnow() - from_isoformat(message["posted_at"])
                assert -5 < age.total_seconds() < 60
        wait_for(lambda: ada.watching == grace.watching == 3, what="all nodes to count three")


def test_tabs_on_two_nodes_share_one_rate_limit(stack: Stack, meeting: Meeting) -> None:
    person = meeting.employee()
    nodes = [node.url for node in stack.realtime[:2]]
    tabs = [Viewer(stack.url, meeting.slug, *person).connect(url) for url in nodes]
    with tabs[0], tabs[1], ThreadPoolExecutor(10) as at_once:
        answers = list(at_once.map(lambda n: tabs[n % 2].post(str(n)), range(10)))
    assert Counter(answer["ok"] for answer in answers) == {True: 5, False: 5}


@pytest.mark.parametrize("loss", ["request", "answer"])
def test_lost_commit_answer_stores_message_once(stack: Stack, meeting: Meeting, loss: str) -> None:
    proxy = DatabaseProxy(stack.database.port)
    url = stack.database.url.replace(f":{stack.database.port}/", f":{proxy.port}/")
    with (
        another_node(stack, DATABASE_URL=url) as node,
        meeting.viewer().connect(node.url) as ada,
        meeting.viewer().connect(stack.realtime[0].url) as grace,
    ):
        assert ada.post("before")["ok"]
        nonce = secrets.token_hex(8)
        proxy.lose_next(loss, after=b"INSERT INTO messages")
        assert ada.post("once", nonce)["error"]["code"] == "unavailable"
        assert proxy.lost == [loss]
        assert ada.post("once", nonce)["ok"]
        assert ada.post("after")["ok"]
        for viewer in (ada, grace):
            viewer.wait_for_bodies("before", "once", "after")
            assert viewer.bodies == ["before", "once", "after"]
    proxy.close()


def test_late_commit_with_lower_id_reaches_every_page(
    stack: Stack, audience: Audience, settled: Callable[[], Verdict]
) -> None:
    """Include a page that is disconnected at the moment of the commit."""
    away = audience.pages[0]
    with transaction(stack) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT event_id, employee_id FROM messages ORDER BY id DESC LIMIT 1")
        cursor.execute(
            "INSERT INTO messages (event_id, employee_id, body, nonce, posted_at) "
            "VALUES (%s, %s, %s, 'late', UTC_TIMESTAMP(6))",
            (*(cursor.fetchone() or ()), LATE),
        )
        late = cursor.lastrowid
        audience.wait_for_messages(15)
        away.drop(away_seconds=4)
        connection.commit()
    assert late < min(list(audience.ledger.acknowledged.values())[-15:])
    wait_for(
        lambda: all((late, LATE) in page.rows() for page in audience.pages), 15, "all pages have it"
    )
    settled()
    for page in audience.pages:
        # Read once: a page may go on receiving.
        rows = page.rows()
        assert rows == sorted(set(rows))


@contextmanager
def transaction(stack: Stack) -> Iterator["pymysql.Connection[pymysql.cursors.Cursor]"]:
    """Open a connection whose changes become visible when it commits."""
    connection = pymysql.connect(
        host=LOOPBACK,
        port=stack.database.port,
        user="townhall",
        password="townhall",
        database="townhall",
    )
    try:
        yield connection
    finally:
        connection.close()


def test_frozen_database_refuses_connections_in_time(stack: Stack, meeting: Meeting) -> None:
    """Connect 200 viewers while the cache is empty; each is refused within 6 s."""
    node = stack.realtime[0]
    # A node takes at most 20 connections of one employee.
    cookies = [meeting.viewer().cookie for _ in range(20)]
    with meeting.viewer().connect(node.url) as ada:
        with redis.Redis(port=stack.redis.port) as client:
            client.flushall()
        with frozen(stack.database):
            with ThreadPoolExecutor(200) as at_once:
                waiting = [
                    at_once.submit(refusal, node.port, meeting.slug, cookie)
                    for cookie in cookies * 10
                ]
            took, codes = zip(*(answer.result() for answer in waiting), strict=True)
        assert Counter(codes) == {"unavailable": 200}
        # The first to ask the database wait three seconds, the others for their result.
        assert max(took) < 6
        wait_for(lambda: ada.post("after it").get("ok"), 15, "it goes on")


def refusal(port: int, slug: str, cookie: str) -> tuple[float, str]:
    """Open a socket by hand, and return the seconds until the answer and its code."""
    begin = time.monotonic()
    address = f"ws://{LOOPBACK}:{port}/socket.io/?EIO=4&transport=websocket"
    socket = websocket.create_connection(address, cookie=cookie, timeout=30)
    with closing(socket):
        socket.recv()
        socket.send(f"40{NAMESPACE},{json.dumps({'event': slug})}")
        answer = str(socket.recv()).partition(",")[2]
    return time.monotonic() - begin, json.loads(answer)["data"]["code"]
