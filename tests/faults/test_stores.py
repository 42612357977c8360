"""Faults of the stores, of names and of clocks, tried for real on one system in turn.

For each: pages go on where they can, a refusal says so, one line is logged, nothing acknowledged
is lost, and everything works again without a hand.
"""

import os
import re
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path

import pymysql
import pytest
import redis
import requests

from stack import Stack
from stack.app import RealtimeNode, WebWorker
from stack.chaos.audience import Audience
from stack.ports import LOOPBACK
from tests.faults.conftest import settle
from tests.faults.faulty import Log, Newcomer, Report, seconds_since
from tests.faults.test_nodes import SKEWED
from tests.support.embedded import Embedded
from tests.support.meeting import Meeting, held_meeting
from tests.support.mounts import SmallDisk, have_own_mounts, in_place_of
from tests.support.polls import add_poll
from tests.support.proxy import DatabaseProxy
from tests.support.viewer import Viewer
from tests.support.waiting import wait_for
from webapp.infra.settings import load_settings

DISK_MEBIBYTES = 400
NEW_KEY = "the next secret key of these tests"
Fault = Callable[[], AbstractContextManager[object]]


@pytest.fixture(scope="module")
def log() -> Log:
    return Log()


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallDisk]:
    if not have_own_mounts():
        pytest.skip("small disks need root")
    with SmallDisk(tmp_path_factory.mktemp("disk"), DISK_MEBIBYTES) as disk:
        yield disk


@pytest.fixture(scope="module")
def stack(disk: SmallDisk, log: Log) -> Iterator[Stack]:
    with pytest.MonkeyPatch.context() as patch, ExitStack() as running:
        # The first step of a change of the key: everybody accepts the next one.
        patch.setenv("SECRET_KEY_PREVIOUS", NEW_KEY)
        stack = Stack(web=1, nodes=2, demo=False, folder=disk.folder, log=log.note)
        yield running.enter_context(stack)


@pytest.fixture(scope="module")
def meeting(stack: Stack) -> Iterator[Meeting]:
    with held_meeting(load_settings(stack.settings), stack.url, stream_url="") as meeting:
        yield meeting


@pytest.fixture(scope="module")
def audience(stack: Stack, meeting: Meeting) -> Iterator[Audience]:
    """Write through all faults of this file; check at the end that nothing is lost."""
    with meeting.app.app_context():
        add_poll(slug=meeting.slug)
    people = [meeting.employee() for _ in range(6)]
    with Audience(stack.url, meeting.slug, people) as audience:
        audience.wait_for_messages(3)
        yield audience
        settle(meeting, audience)


class Operator:
    """The database's administrator, and that of Redis."""

    def __init__(self, stack: Stack) -> None:
        self._connection = pymysql.connect(
            host=LOOPBACK,
            port=stack.database.port,
            user="operator",
            password="operator",
            database="townhall",
            autocommit=True,
        )
        self.redis = redis.Redis(port=stack.redis.port)

    def sql(self, statement: str, *values: object) -> tuple[tuple[object, ...], ...]:
        """Execute a statement and return its rows."""
        with self._connection.cursor() as cursor:
            cursor.execute(statement, values)
            return tuple(cursor.fetchall())

    def close(self) -> None:
        self._connection.close()
        self.redis.close()


@pytest.fixture
def operator(stack: Stack) -> Iterator[Operator]:
    operator = Operator(stack)
    yield operator
    operator.close()


@pytest.fixture
def full_disk(disk: SmallDisk, stack: Stack, meeting: Meeting, operator: Operator) -> Fault:
    with held_meeting(load_settings(stack.settings), stack.url) as other:
        other.employee()
        ids = "SELECT MAX(events.id), MAX(employees.id) FROM events, employees"
        event, employee = operator.sql(ids)[0]

    @contextmanager
    def fault() -> Iterator[None]:
        # Rows of another event use up the space that the table has reserved.
        row = f"({event}, {employee}, REPEAT('x', 490), UUID_SHORT(), UTC_TIMESTAMP(6))"
        with disk.full():
            for rows in (200, 20, 1):
                fill(operator, ", ".join([row] * rows))
            yield

    return fault


def fill(operator: Operator, rows: str) -> None:
    """Insert messages until there is no space."""
    columns = "event_id, employee_id, body, nonce, posted_at"
    with suppress(pymysql.err.OperationalError):
        while True:
            operator.sql(f"INSERT INTO messages ({columns}) VALUES {rows}")


@pytest.fixture
def read_only_database(operator: Operator) -> Fault:
    @contextmanager
    def fault() -> Iterator[None]:
        operator.sql("SET GLOBAL read_only = 1")
        try:
            yield
        finally:
            operator.sql("SET GLOBAL read_only = 0")

    return fault


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("full_disk", r"the database refuses: \(1114, .*is full"),
        ("read_only_database", r"the database refuses: \(1290, .*read-only"),
    ],
)
def test_a_database_that_cannot_write_refuses_and_loses_nothing(
    audience: Audience,
    meeting: Meeting,
    log: Log,
    request: pytest.FixtureRequest,
    fault: str,
    reason: str,
) -> None:
    makes_fault: Fault = request.getfixturevalue(fault)
    here, newcomer = Newcomer(meeting), Newcomer(meeting)
    assert here.check_in().status_code == 303
    log.begin()
    with makes_fault():
        told = audience.ledger.codes["unavailable"]
        wait_for(lambda: audience.ledger.codes["unavailable"] > told, 15, "senders are told")
        live = here.live()
        checked_in = newcomer.check_in().status_code
        assert (live, checked_in) in {(200, 503), (200, 303)}
    began = time.monotonic()
    audience.wait_for_messages(3)
    seconds = seconds_since(began)
    audience.wait_until_agreed(5)
    assert newcomer.check_in().status_code == 303
    Report(fault, live, checked_in, "unavailable", seconds, log.check(reason)).show()


def test_at_max_connections_pages_wait_for_their_own(
    stack: Stack, audience: Audience, meeting: Meeting, log: Log, operator: Operator
) -> None:
    here, newcomer = Newcomer(meeting), Newcomer(meeting)
    assert here.check_in().status_code == 303
    ((before,),) = operator.sql("SELECT @@max_connections")
    log.begin()
    with ExitStack() as ending:
        operator.sql("SET GLOBAL max_connections = 10")
        ending.callback(operator.sql, f"SET GLOBAL max_connections = {before}")
        with suppress(pymysql.err.OperationalError):
            while True:
                taken = pymysql.connect(
                    host=LOOPBACK, port=stack.database.port, user="townhall", password="townhall"
                )
                ending.callback(taken.close)
        # Without the cache every page needs a connection; sixteen at once need more than there are.
        operator.redis.flushall()
        with ThreadPoolExecutor(24) as at_once:
            pages = list(at_once.map(lambda _: here.live(), range(48)))
        assert set(pages) == {200}
        assert newcomer.check_in().status_code == 303
        audience.wait_for_messages(3)
    began = time.monotonic()
    audience.wait_for_messages(3)
    line = log.check(r"the database refuses: \(1040, 'Too many connections'\)")
    Report("max_connections", 200, 303, "ok", seconds_since(began), line).show()


@pytest.fixture
def full_redis(operator: Operator) -> Fault:
    @contextmanager
    def fault() -> Iterator[None]:
        used = operator.redis.info("memory")["used_memory"]
        operator.redis.config_set("maxmemory-policy", "noeviction")
        operator.redis.config_set("maxmemory", used)
        with suppress(redis.exceptions.OutOfMemoryError):
            while True:
                operator.redis.append("filler", "x" * 1000)
        try:
            yield
        finally:
            operator.redis.config_set("maxmemory", "256mb")
            operator.redis.config_set("maxmemory-policy", "allkeys-lru")
            operator.redis.delete("filler")

    return fault


@pytest.fixture
def other_redis_password(operator: Operator) -> Fault:
    @contextmanager
    def fault() -> Iterator[None]:
        operator.redis.config_set("requirepass", "another one")
        for kind in ("normal", "pubsub"):
            operator.redis.client_kill_filter(_type=kind, skipme=True)
        try:
            yield
        finally:
            operator.redis.config_set("requirepass", "")

    return fault


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("full_redis", "Redis refused a command: .*maxmemory"),
        ("other_redis_password", "Redis does not answer, going on without it: .*authenticat"),
    ],
)
def test_a_redis_that_refuses_harms_nobody(
    stack: Stack,
    audience: Audience,
    meeting: Meeting,
    log: Log,
    request: pytest.FixtureRequest,
    fault: str,
    reason: str,
) -> None:
    makes_fault: Fault = request.getfixturevalue(fault)
    newcomer = Newcomer(meeting)
    log.begin()
    with makes_fault():
        checked_in = newcomer.check_in().status_code
        live = newcomer.live()
        assert (checked_in, live) == (303, 200)
        audience.wait_for_messages(8)
        audience.wait_until_agreed(5)
    began = time.monotonic()
    here, there = (meeting.viewer().connect(node.url) for node in stack.realtime)
    with here, there:
        # Six people of the audience: the nodes count together again.
        wait_for(lambda: here.watching == there.watching == 8, 20, "the nodes agree")
    seconds = seconds_since(began)
    Report(fault, live, checked_in, "ok", seconds, log.check(reason)).show()


class Apart:
    """A worker and a node that reach the stores by name, the database through a slow network."""

    HOST = "stores.test"

    def __init__(self, stack: Stack, folder: Path, log: Log) -> None:
        self.proxy = DatabaseProxy(stack.database.port)
        self._hosts, resolver = folder / "hosts", folder / "resolv.conf"
        self.name_stores()
        resolver.write_text("nameserver 127.0.0.42\n")
        prefix = in_place_of({"/etc/hosts": self._hosts, "/etc/resolv.conf": resolver})
        env = {
            **os.environ,
            **stack.settings,
            "DATABASE_URL": self.proxy.url(stack.database.url).replace(LOOPBACK, self.HOST),
            "REDIS_URL": stack.redis.url.replace(LOOPBACK, self.HOST),
        }
        self.web = WebWorker("apart_web", env, log=log.note)
        self.node = RealtimeNode("apart_node", env, log=log.note)
        for process in (self.web, self.node):
            process.argv = [*prefix, *process.argv]

    def name_stores(self) -> None:
        """Let the name of the stores be known."""
        self._hosts.write_text(f"{LOOPBACK} localhost {self.HOST}\n")

    def forget_names(self) -> None:
        """Let only a DNS server know names, and there is none."""
        self._hosts.write_text(f"{LOOPBACK} localhost\n")


@pytest.fixture(scope="module")
def apart(stack: Stack, tmp_path_factory: pytest.TempPathFactory, log: Log) -> Iterator[Apart]:
    apart = Apart(stack, tmp_path_factory.mktemp("apart"), log)
    with ExitStack() as ending:
        ending.callback(apart.proxy.close)
        for process in (apart.web, apart.node):
            ending.callback(process.stop)
            process.launch()
        for process in (apart.web, apart.node):
            process.wait_until_ready()
        yield apart


def test_a_slow_database_slows_pages_and_refuses_nothing(
    stack: Stack, meeting: Meeting, apart: Apart, log: Log
) -> None:
    newcomers = [Newcomer(meeting, apart.web.url) for _ in range(8)]
    with (
        meeting.viewer().connect(apart.node.url) as ada,
        meeting.viewer().connect(stack.realtime[0].url) as grace,
    ):
        log.begin()
        apart.proxy.delay_seconds = 0.2
        began = time.monotonic()
        assert ada.post("slowly")["ok"]
        acknowledged = seconds_since(began)
        assert acknowledged < 4
        grace.wait_for_bodies("slowly")
        with ThreadPoolExecutor(8) as at_once:
            answers = list(at_once.map(lambda one: one.check_in().status_code, newcomers))
        assert set(answers) == {303}
        assert newcomers[0].live() == 200
        apart.proxy.delay_seconds = 0.0
        began = time.monotonic()
        assert ada.post("quickly")["ok"]
        post = f"ok in {acknowledged:.1f} s"
        Report("200 ms a statement", 200, 303, post, seconds_since(began), "none").show()
    assert log.own() == []


def test_names_that_do_not_resolve_stop_no_node(meeting: Meeting, apart: Apart, log: Log) -> None:
    """A DNS server that is away answers at once; one that is silent takes three seconds."""
    here, newcomer = Newcomer(meeting, apart.web.url), Newcomer(meeting, apart.web.url)
    assert here.check_in().status_code == 303
    log.begin()
    with meeting.viewer().connect(apart.node.url) as ada, ExitStack() as ending:
        silent = ending.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        for phase in ("away", "silent"):
            apart.forget_names()
            if phase == "away":
                assert ada.post("connections stay")["ok"]
            apart.proxy.cut_all()
            with ThreadPoolExecutor(2) as at_once:
                waiting = at_once.submit(ada.post, "lost?", f"n{phase}")
                page = at_once.submit(here.live)
                while not (waiting.done() and page.done()):
                    began = time.monotonic()
                    health = requests.get(f"{apart.node.url}/healthz", timeout=10)
                    assert health.status_code == 200
                    assert seconds_since(began) < 1, "the node goes on"
            assert waiting.result()["error"]["code"] == "unavailable"
            # From the cache, if that has everything.
            live = page.result()
            assert live in {200, 503}
            checked_in = newcomer.check_in().status_code
            assert checked_in == 503
            apart.name_stores()
            began = time.monotonic()
            wait_for(lambda: ada.post("lost?", f"n{phase}").get("ok"), 10, "it goes on")  # noqa: B023
            wait_for(lambda: here.live() == 200, 10, "pages go on")
            seconds = seconds_since(began)
            Report(f"DNS {phase}", live, 503, "unavailable", seconds, "").show()
            if phase == "away":
                silent.bind(("127.0.0.42", 53))
        ada.wait_for_bodies("lost?")
        assert ada.bodies.count("lost?") == 2
    log.check(".* does not answer.*stores.test.*name resolution")


@pytest.mark.parametrize("skew", [-600, 600])
def test_a_worker_with_a_wrong_clock_serves_as_the_others(
    stack: Stack, meeting: Meeting, log: Log, skew: int
) -> None:
    env = {**os.environ, **stack.settings, "PYTHONPATH": SKEWED, "SKEW_SECONDS": str(skew)}
    wrong = WebWorker("web_wrong", env, log=log.note)
    log.begin()
    try:
        wrong.start()
        there = Newcomer(meeting, wrong.url)
        # The form of one machine, sent to the other; then pages of both.
        assert there.check_in(at=stack.url).status_code == 303
        assert {there.live(at) for at in (stack.url, wrong.url)} == {200}
        here = Newcomer(meeting)
        assert here.check_in(at=wrong.url).status_code == 303
        assert {here.live(at) for at in (stack.url, wrong.url)} == {200}
        me = here.web.get(f"{stack.url}/events/{meeting.slug}/attendance/me", timeout=10).json()
        late = Viewer(stack.url, meeting.slug, here.email, here.number)
        with late.connect(stack.url) as late:
            assert late.post("by the clock of the database")["ok"]
            late.wait_for_bodies("by the clock of the database")
            posted = late.messages[-1]["posted_at"]
        assert me["checked_in_at"][:15] <= posted[:15], "within ten minutes"
        assert abs(minutes(me["checked_in_at"]) - minutes(posted)) <= 2
    finally:
        wrong.stop()
    assert log.own() == []


def minutes(moment: str) -> int:
    hour, minute = re.findall(r"T(\d\d):(\d\d)", moment)[0]
    return int(hour) * 60 + int(minute)


def test_a_change_of_the_secret_key_signs_nobody_out(
    stack: Stack, audience: Audience, meeting: Meeting, log: Log
) -> None:
    """Restart one process after the other with the new key, while people write and check in."""
    here, open_form = Newcomer(meeting), Newcomer(meeting)
    assert here.check_in().status_code == 303
    form = open_form.web.get(open_form.address, timeout=10).text
    for process in (stack.realtime[0], stack.web[0], stack.realtime[1]):
        keys = {"SECRET_KEY": NEW_KEY, "SECRET_KEY_PREVIOUS": stack.settings["SECRET_KEY"]}
        process.env = {**(process.env or {}), **keys}
        process.stop()
        process.start()
        newcomer = Newcomer(meeting)
        assert newcomer.check_in().status_code == 303
        assert (newcomer.live(), here.live()) == (200, 200)
        for node in stack.realtime:
            with Viewer(stack.url, meeting.slug, *meeting.employee()).connect(node.url) as ada:
                assert ada.post(f"after {process.name}, at {node.name}")["ok"]
        audience.wait_until_back(10)
        audience.wait_for_messages(3)
    assert open_form.send(form).status_code == 303
    assert "not_checked_in" not in audience.ledger.codes


def test_a_full_disk_under_sqlite_refuses_and_loses_nothing(
    tmp_path: Path, disk: SmallDisk, log: Log
) -> None:
    folder = tmp_path / "instance"
    folder.mkdir()
    with SmallDisk(folder, 64) as small, ExitStack() as ending:
        embedded = Embedded(folder, {"DEMO": "0"}, log=log.note)
        ending.callback(embedded.stop)
        embedded.start()
        with held_meeting(embedded.settings, embedded.url, stream_url="") as meeting:
            newcomer = Newcomer(meeting)
            with meeting.viewer().connect(embedded.url) as ada:
                assert ada.post("kept")["ok"]
                log.begin()
                with small.full():
                    nonce = secrets.token_hex(8)
                    refusal = wait_for(lambda: refused(ada, nonce), 10, "a refusal")
                    assert refusal == "unavailable"
                    live = ada.web.get(f"{embedded.url}/events/{meeting.slug}/live", timeout=10)
                    assert live.status_code == 200
                    checked_in = newcomer.check_in().status_code
                    assert checked_in == 503
                began = time.monotonic()
                wait_for(lambda: ada.post("x" * 500, nonce)["ok"], 15, "it goes on")
                seconds = seconds_since(began)
                assert newcomer.check_in().status_code == 303
                ada.wait_for_bodies("kept", "x" * 500)
                assert ada.bodies.count("x" * 500) == 1
    line = log.check("the database refuses: (database or disk is full|disk I/O error)")
    Report("SQLite, full disk", 200, checked_in, refusal, seconds, line).show()


def refused(viewer: Viewer, nonce: str) -> str:
    """Post; return the code of a refusal, or nothing."""
    answer = viewer.post("x" * 500, nonce)
    return "" if answer["ok"] else str(answer["error"]["code"])
