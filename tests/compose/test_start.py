"""The experience of a new operator: one command on a fresh clone, and again."""

from pathlib import Path

import pytest
import requests

from tests.compose.composed import ONE_SHOT, PATIENCE, Composed
from tests.compose.conftest import Watch
from tests.compose.viewer import StayingViewer

DEMO_EMPLOYEE = ("ada.lovelace@example.com", "1001")


def test_the_first_up_starts_everything(system: Composed, first_log: str) -> None:
    assert {c.exit_code for c in system.containers(*ONE_SHOT)} == {0}
    assert "Traceback" not in first_log


def test_only_nginx_can_be_reached_from_outside(system: Composed) -> None:
    published = {c.service: c.ports for c in system.containers() if c.ports}
    assert published == {"nginx": ("80/tcp",)}
    assert requests.get(f"{system.url}/metrics", timeout=PATIENCE).status_code in {403, 404}


def test_no_process_of_the_system_is_root(system: Composed) -> None:
    for container in system.containers("nginx", "web", "realtime", "redis", "mysql"):
        rows = system.docker("top", container.id, "-eo", "pid,uid,comm").splitlines()[1:]
        roots = [row for row in rows if row.split()[1] == "0"]
        assert not roots, f"{container.service}: {roots}"


def test_the_key_is_random_and_the_database_cannot_read_it(system: Composed) -> None:
    read = ["exec", "-T", "web", "cat", "/run/townhall/secret_key"]
    assert len(system.compose(*read)) == 64
    try_it = ["sh", "-c", "cat /run/townhall/secret_key || echo refused"]
    assert system.compose("exec", "-T", "mysql", *try_it) == "refused\n"


def test_the_database_is_mysql_with_the_demo_data(system: Composed) -> None:
    [[version, isolation]] = system.sql("SELECT VERSION(), @@transaction_isolation")
    assert int(version.split(".")[0]) in {8, 9}
    assert "maria" not in version.lower()
    assert isolation == "READ-COMMITTED"
    assert int(system.sql("SELECT COUNT(*) FROM employees")[0][0]) >= 200


def test_pages_and_assets_answer(system: Composed) -> None:
    front = requests.get(system.url, timeout=PATIENCE)
    assert front.status_code == 200
    assert "/events/" in front.url
    for address in ("/healthz", "/readyz", "/static/build/site.css", "/demo/live.m3u8"):
        assert requests.get(system.url + address, timeout=PATIENCE).status_code == 200, address


@pytest.mark.parametrize("language", ["en", "de"])
def test_pages_speak_the_languages_of_the_image(system: Composed, language: str) -> None:
    page = requests.get(system.url, headers={"Accept-Language": language}, timeout=PATIENCE)
    assert page.status_code == 200
    assert f'<html lang="{language}"' in page.text


@pytest.mark.parametrize("service", ["web", "nginx"])
def test_images_have_no_tools_to_build_with(system: Composed, service: str) -> None:
    look = "command -v pip gcc cc make npm node git; true"
    assert system.compose("exec", "-T", service, "sh", "-c", look) == ""


def test_the_demo_employee_checks_in_and_sees_the_live_page(system: Composed, slug: str) -> None:
    viewer = StayingViewer(system.url, slug, *DEMO_EMPLOYEE)
    page = viewer.web.get(f"{system.url}/events/{slug}/live", timeout=PATIENCE)
    assert page.status_code == 200
    assert "/static/build/live.js" in page.text
    recorded = (
        "SELECT COUNT(*) FROM roster_entries JOIN events ON events.id = event_id"
        f" WHERE slug = '{slug}' AND email = '{DEMO_EMPLOYEE[0]}' AND checked_in_at IS NOT NULL"
    )
    assert system.sql(recorded) == [["1"]]


def test_down_and_up_keep_data_and_sessions(system: Composed, watch: Watch, slug: str) -> None:
    [viewer] = watch(1)
    assert viewer.post("still here tomorrow")["ok"]
    employees = system.sql("SELECT COUNT(*) FROM employees")
    viewer.socket.disconnect()
    system.compose("down", "--timeout", "20")
    system.up()
    assert system.sql("SELECT COUNT(*) FROM employees") == employees
    live = f"{system.url}/events/{slug}/live"
    page = viewer.web.get(live, timeout=PATIENCE)
    assert page.url == live
    assert "still here tomorrow" in page.text
    assert viewer.connect(system.url).post("and so am I")["ok"]


def test_demo_0_leaves_the_demo_data_out(tree: Path, started: Composed) -> None:
    empty = Composed(tree, f"{started.project}-empty", 0, DEMO="0")
    try:
        empty.compose("up", "--build", "migrate", seconds=300)
        assert empty.sql("SELECT COUNT(*) FROM employees") == [["0"]]
    finally:
        empty.down()
