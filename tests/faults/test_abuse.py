"""Attacks on the whole system, by nginx: they harm their sender alone.

A canary posts and reads pages meanwhile. Afterwards every process is the same, has its memory
back, and has logged neither a trace nor a flood.
"""

import re
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from statistics import quantiles

import pytest
import requests
import websocket

from stack import Stack
from stack.ports import LOOPBACK
from tests.faults.faulty import Log
from tests.support.meeting import Meeting, held_meeting
from tests.support.raw_socket import RawSocket
from tests.support.viewer import Viewer
from tests.support.waiting import wait_for
from webapp.infra.settings import load_settings

# Attackers, servers and canary share two cores here; a stopped process would be seconds.
SLOWEST_SECONDS = 1.0
MEMORY_BACK_KIB = 48 * 1024
# An attack holds its connections for this time, while the canary acts.
HELD_SECONDS = 2
EVIL = "evil.example"
# Nothing that an answer to a stranger may contain.
LEAKS = re.compile(r"Traceback|site-packages|mysql\+pymysql|nginx/\d|gunicorn|\"env\"")


class Canary:
    """A viewer who posts and reads a page all the time, and notes how long both take."""

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer
        self.posts: list[float] = []
        self.pages: list[float] = []
        self.bodies: list[str] = []
        self._end = threading.Event()
        self._threads = [threading.Thread(target=loop) for loop in (self._post, self._read)]

    def __enter__(self) -> "Canary":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()

    def check(self) -> None:
        """Assert that nothing was slow or lost since the last check."""
        wait_for(lambda: len(self.posts) >= 2 and len(self.pages) >= 5, 15, "the canary sings")
        for seconds in (self.posts, self.pages):
            assert quantiles(seconds, n=20)[-1] < SLOWEST_SECONDS, seconds
            print(f"{max(seconds) * 1000:.0f} ms", end=" ")
            seconds.clear()
        assert self.viewer.socket.connected

    def _post(self) -> None:
        # Five in ten seconds are allowed.
        while not self._end.wait(2.1):
            body = secrets.token_hex(8)
            began = time.monotonic()
            if self.viewer.post(body)["ok"]:
                self.posts.append(time.monotonic() - began)
                self.bodies.append(body)

    def _read(self) -> None:
        address = f"{self.viewer.site}/events/{self.viewer.slug}/live"
        while not self._end.wait(0.1):
            began = time.monotonic()
            if self.viewer.web.get(address, timeout=30).status_code == 200:
                self.pages.append(time.monotonic() - began)


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
    """Let a canary sing through all attacks, then judge the system."""
    with meeting.viewer().connect(stack.url) as viewer:
        before = {server.pid: resident_kib(server.pid) for server in (*stack.web, *stack.realtime)}
        with Canary(viewer) as canary:
            canary.check()
            yield canary
        viewer.wait_for_bodies(*canary.bodies)
        assert [viewer.bodies.count(body) for body in canary.bodies] == [1] * len(canary.bodies)
        # The same processes as before, or a pid would be unknown.
        for pid, kib in before.items():
            assert resident_kib(pid) < kib + MEMORY_BACK_KIB
        lines = log.own()
        assert not [line for _, line in lines if "Traceback" in line]
        assert len(lines) < 25, lines


def resident_kib(pid: int) -> int:
    """Return the memory of a process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) + sum(resident_kib(int(child)) for child in children)


class Attacker:
    """Sends what no browser sends, and keeps every answer."""

    def __init__(self, stack: Stack, meeting: Meeting) -> None:
        self.stack, self.meeting = stack, meeting
        self.port = stack.nginx.port
        self.page = f"/events/{meeting.slug}/"
        self.employee: Viewer = meeting.viewer()

    def open(self, data: bytes) -> socket.socket:
        """Send the beginning of a request and keep the connection."""
        connection = socket.create_connection((LOOPBACK, self.port), timeout=5)
        with suppress(OSError):
            connection.sendall(data)
        return connection

    def say(self, data: bytes) -> str:
        """Send bytes; return what is answered until the connection ends or falls silent."""
        answer = b""
        with self.open(data) as connection, suppress(OSError):
            connection.settimeout(1)
            while more := connection.recv(65536):
                answer += more
        text = answer.decode("latin-1")
        assert not LEAKS.search(text), text
        return text


def keep_headers_open(attacker: Attacker) -> None:
    """Begin 400 requests, and never end their headers."""
    with ExitStack() as ending:
        for _ in range(400):
            ending.enter_context(attacker.open(b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: "))
        time.sleep(HELD_SECONDS)


def flood_headers(attacker: Attacker) -> None:
    """Send too many headers, one that is too long, and cookies of a megabyte."""
    many = b"".join(b"X-%d: y\r\n" % n for n in range(20_000))
    for header in (many, b"X-Long: " + b"y" * 300_000, b"Cookie: townhall=" + b"y" * 1_000_000):
        for _ in range(5):
            answer = attacker.say(b"GET / HTTP/1.1\r\nHost: a\r\n" + header + b"\r\n\r\n")
            assert not answer or re.match(r"HTTP/1\.1 4\d\d", answer), answer[:200]


def stall_uploads(attacker: Attacker) -> None:
    """Send all but the end of 300 forms that are as large as a form may be."""
    body, size = b"x" * 199_000, 199_999
    head = f"POST {attacker.page}check-in HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n"
    with ExitStack() as ending:
        for _ in range(300):
            ending.enter_context(attacker.open(head.encode() + body))
        # Others may send a form that nginx keeps in a file as well.
        answer = attacker.employee.web.post(
            f"{attacker.stack.url}{attacker.page}messages", data={"body": "y" * 100_000}, timeout=15
        )
        assert answer.status_code in {400, 422}
    # Nobody else's files: too large a form never gets one.
    too_large = head.replace(str(size), "1000000000").encode()
    assert attacker.say(too_large).startswith("HTTP/1.1 413")


def smuggle(attacker: Attacker) -> None:
    """Hide a second request in the body of the first, in every known spelling."""
    hidden = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
    chunks = b"0\r\n\r\n" + hidden
    length = b"Content-Length: %d\r\n" % len(chunks)
    spellings = [
        length + b"Transfer-Encoding: chunked\r\n",
        length + b"Transfer-Encoding : chunked\r\n",
        length + b"Transfer-Encoding: xchunked\r\n",
        length + b"Transfer-Encoding: chunked, identity\r\n",
        length + b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
        length + b"Transfer-Encoding:\x0bchunked\r\n",
        length + b"X: y\r\n Transfer-Encoding: chunked\r\n",
        length + b"X: y\nTransfer-Encoding: chunked\r\n",
        length + b"Content-Length: 0\r\n",
        b"Content-Length: 0, %d\r\n" % len(chunks),
        b"Content-Length: +%d\r\n" % len(chunks),
    ]
    for spelling in spellings:
        head = f"POST {attacker.page}check-in HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
        answer = attacker.say(head.encode() + spelling + b"\r\n" + chunks)
        assert answer.count("HTTP/1.1 ") <= 1, spelling
    # Had a worker or nginx taken it for a request, the next ones would get its answer.
    for _ in range(10):
        page = attacker.employee.web.get(f"{attacker.stack.url}{attacker.page}live", timeout=15)
        assert (page.status_code, page.headers["Content-Type"][:9]) == (200, "text/html")


def trick_paths(attacker: Attacker) -> None:
    """Ask for files and addresses that nginx keeps inside."""
    paths = """/static/../wsgi.py /static/..%2fwsgi.py /static/%2e%2e/wsgi.py /static/..%5cwsgi.py
        /static../wsgi.py /static//etc/passwd /static/build/../../wsgi.py /static/%00/../wsgi.py
        /metrics /metrics/ /metrics?x /%6detrics //metrics /./metrics /static/../metrics
        /socket.io/../metrics /METRICS /events/..%2f..%2fmetrics /may-import /.git/config
        /instance/secret_key /%2e%2e/%2e%2e/etc/passwd /events/%0d%0aSet-Cookie:x=1/"""
    for path in paths.split():
        head = f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        answer = attacker.say(head.encode())
        assert re.match(r"HTTP/1\.1 (30\d|40\d)", answer), (path, answer[:200])
        assert "create_app" not in answer
        assert "townhall_" not in answer
        assert "set-cookie: x" not in answer.lower()


def forge_hosts(attacker: Attacker) -> None:
    """Claim another host, for links and redirects and for what others see afterwards."""
    for header in ("Host", "X-Forwarded-Host", "X-Host", "Forwarded", "X-Original-URL"):
        value = f"host={EVIL}" if header == "Forwarded" else EVIL
        host = "" if header == "Host" else "Host: a\r\n"
        for path in ("/", attacker.page, attacker.page.rstrip("/"), "/admin/", "/static"):
            head = f"GET {path} HTTP/1.1\r\n{host}{header}: {value}\r\nConnection: close\r\n\r\n"
            answer = attacker.say(head.encode())
            location = re.search(r"(?im)^location: (.*)$", answer)
            assert not location or EVIL not in location[1], answer[:300]
            # No cache between may keep a page that somebody has shaped.
            if answer.startswith("HTTP/1.1 200"):
                assert re.search(r"(?i)cache-control: .*(no-store|private|no-cache)", answer)
    page = requests.get(f"{attacker.stack.url}{attacker.page}", timeout=15)
    assert EVIL not in page.text


def storm_sockets(attacker: Attacker) -> None:
    """Connect as one person 300 times at once, again and again, also as strangers."""

    def connect(number: int) -> None:
        cookie = attacker.employee.cookie if number % 2 else None
        with suppress(websocket.WebSocketException, OSError):
            websocket.create_connection(
                f"ws://{LOOPBACK}:{attacker.port}/socket.io/?EIO=4&transport=websocket",
                cookie=cookie,
                timeout=5,
            ).shutdown()  # type: ignore[no-untyped-call]

    with ThreadPoolExecutor(30) as at_once:
        list(at_once.map(connect, range(300)))


def send_nonsense(attacker: Attacker) -> None:
    """Send frames and packets that break every rule, some without pause."""
    for packet in (
        "zzz",
        b"\x00\xff",
        "42/live," + "[" * 15_000,
        "42/live," + "x" * 100_000,
        '452-/live,["x",{"_placeholder":true,"num":0}]',
        '42/live,1["post_message",{"nonce":"' + "n" * 5000 + '","body":"x"}]',
    ):
        with suppress(AssertionError), RawSocket(attacker.port, attacker.employee) as raw:
            raw.send(packet)
            answers = [text for text in raw.receive_until("43", "44", "41") if text]
            assert not LEAKS.search("".join(answers))
    with RawSocket(attacker.port, attacker.employee) as raw, suppress(OSError):
        deadline = time.monotonic() + 10
        assert raw.link.sock
        while time.monotonic() < deadline:
            raw.link.sock.sendall(b"\x89\x80\0\0\0\0" * 500)
        pytest.fail("a flood of pings is not closed")


def forge_requests(attacker: Attacker) -> None:
    """Use a visitor's cookie from another site, by forms and by sockets."""
    site = f"{attacker.stack.url}{attacker.page}"
    web, foreign = attacker.employee.web, {"Origin": f"https://{EVIL}"}
    for token in (None, "", "forged", "IjEi.aaaa.bbbb"):
        fields = {"body": "forged", "nonce": "n1"} | ({"csrf_token": token} if token else {})
        answer = web.post(f"{site}messages", data=fields, headers=foreign, timeout=15)
        assert answer.status_code == 400
    address = f"ws://{LOOPBACK}:{attacker.port}/socket.io/?EIO=4&transport=websocket"
    with pytest.raises(websocket.WebSocketBadStatusException):
        websocket.create_connection(
            address, cookie=attacker.employee.cookie, origin=f"https://{EVIL}", timeout=5
        )


def abuse_nonces(attacker: Attacker) -> None:
    """Send another text under a nonce of one's own, and under somebody else's."""
    with (
        attacker.employee.other_tab().connect(attacker.stack.url) as mallory,
        attacker.meeting.viewer().connect(attacker.stack.url) as ada,
    ):
        first = ada.post("Ada's", nonce="shared-nonce")
        second = mallory.post("Mallory's", nonce="shared-nonce")
        assert first["ok"]
        assert second["ok"]
        assert second["id"] != first["id"]
        assert not mallory.post("another", nonce="shared-nonce")["ok"]
        ada.wait_for_bodies("Ada's", "Mallory's")
        assert ada.bodies.count("Ada's") == 1
        assert "another" not in ada.bodies


ATTACKS: list[Callable[[Attacker], None]] = [
    keep_headers_open,
    flood_headers,
    stall_uploads,
    smuggle,
    trick_paths,
    forge_hosts,
    storm_sockets,
    send_nonsense,
    forge_requests,
    abuse_nonces,
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_an_attack_harms_nobody_else(
    stack: Stack, meeting: Meeting, canary: Canary, attack: Callable[[Attacker], None]
) -> None:
    attack(Attacker(stack, meeting))
    canary.check()
