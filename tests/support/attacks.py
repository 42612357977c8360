"""Attacks on a whole system, by nginx, and a canary that they must not harm.

tests/faults and tests/compose run the same ones, each on a system of its own.
"""

import csv
import re
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from statistics import quantiles
from urllib.parse import urljoin, urlsplit

import pytest
import requests
import websocket

from stack.ports import LOOPBACK
from tests.support.bombs import BOMBS
from tests.support.employees import NORA, TITLES, workbook
from tests.support.meeting import Meeting
from tests.support.moderator import Moderator
from tests.support.raw_socket import RawSocket
from tests.support.viewer import Viewer
from tests.support.waiting import wait_for

# Attackers, servers and canary share two cores here; a stopped process would be seconds.
SLOWEST_SECONDS = 1.0
MEMORY_BACK_KIB = 48 * 1024
# How long an attack holds what it has: the canary acts meanwhile.
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
        # An attack is judged by its own figures, also after one that failed.
        posts, self.posts = self.posts, []
        pages, self.pages = self.pages, []
        for seconds in (posts, pages):
            print(f"{max(seconds) * 1000:.0f} ms", end=" ")
            assert quantiles(seconds, n=20)[-1] < SLOWEST_SECONDS, seconds
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


@contextmanager
def unharmed_canary(
    meeting: Meeting, pids: Iterable[int], own_lines: Callable[[], list[str]]
) -> Iterator[Canary]:
    """Let a canary sing through all attacks, then judge the system.

    `pids` are its processes, and `own_lines` returns what they have logged since.
    """
    with meeting.viewer().connect(meeting.site) as viewer:
        before = {pid: resident_kib(pid) for pid in pids}
        with Canary(viewer) as canary:
            canary.check()
            yield canary
        viewer.wait_for_bodies(*canary.bodies)
        assert [viewer.bodies.count(body) for body in canary.bodies] == [1] * len(canary.bodies)
        # The same processes as before, or a pid would be unknown.
        grown = {pid: resident_kib(pid) - kib for pid, kib in before.items()}
        assert max(grown.values()) < MEMORY_BACK_KIB, grown
        lines = own_lines()
        assert not [line for line in lines if "Traceback" in line]
        assert len(lines) < 25, lines


def resident_kib(pid: int) -> int:
    """Return the memory of a process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) + sum(resident_kib(int(child)) for child in children)


class Attacker:
    """Sends what no browser sends, and keeps every answer."""

    def __init__(self, meeting: Meeting) -> None:
        self.meeting, self.site = meeting, meeting.site
        self.port = int(self.site.rpartition(":")[2])
        self.page = f"/events/{meeting.slug}/"
        self.employee: Viewer = meeting.viewer()

    def open(self, data: bytes) -> socket.socket:
        """Send the beginning of a request and keep the connection."""
        connection = socket.create_connection((LOOPBACK, self.port), timeout=5)
        with suppress(OSError):
            connection.sendall(data)
        return connection

    def say(self, data: bytes, patience: float = 1) -> str:
        """Send bytes; return the answer until the connection ends or is silent for `patience` s."""
        answer = b""
        with self.open(data) as connection, suppress(OSError):
            connection.settimeout(patience)
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
            f"{attacker.site}{attacker.page}messages", data={"body": "y" * 100_000}, timeout=15
        )
        assert answer.status_code in {400, 422}
    # Nobody else's files: too large a form never gets one.
    too_large = head.replace(str(size), "1000000000").encode()
    assert attacker.say(too_large, patience=10).startswith("HTTP/1.1 413")


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
        page = attacker.employee.web.get(f"{attacker.site}{attacker.page}live", timeout=15)
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
    page = requests.get(f"{attacker.site}{attacker.page}", timeout=15)
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
    site = f"{attacker.site}{attacker.page}"
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
        attacker.employee.other_tab().connect(attacker.site) as mallory,
        attacker.meeting.viewer().connect(attacker.site) as ada,
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


def lead_astray(attacker: Attacker) -> None:
    """Ask to be sent to another site after signing in, in every spelling that browsers follow."""
    admin = Moderator(attacker.meeting, "-astray")
    spellings = f"""https://{EVIL}/ //{EVIL}/ ///{EVIL} /\\{EVIL} \\\\{EVIL} https:{EVIL} /%2f{EVIL}
        /admin/..//{EVIL} /admin/%2e%2e//{EVIL} /admin@{EVIL} @{EVIL} .{EVIL} javascript:alert(1)
        data:text/html,x /%09/{EVIL} %0d%0aLocation:https://{EVIL}/ /admin/%0d%0aX:https://{EVIL}/
        //{EVIL}/admin/ https://{EVIL}/admin/ /admin/../../{EVIL} \t//{EVIL}"""
    for spelling in spellings.split():
        # A signed-in admin is sent on at once.
        address = f"{attacker.site}/admin/login?next={spelling}"
        answer = admin.web.get(address, allow_redirects=False, timeout=15)
        assert answer.status_code in {302, 303}, spelling
        target = urljoin(address, answer.headers["Location"].replace("\\", "/"))
        assert urlsplit(target).netloc == urlsplit(attacker.site).netloc, (spelling, target)
        assert "X" not in answer.headers


def unpack_bombs(attacker: Attacker) -> None:
    """Import workbooks of some KiB that unpack to gigabytes."""
    admin = Moderator(attacker.meeting, "-bombs")
    for name in ("cells of a row", "cell styles", "strings", "elements in each other"):
        file = BOMBS[name](workbook([TITLES, NORA]))
        answer = admin.send_file("/admin/employees/import", file)
        assert answer.status_code in {200, 422}, name
        assert "This workbook is too large." in answer.text, name


def hide_formulas(attacker: Attacker) -> None:
    """Bring formulas in names and messages into the files that admins download."""
    run = f'=HYPERLINK("https://{EVIL}";"Open")'
    viewer = attacker.meeting.viewer(first_name=run)
    with viewer.connect(attacker.site):
        for text in (run, f"+{run}", f"x\n@{run}", f'",{run}'):
            assert viewer.post(text)["ok"]
    admin = Moderator(attacker.meeting, "-formulas")
    files = [
        f"{attacker.site}/admin/events/{attacker.meeting.slug}/{name}"
        for name in ("attendance.csv", "chat.csv")
    ]
    for address in files:
        text = admin.web.get(address, timeout=15).content.decode("utf-8-sig")
        rows = list(csv.reader(text.splitlines(keepends=True)))
        assert EVIL in text, address
        assert not [c for row in rows for c in row if c.lstrip().startswith(("=", "+", "@"))]


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
    lead_astray,
    unpack_bombs,
    hide_formulas,
]
