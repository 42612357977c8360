"""Services crash, restart or start in the wrong order; nothing is repaired by hand."""

import pytest
import requests

from tests.compose.composed import PATIENCE, Composed
from tests.compose.conftest import Watch
from tests.compose.viewer import StayingViewer
from tests.support.waiting import wait_for

OWN = ("nginx", "web", "realtime")


def answers(system: Composed, address: str = "/readyz") -> bool:
    """Return whether the page answers; no answer counts as no, because nginx may be starting."""
    try:
        return requests.get(system.url + address, timeout=PATIENCE).ok
    except requests.ConnectionError:
        return False


def starts(system: Composed, *services: str) -> set[tuple[str, str]]:
    return {(c.id, c.started) for c in system.containers(*services)}


def say_until_heard(viewers: list[StayingViewer], body: str, seconds: float) -> None:
    """Post until the message is stored, as the page does, and see that all hear it once."""
    wait_for(lambda: viewers[0].post(body).get("ok"), seconds, f"{body!r} is stored")
    for viewer in viewers:
        viewer.wait_for_bodies(body, seconds=seconds)
    assert [viewer.bodies.count(body) for viewer in viewers] == [1] * len(viewers)


@pytest.mark.parametrize("service", ["redis", "mysql"])
def test_the_system_outlives_a_restart_of(service: str, system: Composed, watch: Watch) -> None:
    viewers = watch(4)
    before = starts(system, *OWN)
    system.compose("restart", service)
    wait_for(lambda: answers(system), 30, "the system is ready again")
    say_until_heard(viewers, f"after the restart of {service}", 15)
    assert starts(system, *OWN) == before
    assert not any(viewer.lost for viewer in viewers)


@pytest.mark.parametrize("service", ["web", "realtime"])
def test_a_crashed_process_is_started_again(service: str, system: Composed) -> None:
    victim = system.containers(service)[0]
    script = "import os, signal; os.kill(int(open('/proc/1/task/1/children').read().split()[0]), 9)"
    system.docker("exec", "--detach", victim.id, "python", "-c", script)
    wait_for(lambda: victim not in system.containers(service), 10, "the crash is noticed")
    wait_for(system.at_rest, 30, f"{service} is back and healthy")


def test_anything_may_start_first(system: Composed) -> None:
    """nginx before the nodes, those before MySQL and Redis; only the depends_on are left out."""
    system.compose("down", "--timeout", "20")
    for services in (["nginx"], ["web", "realtime"], ["mysql", "redis"]):
        assert not answers(system)
        system.compose("up", "--detach", "--no-deps", *services)
    wait_for(lambda: answers(system), 60, "the system is ready")
    wait_for(lambda: answers(system, "/"), 10, "pages answer")
    wait_for(system.at_rest, 30, "everything is healthy")
