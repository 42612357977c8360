"""A hostile or slow viewer harms no others, and a node serves many, over both paths of delivery."""

import http.client
import json
import os
import re
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
import socketio
import websocket
from websocket import ABNF

from stack import Stack
from stack.app import RealtimeNode
from tests.support.meeting import Meeting
from tests.support.raw_socket import RawSocket
from tests.support.viewer import NAMESPACE, Viewer
from tests.support.waiting import wait_for

MOST = 120
PUBLISHED = 2_000
PAD = "x" * 10_000


class Node:
    """One node beside those of the stack, with its log lines."""

    def __init__(self, stack: Stack, fanout: str) -> None:
        self.lines: list[str] = []
        self._known = 0
        env = {**os.environ, **stack.settings, "FANOUT": fanout, "MAX_CONNECTIONS": str(MOST)}
        self.process = RealtimeNode("node", env, log=lambda _name, line: self.lines.append(line))
        self.queue = socketio.RedisManager(stack.redis.url, channel="townhall", write_only=True)

    @property
    def port(self) -> int:
        return self.process.port

    @property
    def resident_kib(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+)", status)
        assert found
        return int(found[1])

    def read_on(self) -> list[str]:
        """Return the lines logged since the last call.

        Lines arrive through a pipe and a thread: what this writes into the pipe comes after them.
        """
        mark = secrets.token_hex(8)
        Path(f"/proc/{self.process.pid}/fd/2").write_text(f"{mark}\n")
        wait_for(lambda: mark in self.lines)
        end = self.lines.index(mark)
        new, self._known = self.lines[self._known : end], end + 1
        return new

    def publish(self, slug: str, event: str, payload: Any) -> None:
        """Send an event to the viewers of `slug`, as another node would."""
        self.queue.emit(event, payload, namespace="/live", room=slug)


@pytest.fixture(scope="module", params=["direct", "stock"])
def node(stack: Stack, request: pytest.FixtureRequest) -> Iterator[Node]:
    node = Node(stack, request.param)
    try:
        node.process.start()
        yield node
    finally:
        node.process.stop()
        if node.queue.redis:
            node.queue.redis.close()


LARGEST = 16_384
BROKEN: dict[str, str | bytes] = {
    "no JSON": "zzz",
    "nothing": "",
    "no Socket.IO packet": "4zzz",
    "JSON, but no packet": '4{"a":1}',
    "an unknown type": "9",
    "a type of servers": "0",
    "half an event": '42/live,["post_message"',
    "an event without a name": "42/live,[]",
    "an event whose name is a number": "42/live,[7]",
    "no list": '42/live,{"a":1}',
    "a reserved event": '42/live,["disconnect"]',
    "another": '42/live,["connect",{}]',
    "binary": b"\x00\x01\x02",
    "a placeholder that never completes": '452-/live,["x",{"_placeholder":true,"num":0}]',
    "an error of ours": "44/live,{}",
    "too large": "42/live," + "x" * (LARGEST - 7),
    "too deep": "42/live," + "[" * 15_000,
}


def test_a_broken_packet_closes_its_connection_and_each_kind_costs_one_line(
    node: Node, meeting: Meeting
) -> None:
    with meeting.viewer().connect(node.process.url) as grace:
        answered = {}
        node.read_on()
        for _ in range(2):
            # Another one each time: a viewer may connect thirty times at once.
            with meeting.viewer() as viewer:
                for name, packet in BROKEN.items():
                    if answers := answers_to(packet, node, viewer):
                        answered[name] = answers
        assert not answered
        reasons = [line.partition("closed a connection that sent ")[2] for line in node.read_on()]
        assert all(reasons), "no other line"
        assert 3 < len(reasons) == len(set(reasons))
        assert grace.post("unharmed")["ok"] is True


def answers_to(packet: str | bytes, node: Node, viewer: Viewer) -> list[str]:
    """Send a packet; return what is answered to it alone until the node closes the connection."""
    with RawSocket(node.port, viewer) as raw:
        raw.send(packet)
        return [answer for answer in raw.receive_all() if not answer.startswith("42/live,")]


@pytest.mark.parametrize("slug", ["\ud800", "hall\udfff", "\0", "a\nb", "x" * 2000, "é", ""])
def test_a_slug_that_names_nothing_is_refused_without_a_line(
    node: Node, meeting: Meeting, slug: str
) -> None:
    node.read_on()
    with stranger(node) as raw:
        raw.send(f"40/live,{json.dumps({'event': slug})}")
        refusal = raw.receive_until("44/live,")[-1]
        assert json.loads(refusal[8:])["data"]["code"] == "invalid"
    assert not node.read_on()


@pytest.mark.parametrize("frames", [1, 3])
def test_a_packet_of_the_promised_size_is_accepted(
    node: Node, meeting: Meeting, frames: int
) -> None:
    start, end = '42/live,7["make_coffee",{"pad":"', '"}]'
    packet = f"{start}{'x' * (LARGEST - len(start) - len(end))}{end}"
    with meeting.viewer() as ada, RawSocket(node.port, ada) as raw:
        size = LARGEST // frames + 1
        parts = [packet[n : n + size] for n in range(0, LARGEST, size)]
        for n, part in enumerate(parts):
            kind = ABNF.OPCODE_CONT if n else ABNF.OPCODE_TEXT
            final = int(n == len(parts) - 1)
            raw.link.send_frame(ABNF.create_frame(part, kind, final))
        raw.receive_until("43/live,7")
    with meeting.viewer() as grace, PollingSession(node, grace.cookie) as session:
        session.join(meeting.slug)
        assert session.post(packet.encode()).status_code == 200
        assert "43/live,7" in session.poll().text


def test_what_a_viewer_sends_without_waiting_is_handled_in_its_order(
    node: Node, meeting: Meeting
) -> None:
    answers: dict[str, Any] = {}
    with meeting.viewer().connect(node.process.url) as ada:
        wishes: list[tuple[str, dict[str, Any]]] = [
            ("post_message", {"nonce": f"n{n}", "body": f"{n}"}) for n in range(4)
        ]
        for name, packet in [*wishes, ("messages_since", {"after": 0})]:
            key = packet.get("nonce", "since")
            callback = partial(answers.__setitem__, key)
            ada.socket.emit(name, packet, namespace=NAMESPACE, callback=callback)
        wait_for(lambda: len(answers) == 5, what="five answers")
    since = answers.pop("since")
    posted = [answers[f"n{n}"]["id"] for n in range(4)]
    assert posted == sorted(posted)
    assert [message["id"] for message in since["messages"]][-4:] == posted


FLOODS = {
    "events": ABNF.create_frame('42/live,["make_coffee",{}]', ABNF.OPCODE_TEXT),
    "packets that upstream handles": ABNF.create_frame("3", ABNF.OPCODE_TEXT),
    "pings": ABNF.create_frame(b"still there?", ABNF.OPCODE_PING),
    "pongs": ABNF.create_frame(b"still here", ABNF.OPCODE_PONG),
    "empty pings": ABNF.create_frame(b"", ABNF.OPCODE_PING),
    "large events": ABNF.create_frame(f'42/live,["x",["{"y" * 9000}"]]', ABNF.OPCODE_TEXT),
}


@pytest.mark.parametrize("joined", [True, False], ids=["joined", "stranger"])
@pytest.mark.parametrize("kind", FLOODS)
def test_a_flood_closes_its_connection_and_holds_up_nobody(
    node: Node, meeting: Meeting, kind: str, joined: bool
) -> None:
    frames = FLOODS[kind].format() * 100
    with (
        meeting.viewer().connect(node.process.url) as ada,
        meeting.viewer() as flooder,
        RawSocket(node.port, flooder) if joined else stranger(node) as raw,
    ):
        flood = threading.Thread(target=send_until_closed, args=(raw.link.sock, frames))
        flood.start()
        slowest = max(seconds_of(partial(ada.post, f"while {n}")) for n in range(2))
        flood.join(10)
        assert not flood.is_alive(), "the node closed the connection"
    assert slowest < 2


def test_a_viewer_may_send_more_often_than_a_page_ever_does(node: Node, meeting: Meeting) -> None:
    with meeting.viewer() as ada, RawSocket(node.port, ada) as raw:
        for number in range(150):
            raw.send(f'42/live,{number}["make_coffee",{{}}]')
        raw.receive_until("43/live,149")


def test_frames_that_break_the_protocol_close_their_connection(
    node: Node, meeting: Meeting
) -> None:
    fragments = [b"\x01\xfe\x20\x00" + b"\0" * 4 + b"y" * 0x2000]
    fragments += [b"\x00\xfe\x20\x00" + b"\0" * 4 + b"y" * 0x2000] * 40
    node.read_on()
    for data in (
        b"\x81\x01x",  # not masked
        b"\x81\x82\0\0\0\0\xc3\x28",  # not UTF-8
        b"\x81\xff" + b"\x7f" * 12,  # exabytes
        b"".join(fragments),  # one message of many frames, without end
        b"\x01\x80\0\0\0\0" + b"\x00\x80\0\0\0\0" * 20_000,  # empty ones
    ):
        with meeting.viewer() as ada, RawSocket(node.port, ada) as raw:
            sock = raw.link.sock
            assert sock
            with suppress(ConnectionError):
                sock.sendall(data)
            raw.receive_all()
    lines = node.read_on()
    assert all("closed a connection that sent" in line for line in lines)
    assert len(lines) <= 3, "one line per reason"


def test_requests_that_are_not_http_cost_a_line_of_a_kind(node: Node) -> None:
    node.read_on()
    for request in (
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/x\r\n\r\n",
        b"\x16\x03\x01\r\n\r\n",
    ) * 3:
        with socket.create_connection(("127.0.0.1", node.port), 10) as link:
            link.sendall(request)
            while link.recv(4096):
                pass
    # One, unless another test caused it less than a minute ago.
    assert len([line for line in node.read_on() if "request" in line.lower()]) <= 1
    assert [line for line in node.lines if "refused a malformed request: code 505" in line]


def test_what_a_long_polling_client_posts_is_answered_with_400(
    node: Node, meeting: Meeting
) -> None:
    address = polling_address(node)
    node.read_on()
    for body in (b"\xff\xfe", b"zzz", b"4" * 20_000, b"\x1e".join([b"3"] * 40), b"42/live,[]"):
        opened = wait_for(partial(requests.get, address, timeout=10), 15, "a place")
        sid = json.loads(opened.text[1:])["sid"]
        answer = requests.post(f"{address}&sid={sid}", data=body, timeout=10)
        assert answer.status_code == 400, body
        assert "Traceback" not in answer.text
        assert requests.get(f"{address}&sid={sid}", timeout=10).status_code == 400
        assert len([line for line in node.read_on() if "Invalid session" not in line]) <= 1
    assert not [line for line in node.lines if "Traceback" in line]


def test_who_never_reads_is_cut_off_and_catches_up(node: Node, meeting: Meeting) -> None:
    with (
        meeting.viewer().connect(node.process.url) as ada,
        meeting.viewer() as sleeper,
        RawSocket(node.port, sleeper, buffer=4096) as asleep,
    ):
        before = node.resident_kib
        for n in range(PUBLISHED):
            node.publish(meeting.slug, "noise", {"n": n, "pad": PAD})
            if n % 50 == 49:
                wait_for(lambda told=n + 1: noise(ada) == told, what="all to reach who reads")
        # 20 MB were told: what one viewer did not take is not kept.
        assert node.resident_kib - before < 12_000
        # The Python client runs each handler in a thread of its own: its order says nothing.
        assert sorted(p["n"] for e, p in ada.events if e == "noise") == list(range(PUBLISHED))
        ada.events.clear()
        said = ada.post("while you slept")
        numbers = [json.loads(p[8:])[1]["n"] for p in asleep.receive_all() if '"noise"' in p]
        assert numbers == list(range(len(numbers)))
        assert len(numbers) < PUBLISHED
        assert [line for line in node.read_on() if "disconnected a slow client" in line]
        sleeper.connect(node.process.url)
        caught_up = sleeper.call("messages_since", {"after": 0})
        assert [m["id"] for m in caught_up["messages"]] == [said["id"]]


def stranger(node: Node) -> RawSocket:
    """Connect without a cookie, once there is a place for it."""

    def connect() -> list[RawSocket]:
        with suppress(websocket.WebSocketBadStatusException):
            return [RawSocket(node.port)]
        return []

    return wait_for(connect, 15, "a place for a stranger")[0]


def send_until_closed(sock: socket.socket | None, data: bytes) -> None:
    assert sock
    with suppress(OSError):
        while True:
            sock.sendall(data)


def seconds_of(work: Callable[[], object]) -> float:
    begin = time.monotonic()
    work()
    return time.monotonic() - begin


def noise(viewer: Viewer) -> int:
    return sum(event == "noise" for event, _ in list(viewer.events))


def test_a_slow_reader_gets_all_in_order_between_its_own_answers(
    node: Node, meeting: Meeting
) -> None:
    with meeting.viewer() as ada, RawSocket(node.port, ada, buffer=4096) as slow:
        for n in range(40):
            node.publish(meeting.slug, "noise", {"n": n, "pad": PAD})
            if n % 10 == 5:
                slow.send(f'42/live,{n}["messages_since",{{"after":0}}]')
                slow.send(f'42/live,{n + 1}["make_coffee",{{}}]')
        packets = slow.receive_until('42/live,["noise",{"n":39')
        packets += slow.receive_until("43/live,36") if not has(packets, "43/live,36") else []
    numbers = [json.loads(p[8:])[1]["n"] for p in packets if '"noise"' in p]
    assert numbers == list(range(40))
    answers = [int(p[8:].partition("[")[0]) for p in packets if p.startswith("43/live,")]
    assert answers == [5, 6, 15, 16, 25, 26, 35, 36]


def has(packets: list[str], start: str) -> bool:
    return any(packet.startswith(start) for packet in packets)


def test_long_polling_upgrading_and_websocket_viewers_see_the_same(
    node: Node, meeting: Meeting
) -> None:
    url = node.process.url
    with (
        meeting.viewer().connect(url, "websocket") as ada,
        meeting.viewer().connect(url, "polling") as grace,
        meeting.viewer() as linus,
    ):
        linus.socket.connect(
            url,
            headers={"Cookie": linus.cookie},
            auth={"event": linus.slug},
            namespaces=["/live"],
            wait_timeout=10,
        )
        wait_for(lambda: linus.socket.transport() == "websocket", what="the upgrade")
        ids = [viewer.post(f"{n}")["id"] for n in range(4) for viewer in (ada, grace, linus)]
        for viewer in (ada, grace, linus):
            wait_for(lambda v=viewer: len(v.messages) == len(ids))
            assert [message["id"] for message in viewer.messages] == sorted(ids)
            wait_for(lambda v=viewer: v.watching == 3)


def test_what_is_told_within_a_moment_travels_together(node: Node, meeting: Meeting) -> None:
    with meeting.viewer() as ada, RawSocket(node.port, ada) as raw:
        for n in range(1, 201):
            node.publish(meeting.slug, "messages_posted", [{"id": n, "body": str(n)}])
        lists: list[list[int]] = []
        while sum(map(len, lists)) < 200:
            packet = raw.receive_until('42/live,["messages_posted"')[-1]
            lists.append([message["id"] for message in json.loads(packet[8:])[1]])
        assert sorted(number for ids in lists for number in ids) == list(range(1, 201))
        assert all(ids == sorted(ids) for ids in lists)
        assert len(lists) < 40


def test_viewers_beyond_the_limit_are_refused_politely(node: Node, meeting: Meeting) -> None:
    links: list[socket.socket] = []
    cookies = [meeting.viewer().cookie for _ in range(MOST // 10 + 1)]
    try:
        for cookie in [cookie for cookie in cookies[:-1] for _ in range(10)]:
            # Viewers of the test before may still be leaving.
            wait_for(lambda c=cookie: status(node, links, c) == 101, what="a place")
        assert status(node, links, cookies[-1]) == 503
        headers = {"Cookie": cookies[-1]}
        answer = requests.get(polling_address(node), headers=headers, timeout=10)
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "5")
        assert requests.get(f"{node.process.url}/healthz", timeout=10).status_code == 200
    finally:
        for link in links:
            link.close()
    # All leave at once, and there is room again.
    with meeting.viewer() as ada:
        wait_for(lambda: joined(lambda: ada.connect(node.process.url)), what="room for one")


def test_an_employee_has_twenty_places_and_takes_none_of_a_colleague(
    node: Node, meeting: Meeting
) -> None:
    links: list[socket.socket] = []
    with meeting.viewer() as ada, meeting.viewer() as grace:
        try:
            assert [status(node, links, ada.cookie) for _ in range(21)] == [101] * 20 + [429]
            grace.connect(node.process.url)
            links.pop(0).close()
            wait_for(lambda: status(node, links, ada.cookie) == 101, what="a place to be free")
        finally:
            for link in links:
                link.close()


@pytest.mark.parametrize("query", ["", "&sid=", "&xsid=1", "&t=sid=1"])
def test_strangers_have_few_places_for_a_short_time(
    node: Node, meeting: Meeting, query: str
) -> None:
    address = f"{polling_address(node)}{query}"
    wait_for(lambda: requests.get(address, timeout=10).status_code == 200, 30, "a free place")
    answers = [requests.get(address, timeout=10).status_code for _ in range(20)]
    assert set(answers) <= {200, 429}
    assert answers.count(200) < 10
    forged = {"Cookie": "townhall=eyJ2aWV3ZXIiOlsxLDBdfQ.aSkgdA.x"}
    assert requests.get(address, headers=forged, timeout=10).status_code == 429
    with meeting.viewer() as ada:
        ada.connect(node.process.url)
        assert ada.post("a viewer gets in all the same")["ok"]


class PollingSession:
    """A client on long polling, without the library."""

    def __init__(self, node: Node, cookie: str = "") -> None:
        self.headers = {"Cookie": cookie}
        address = polling_address(node)
        opened = requests.get(address, headers=self.headers, timeout=10).text
        self.address = f"{address}&sid={json.loads(opened[1:])['sid']}"

    def __enter__(self) -> "PollingSession":
        return self

    def __exit__(self, *_: object) -> None:
        self.post(b"1")

    def poll(self) -> requests.Response:
        return requests.get(self.address, headers=self.headers, timeout=30)

    def post(self, body: bytes) -> requests.Response:
        return requests.post(self.address, data=body, headers=self.headers, timeout=10)

    def join(self, slug: str) -> None:
        self.post(f"40/live,{json.dumps({'event': slug})}".encode())
        assert "40/live,{" in self.poll().text


def test_a_second_poll_of_a_session_ends_it(node: Node, meeting: Meeting) -> None:
    with meeting.viewer() as ada, PollingSession(node, ada.cookie) as session:
        with ThreadPoolExecutor(5) as at_once:
            polls = [at_once.submit(session.poll) for _ in range(5)]
            answers = [poll.result().status_code for poll in polls]
        assert answers.count(400) >= 4
        assert session.post(b"3").status_code == 400


def test_a_flood_of_polling_requests_ends_its_session(node: Node, meeting: Meeting) -> None:
    with meeting.viewer() as ada, PollingSession(node, ada.cookie) as session:
        session.join(meeting.slug)
        wait_for(lambda: session.post(b"\x1e".join([b"3"] * 16)).status_code == 400, 30, "the end")


def test_jsonp_is_refused(node: Node) -> None:
    assert requests.get(f"{polling_address(node)}&j=0", timeout=10).status_code == 400


def polling_address(node: Node) -> str:
    return f"{node.process.url}/socket.io/?EIO=4&transport=polling"


def status(node: Node, links: list[socket.socket], cookie: str) -> int:
    """Open one more connection and return its status; keep it if there is one."""
    connection = http.client.HTTPConnection("127.0.0.1", node.port, timeout=10)
    key = {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13"}
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Cookie": cookie}
    connection.request("GET", "/socket.io/?EIO=4&transport=websocket", headers=key | upgrade)
    link = connection.sock
    head = link.recv(12, socket.MSG_PEEK | socket.MSG_WAITALL)
    links.append(link)
    return int(head.split()[1])


def joined(connect: Callable[[], object]) -> bool:
    try:
        connect()
    except socketio.exceptions.ConnectionError:
        return False
    return True


def test_a_node_that_is_told_to_stop_answers_what_it_took_and_sends_its_viewers_away(
    stack: Stack, meeting: Meeting
) -> None:
    for fanout in ("direct", "stock"):
        node = Node(stack, fanout)
        node.process.start()
        with (
            meeting.viewer().connect(node.process.url) as ada,
            meeting.viewer().connect(node.process.url, "polling") as grace,
        ):
            answers: list[dict[str, Any]] = []
            posting = threading.Thread(target=lambda v=ada, a=answers: a.append(v.post("last")))
            posting.start()
            wait_for(lambda v=grace: "last" in v.bodies)
            node.process.terminate()
            posting.join(10)
            assert answers[0]["ok"] is True
            wait_for(lambda v=ada: not v.socket.connected, what="the viewer to be sent away")
            wait_for(lambda n=node: not n.process.running, seconds=10)
            assert node.process.exit_status == 0
        assert not [line for line in node.lines if "Traceback" in line]
