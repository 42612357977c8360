"""nginx.conf itself: what it sends where, on a real nginx before upstreams that take notes."""

import difflib
import hashlib
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from stack.nginx_conf import localized
from stack.ports import LOOPBACK, free_port
from stack.process import ROOT
from stack.servers import Nginx
from webapp.infra.addresses import client_address

HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits",
}
# The answer to that key (RFC 6455, section 1.3).
ACCEPTED = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
NEW_SOCKET = "/socket.io/?EIO=4&transport=websocket"
NEW_POLL = "/socket.io/?EIO=4&transport=polling"
IMPORT = "/admin/employees/import"
PERMISSION = f"{IMPORT}/permission"
EXPORT = "/admin/events/town-hall/attendance.csv"


class Upstream(ThreadingHTTPServer):
    """Answers 200 to all, keeps WebSockets open, and notes each request."""

    def __init__(self) -> None:
        super().__init__((LOOPBACK, free_port()), Answer)
        self.requests: list[Answer] = []
        self.connections: list[socket.socket] = []
        self.open_sockets: list[BaseHTTPRequestHandler] = []
        self.hangs_up = False
        self.refuses_with = 0
        self.signed_in = True
        self.export = b""
        self.sent = threading.Event()
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.append(request)
        super().process_request(request, client_address)

    def die(self) -> None:
        """Refuse and drop every connection."""
        self.shutdown()
        self.server_close()
        for connection in self.connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Upstream
    received_at: float

    def do_GET(self) -> None:
        self.received_at = time.monotonic()
        self.server.requests.append(self)
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.server.hangs_up:
            self.close_connection = True
        elif self.server.refuses_with:
            self.send_response(self.server.refuses_with)
            self.send_header("Retry-After", "5")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif self.path == PERMISSION and not self.server.signed_in:
            self.send_response(303)
            self.send_header("Location", "/admin/login")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif self.path.endswith(".csv"):
            self.send_export()
        elif self.headers.get("Upgrade"):
            self.keep_open()
        else:
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

    do_POST = do_GET  # noqa: N815 - the name http.server looks for

    def keep_open(self) -> None:
        self.server.open_sockets.append(self)
        self.send_response(101)
        self.send_header("Connection", "Upgrade")
        self.send_header("Upgrade", "websocket")
        self.send_header("Sec-WebSocket-Accept", ACCEPTED)
        self.end_headers()
        self.rfile.read()
        self.server.open_sockets.remove(self)
        self.close_connection = True

    def send_export(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.server.export)))
        self.end_headers()
        self.wfile.write(self.server.export)
        self.server.sent.set()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


class Site:
    """nginx before two web workers and two nodes, and a client of it."""

    def __init__(
        self,
        folder: Path,
        closing: ExitStack,
        trusted_proxies: int = 1,
        changes: dict[str, str] | None = None,
    ) -> None:
        self.log: list[str] = []
        self.web = [Upstream(), Upstream()]
        self.nodes = [Upstream(), Upstream()]
        for upstream in (*self.web, *self.nodes):
            closing.callback(upstream.die)
        self.nginx = Nginx(
            folder,
            ports(self.web),
            ports(self.nodes),
            log=lambda _, line: self.log.append(line),
            trusted_proxies=trusted_proxies,
        )
        for before, after in (changes or {}).items():
            assert before in self.nginx.conf
            self.nginx.conf = self.nginx.conf.replace(before, after)
        closing.callback(self.nginx.kill)
        self.nginx.start()
        self.closing = closing

    def ask(self, path: str, method: str = "GET", body: Any = b"", **headers: Any) -> HTTPResponse:
        return self.connect(path, method, body, headers)[1]

    def open_socket(self, path: str = NEW_SOCKET) -> HTTPConnection:
        connection, answer = self.connect(path, headers=HANDSHAKE)
        assert answer.status == 101
        return connection

    def connect(
        self,
        path: str,
        method: str = "GET",
        body: bytes = b"",
        headers: dict[str, str] | None = None,
    ) -> tuple[HTTPConnection, HTTPResponse]:
        connection = HTTPConnection(LOOPBACK, self.nginx.port, timeout=10)
        self.closing.callback(connection.close)
        connection.request(method, path, body or None, headers or {})
        answer = connection.getresponse()
        self.closing.callback(answer.close)
        return connection, answer


def ports(upstreams: list[Upstream]) -> list[int]:
    return [upstream.server_port for upstream in upstreams]


def counts(upstreams: list[Upstream]) -> list[int]:
    return [len(upstream.requests) for upstream in upstreams]


def open_sockets(site: Site) -> list[int]:
    return [len(node.open_sockets) for node in site.nodes]


def last_request(upstreams: list[Upstream]) -> Answer:
    return max((u.requests[-1] for u in upstreams if u.requests), key=lambda one: one.received_at)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "waited 10 s in vain"
        time.sleep(0.01)


def logged(site: Site, path: str) -> str:
    """Return the line of the access log about `path`."""

    def lines() -> list[str]:
        return [line for line in site.log if f" {path} " in line]

    wait_for(lambda: bool(lines()))
    return lines()[-1]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with ExitStack() as closing:
        yield Site(tmp_path, closing)


def test_only_addresses_and_paths_differ_from_the_file(tmp_path: Path) -> None:
    original = (ROOT / "nginx.conf").read_text().splitlines()
    local = localized(port=80, web=[1], realtime=[2], folder=tmp_path).splitlines()
    changed = [line for line in difflib.ndiff(original, local) if line.startswith(("-", "+"))]
    words = {line[1:].split()[0] for line in changed}
    # "#" where this machine has no IPv6.
    words -= {"#"}
    paths = {f"{kind}_temp_path" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")}
    assert words <= {"resolver", "server", "listen", "pid", "root", "include"} | paths


def test_nginx_accepts_it_without_a_warning(tmp_path: Path) -> None:
    nginx = Nginx(tmp_path / "folder with a space", [1, 2], [3, 4])
    nginx.folder.mkdir()
    (nginx.folder / "nginx.conf").write_text(nginx.conf)
    tested = subprocess.run([*nginx.argv, "-t"], capture_output=True, text=True, check=False)
    assert tested.returncode == 0, tested.stderr
    assert "[warn]" not in tested.stderr


def test_new_websockets_of_one_address_go_to_the_least_busy_node(site: Site) -> None:
    by_node: list[list[HTTPConnection]] = [[], []]
    for _ in range(6):
        before = open_sockets(site)
        client = site.open_socket()
        by_node[open_sockets(site)[0] == before[0]].append(client)
    assert open_sockets(site) == [3, 3]
    for client in by_node[1]:
        client.close()
    wait_for(lambda: open_sockets(site) == [3, 0])
    for _ in range(3):
        site.open_socket()
    assert open_sockets(site) == [3, 3]


def test_who_met_silence_may_come_to_a_node_that_is_not_the_least_busy(site: Site) -> None:
    """That one may be the least busy because it hangs."""
    site.open_socket()
    for _ in range(20):
        site.open_socket(f"{NEW_SOCKET}&again=1").close()
        wait_for(lambda: sum(open_sockets(site)) == 1)
    assert min(counts(site.nodes)) > 1


@pytest.mark.parametrize("again", ["", "&again=7"])
def test_polling_and_its_upgrade_stay_on_one_node(site: Site, again: str) -> None:
    for _ in range(6):
        site.ask(f"/socket.io/?EIO=4&transport=polling{again}")
    site.ask(f"/socket.io/?EIO=4&transport=polling&sid=abc{again}", "POST", b"40/live")
    site.open_socket(f"{NEW_SOCKET}&sid=abc{again}")
    assert sorted(counts(site.nodes)) == [0, 8]


def test_polling_is_pinned_by_the_network_of_the_address(site: Site) -> None:
    """`ip_hash` takes the first three numbers of an IPv4 address."""
    for host in range(2, 10):
        client = HTTPConnection(LOOPBACK, site.nginx.port, source_address=(f"127.0.0.{host}", 0))
        client.request("GET", "/socket.io/?EIO=4&transport=polling")
        assert client.getresponse().status == 200
        client.close()
    assert sorted(counts(site.nodes)) == [0, 8]


def test_polling_that_was_refused_may_come_to_another_node(site: Site) -> None:
    for number in range(20):
        site.ask(f"/socket.io/?EIO=4&transport=polling&again={number}")
    assert min(counts(site.nodes)) > 1


@pytest.mark.parametrize("again", ["", "&again=7"])
def test_a_full_node_takes_no_websocket_from_the_others(site: Site, again: str) -> None:
    """It refuses quickly, so it always is the least busy one."""
    site.nodes[0].refuses_with = 503
    for _ in range(6):
        site.open_socket(f"{NEW_SOCKET}{again}")
    assert open_sockets(site) == [0, 6]


def test_a_refusal_of_all_nodes_is_passed_on(site: Site) -> None:
    for node in site.nodes:
        node.refuses_with = 503
    _, answer = site.connect(NEW_SOCKET, headers=HANDSHAKE)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert counts(site.nodes) == [1, 1]


def test_polling_that_is_refused_is_not_sent_to_a_node_that_would_lose_it(site: Site) -> None:
    for node in site.nodes:
        node.refuses_with = 429
    assert site.ask("/socket.io/?EIO=4&transport=polling").status == 429
    assert sorted(counts(site.nodes)) == [0, 1]


@pytest.mark.parametrize(
    ("sent", "received"),
    [
        ({"X-Forwarded-Ssl": "on"}, "https, http"),
        ({"X-Forwarded-Ssl": "off"}, "http"),
        ({"X-Forwarded-Ssl": "on", "X-Forwarded-Proto": "https"}, "https, http"),
        ({"X-Forwarded-Protocol": "ssl", "X-Forwarded-Proto": "https"}, "https, http"),
    ],
)
def test_a_tls_terminator_may_say_it_in_its_own_way(
    site: Site, sent: dict[str, str], received: str
) -> None:
    """gunicorn answers 400 when two such headers contradict each other."""
    site.ask("/", **sent)
    headers = last_request(site.web).headers
    assert headers["X-Forwarded-Proto"] == received
    assert "X-Forwarded-Ssl" not in headers
    assert "X-Forwarded-Protocol" not in headers


def test_websockets_are_not_compressed(site: Site) -> None:
    site.open_socket()
    headers = last_request(site.nodes).headers
    assert "Sec-WebSocket-Extensions" not in headers
    assert headers["Upgrade"] == "websocket"
    assert headers["Connection"] == "upgrade"


def test_the_app_learns_who_asks_and_for_what(site: Site) -> None:
    site.ask("/", **{"Host": "townhall.example:8443", "X-Forwarded-For": "203.0.113.9"})
    headers = last_request(site.web).headers
    assert headers["Host"] == "townhall.example:8443"
    assert headers["X-Forwarded-For"] == "203.0.113.9, 127.0.0.1"
    assert headers["X-Forwarded-Proto"] == "http"
    assert headers["X-Forwarded-Host"] == "townhall.example:8443"


def test_a_proxy_in_front_is_kept_in_the_chain(site: Site) -> None:
    site.ask("/", **{"Host": "inside", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "outside"})
    headers = last_request(site.web).headers
    assert headers["X-Forwarded-Proto"] == "https, http"
    assert headers["X-Forwarded-Host"] == "outside, inside"


@pytest.mark.parametrize("path", ["/metrics", "//metrics", "/static/../metrics", "/%6detrics"])
def test_metrics_stay_inside(site: Site, path: str) -> None:
    assert site.ask(path).status == 404
    assert counts(site.web) == [0, 0]


def test_static_files_come_from_disk_and_last_when_they_are_of_the_version_asked_for(
    site: Site,
) -> None:
    file = ROOT / "static/build/site.css"
    version = hashlib.sha256(file.read_bytes()).hexdigest()[:12]
    compressed = {"Accept-Encoding": "gzip"}
    versioned = site.ask(f"/static/build/site.css?v={version}", **compressed)
    assert versioned.status == 200
    assert "immutable" in versioned.headers["Cache-Control"]
    # A page of another release asks for another content, which must not stay.
    for query in ("", "?v=abc", f"?v={version[::-1]}", "?v="):
        other = site.ask(f"/static/build/site.css{query}", **compressed)
        assert (other.status, other.headers["Cache-Control"]) == (200, "no-cache"), query
    missing = site.ask(f"/static/no-such-file.css?v={version}")
    assert (missing.status, missing.headers["Cache-Control"]) == (404, None)
    assert counts(site.web) == [0, 0]


def test_only_the_employee_import_takes_large_bodies(site: Site) -> None:
    large = bytes(2_000_000)
    assert site.ask("/admin/employees/import", "POST", large, Cookie="a=b").status == 200
    with suppress(BrokenPipeError, ConnectionResetError):  # nginx need not read what it refuses
        assert site.ask("/admin/login", "POST", large).status == 413
    asked = [request for worker in site.web for request in worker.requests]
    assert sorted(request.path for request in asked) == [IMPORT, PERMISSION]
    assert {request.headers["Cookie"] for request in asked} == {"a=b"}


def test_nobody_else_may_send_a_large_body_to_the_import(site: Site) -> None:
    """nginx would keep it in a file before the application sees the first byte."""
    for worker in site.web:
        worker.signed_in = False
    # 31 of 32 MB, and then nothing.
    stalled = [stalled_upload(site) for _ in range(20)]
    for connection in stalled:
        answer = connection.getresponse()
        assert answer.status == 303
        assert answer.headers["Location"] == f"/admin/login?next={quote(IMPORT, safe='')}"
    assert list((site.nginx.folder / "client").iterdir()) == []
    assert {request.path for worker in site.web for request in worker.requests} == {PERMISSION}


def stalled_upload(site: Site, **headers: str) -> HTTPConnection:
    return stalled_post(site, IMPORT, 32 * 1024 * 1024, 1024 * 1024, headers)


def stalled_post(
    site: Site, path: str, announced: int, sent: int, headers: dict[str, str] | None = None
) -> HTTPConnection:
    """Announce a body, send its beginning, and stop."""
    connection = HTTPConnection(LOOPBACK, site.nginx.port, timeout=10)
    site.closing.callback(connection.close)
    connection.putrequest("POST", path)
    for name, text in (headers or {}).items():
        connection.putheader(name, text)
    connection.putheader("Content-Length", str(announced))
    connection.endheaders()
    with suppress(BrokenPipeError, ConnectionResetError):
        connection.send(bytes(sent))
    return connection


def test_an_organizer_uploads_only_a_few_files_at_once(site: Site) -> None:
    session = {"Cookie": "townhall=mine"}
    waiting = [stalled_upload(site, **session) for _ in range(4)]
    wait_for(lambda: sum(counts(site.web)) == len(waiting))
    answer = site.ask(IMPORT, "POST", b"x", **session)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "10")
    assert site.ask(IMPORT, "POST", b"x", Cookie="townhall=yours").status == 200
    for connection in waiting:
        connection.close()
    wait_for(lambda: site.ask(IMPORT, "POST", b"x", **session).status == 200)


def test_an_export_that_nobody_reads_leaves_its_worker(site: Site) -> None:
    for worker in site.web:
        worker.export = bytes(8_000_000)
    session = {"Cookie": "townhall=mine"}
    for _ in range(8):
        connection = HTTPConnection(LOOPBACK, site.nginx.port, timeout=10)
        site.closing.callback(connection.close)
        connection.connect()
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.request("GET", EXPORT, headers=session)
    wait_for(lambda: sum(counts(site.web)) == 8)
    for worker in site.web:
        assert worker.sent.wait(10)
    refused = site.ask(EXPORT, **session)
    assert (refused.status, refused.headers["Retry-After"]) == (503, "10")
    assert site.ask("/events/town-hall/").status == 200


def test_ipv6_clients_are_served(site: Site) -> None:
    if "no IPv6" in site.nginx.conf:
        pytest.skip("this machine has no IPv6")
    client = HTTPConnection("::1", site.nginx.port, timeout=10)
    client.request("GET", "/")
    assert client.getresponse().status == 200
    client.close()
    assert last_request(site.web).headers["X-Forwarded-For"] == "::1"


@pytest.mark.parametrize("others", [1, 2, 3])
def test_nginx_and_the_application_see_the_same_client(tmp_path: Path, others: int) -> None:
    chains = [
        "",
        "203.0.113.9",
        "192.0.2.66, 203.0.113.9",
        "192.0.2.66,203.0.113.9 , 198.51.100.4",
        "192.0.2.66, 203.0.113.9, 198.51.100.4, 198.51.100.5",
        "203.0.113.9:4711, 198.51.100.4:443",
        "2001:db8::1, 2001:db8::2",
        "[2001:db8::1]:4711, [2001:db8::2]",
        "unknown, unknown",
        "<script>",
    ]
    with ExitStack() as closing:
        site = Site(tmp_path, closing, others + 1)
        for chain in chains:
            site.ask(f"/{len(chain)}", **({"X-Forwarded-For": chain} if chain else {}))
            received = last_request(site.web).headers["X-Forwarded-For"]
            environ = {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": received}
            expected = client_address(environ, others + 1)
            assert logged(site, f"/{len(chain)}").split()[0] == expected, chain


def test_polling_behind_a_proxy_is_pinned_by_its_client(tmp_path: Path) -> None:
    with ExitStack() as closing:
        site = Site(tmp_path, closing, 2)
        for client in range(30):
            before = counts(site.nodes)
            for _ in range(3):
                chain = f"192.0.2.{client}, 203.0.113.{client}"
                site.ask(NEW_POLL, **{"X-Forwarded-For": chain})
            taken = [now - then for now, then in zip(counts(site.nodes), before, strict=True)]
            assert sorted(taken) == [0, 3]
        assert min(counts(site.nodes)) > 9


def test_a_client_that_no_proxy_vouches_for_cannot_choose_its_address(site: Site) -> None:
    site.ask("/mine", **{"X-Forwarded-For": "203.0.113.9"})
    assert logged(site, "/mine").startswith("127.0.0.1 ")


def test_the_large_cookies_of_a_company_pass(site: Site) -> None:
    cookies = "; ".join(f"portal{n}={'x' * 4000}" for n in range(6))
    assert site.ask("/", Cookie=cookies).status == 200
    assert last_request(site.web).headers["Cookie"] == cookies


@pytest.mark.parametrize("size", [40_000, 400_000])
def test_headers_beyond_the_limit_end_at_nginx(site: Site, size: int) -> None:
    with suppress(BrokenPipeError, ConnectionResetError):  # nginx need not read what it refuses
        answer = site.ask("/", Cookie="x" * size)
        assert answer.status == 400
        assert "nginx/" not in answer.read().decode()
    assert counts(site.web) == [0, 0]
    assert site.ask("/").status == 200


def test_one_id_names_a_request_in_all_logs(site: Site) -> None:
    site.ask("/first", **{"X-Request-Id": "forged"})
    name = last_request(site.web).headers["X-Request-Id"]
    assert len(name) == 32
    assert logged(site, "/first").endswith(name)


def test_connections_to_the_web_workers_are_kept(site: Site) -> None:
    for _ in range(20):
        site.ask("/")
    assert sum(counts(site.web)) == 20
    assert sum(len(worker.connections) for worker in site.web) < 10


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_dead_web_worker_is_skipped(site: Site, method: str) -> None:
    site.web[0].die()
    assert {site.ask("/", method, b"x").status for _ in range(20)} == {200}


def test_a_get_is_asked_again_when_its_worker_dies_under_it_but_never_a_post(site: Site) -> None:
    site.web[0].hangs_up = True
    assert {site.ask("/").status for _ in range(4)} == {200}
    before = sum(counts(site.web))
    answers = [site.ask("/", "POST", b"x").status for _ in range(4)]
    assert sum(counts(site.web)) == before + 4
    assert set(answers) <= {200, 503}


# Those of the file would take 4,000 requests to reach.
SMALL_LIMITS = {"rate=1000r/s": "rate=1r/m", "burst=4000": "burst=2"}


def test_a_flood_of_requests_is_told_to_wait(tmp_path: Path) -> None:
    with ExitStack() as closing:
        site = Site(tmp_path, closing, changes=SMALL_LIMITS)
        assert [site.ask("/").status for _ in range(4)] == [200, 200, 200, 503]
        refusal = site.ask("/")
        assert refusal.headers["Retry-After"] == "10"
        assert refusal.headers["Cache-Control"] == "no-store"
        assert "Too many requests" in refusal.read().decode()
        assert sum(counts(site.web)) == 3
        # The live page of a colleague behind the same address connects all the same.
        site.open_socket()


def test_slow_bodies_of_one_address_leave_the_live_page_alone(tmp_path: Path) -> None:
    with ExitStack() as closing:
        site = Site(tmp_path, closing, changes={"limit_conn pages 1000": "limit_conn pages 2"})
        # One more than fits: the request that looked for nginx may still count.
        slow = [stalled_post(site, "/admin/login", 1000, 10) for _ in range(3)]
        wait_for(lambda: site.ask("/").status == 503)
        assert site.ask("/").headers["Retry-After"] == "10"
        assert site.ask("/static/build/site.css").status == 200
        site.open_socket()
        for connection in slow:
            connection.close()
        wait_for(lambda: site.ask("/").status == 200)


def test_a_reload_drops_nobody(site: Site) -> None:
    kept, old = site.open_socket(), workers(site)
    os.kill(site.nginx.pid, signal.SIGHUP)
    wait_for(lambda: bool(workers(site) - old))
    wait_for(lambda: len(workers(site) & old) == 1)
    site.open_socket()
    assert sum(open_sockets(site)) == 2
    kept.close()
    wait_for(lambda: not workers(site) & old)


def workers(site: Site) -> set[int]:
    """Return the process ids of the workers, those before a reload included."""
    task = Path(f"/proc/{site.nginx.pid}/task/{site.nginx.pid}/children")
    return {int(pid) for pid in task.read_text().split()}


def test_new_websockets_go_to_the_nodes_that_live(site: Site) -> None:
    site.nodes[1].die()
    started = time.monotonic()
    for _ in range(6):
        site.open_socket()
    assert open_sockets(site) == [6, 0]
    assert time.monotonic() - started < 2


def test_without_any_web_worker_there_is_a_friendly_page(site: Site) -> None:
    for worker in site.web:
        worker.die()
    answer = site.ask("/events/town-hall/")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "try again" in answer.read().decode()
