"""An operator's view of a meeting: figures at /metrics, one id for each request, no people."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from stack import Stack
from tests.support.meeting import Meeting, held_meeting
from tests.support.moderator import Moderator
from tests.support.waiting import wait_for
from webapp.infra.settings import load_settings

Line = tuple[str, str]  # the process and what it wrote


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    return []


@pytest.fixture(scope="module")
def observed(lines: list[Line]) -> Iterator[Stack]:
    """Start a system that logs JSON into `lines`."""
    with pytest.MonkeyPatch.context() as patch, ExitStack() as running:
        patch.setenv("LOG_FORMAT", "json")
        stack = Stack(web=1, nodes=1, demo=False, log=lambda *line: lines.append(line))
        yield running.enter_context(stack)


@pytest.fixture(scope="module")
def meeting(observed: Stack) -> Iterator[Meeting]:
    with held_meeting(load_settings(observed.settings), observed.url) as meeting:
        yield meeting


def figures(port: int) -> dict[str, float]:
    """Return the sample of each name and its labels, as `name{label="value"}`."""
    page = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=10)
    assert page.status_code == 200
    return {
        sample.name
        + "".join(f"{{{k}={v}}}" for k, v in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(page.text)
        for sample in family.samples
    }


def test_a_meeting_shows_in_the_figures(observed: Stack, meeting: Meeting) -> None:
    web, node = observed.web[0].port, observed.realtime[0].port
    wait_for(lambda: not figures(node)["townhall_viewers"], what="the viewers before to be gone")
    before, live_before = figures(web), figures(node)
    with meeting.viewer().connect(observed.url) as viewer:
        assert viewer.post("counted")["ok"]
        viewer.wait_for_bodies("counted")
        assert not viewer.post("")["ok"]
        # Nothing can have cached it.
        assert requests.get(f"{observed.url}/events/unheard-of/", timeout=10).status_code == 404
        after, live = figures(web), figures(node)
    grown = {name for name, value in after.items() if value > before.get(name, 0)}
    assert {
        "townhall_checkins_total{result=ok}",
        "townhall_cache_requests_total{result=miss}",
        "townhall_cache_requests_total{result=hit}",
        "townhall_sql_statements_total",
        "townhall_http_request_seconds_count",
    } <= grown
    answered = "townhall_http_requests_total{endpoint=checkin.check_in}{method=POST}{status=303}"
    assert after[answered] == before.get(answered, 0) + 1
    assert after["townhall_circuit_breaker_open{service=database}"] == 0
    assert live["townhall_viewers"] == 1
    # Other tests of this module have left messages and an outage behind.
    more = {name: value - live_before.get(name, 0) for name, value in live.items()}
    assert more["townhall_messages_total{result=stored}"] == 1
    assert more["townhall_messages_total{result=invalid}"] == 1
    for name in ("batch_size", "store_seconds", "broadcast_seconds"):
        assert more[f"townhall_{name}_count"] >= 1, name
    for name in ("send_buffer_bytes", "slow_clients_total", "sweep_found_total"):
        assert more[f"townhall_{name}"] == 0, name
    assert more["townhall_sql_statements_total"] > 0
    assert live["townhall_circuit_breaker_open{service=redis}"] == 0
    assert more["townhall_loop_failures_total{loop=sweep}"] == 0
    assert "townhall_watched_minutes_total" in live


@pytest.mark.parametrize(
    "name",
    [
        "townhall_checkins_total{result=ok}",
        "townhall_messages_total{result=stored}",
        "townhall_messages_total{result=unavailable}",
    ],
)
def test_a_figure_is_there_before_its_first_event(observed: Stack, name: str) -> None:
    """Prometheus would not count the events before the first time that it sees a series."""
    assert name in figures(observed.realtime[0].port)


def test_labels_have_a_bound(observed: Stack) -> None:
    web = observed.web[0].port
    for number in range(5):
        requests.request(f"ODD{number}", f"{observed.url}/odd/{number}", timeout=10)
    names = [name for name in figures(web) if "http_requests_total" in name]
    assert not [name for name in names if "ODD" in name or "odd" in name]


def test_one_id_leads_from_nginx_to_the_sql(
    observed: Stack, meeting: Meeting, lines: list[Line]
) -> None:
    """A statement that fails is logged with the id; so is the request, at nginx."""
    observed.database.kill()
    try:
        answer = requests.get(f"{observed.url}/events/nowhere-cached/", timeout=30)
        assert answer.status_code == 503
        name = answer.headers["X-Request-Id"]
        wait_for(lambda: len(lines_with(lines, name)) >= 2, 10, "both tiers log it")
    finally:
        observed.database.start()
        for process in (*observed.web, *observed.realtime):
            ready = f"http://127.0.0.1:{process.port}/readyz"
            wait_for(partial(is_ready, ready), 30, f"{ready} is back")
    processes = {process for process, _ in lines_with(lines, name)}
    assert processes == {"nginx", "web1"}
    logged = [json.loads(line) for _, line in lines_with(lines, name)]
    assert {line["request_id"] for line in logged} == {name}


def is_ready(url: str) -> bool:
    return requests.get(url, timeout=10).ok


def lines_with(lines: list[Line], words: str) -> list[Line]:
    return [line for line in lines if words in line[1]]


def test_the_logs_name_nobody(observed: Stack, meeting: Meeting, lines: list[Line]) -> None:
    """After a meeting with mistakes and a search, no name, address, number or text is there."""
    wait_for(lambda: requests.get(f"{observed.url}/readyz", timeout=10).ok, 30, "it is ready")
    email, number = meeting.employee()
    check_in = f"{observed.url}/events/{meeting.slug}/"
    with meeting.viewer().connect(observed.url) as viewer:
        assert viewer.post("a secret sentence")["ok"]
        for _ in range(12):
            page = viewer.web.get(check_in, timeout=10)
            token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
            fields = {"email": email, "employee_number": "wrong-number"}
            fields["csrf_token"] = token[1] if token else ""
            requests.post(f"{check_in}check-in", data=fields, cookies=page.cookies, timeout=10)
    admin = Moderator(meeting)
    roster = f"{observed.url}/admin/events/{meeting.slug}/attendance"
    for query in (f"?q={number}", "?q=Lovelace", f".csv?q={email}"):
        assert admin.web.get(f"{roster}{query}", timeout=10).status_code == 200
    wait_for(lambda: bool(lines_with(lines, "attendance.csv")), 10, "the export is logged")
    private = [email, number, "wrong-number", "a secret sentence", "Lovelace", "Hopper"]
    private.append(f"{meeting.slug}@example.com")
    own = [line for line in lines if line[0].startswith(("web", "realtime", "nginx"))]
    assert len(own) > 20
    for words in private:
        assert not lines_with(own, words), words
    for _, line in own:
        json.loads(line)
