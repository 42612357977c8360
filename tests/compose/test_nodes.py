"""Viewers on several realtime nodes, while nodes come and go."""

import json
import time

import requests

from tests.compose.composed import PATIENCE, Composed
from tests.compose.conftest import Watch
from tests.compose.viewer import StayingViewer
from tests.support.waiting import wait_for


def occupied(system: Composed) -> dict[str, int]:
    """Return the number of connections of each running node."""
    return {n.id: system.connections(n) for n in system.containers("realtime") if n.running}


def nginx_processes(system: Composed) -> tuple[str, str, str]:
    """Return a value that changes when nginx restarts or reloads."""
    [nginx] = system.containers("nginx")
    return nginx.id, nginx.started, system.docker("top", nginx.id, "-o", "pid")


def all_receive_once(viewers: list[StayingViewer], body: str) -> None:
    """Post from the first viewer and assert that each gets it once."""
    assert viewers[0].post(body)["ok"]
    for viewer in viewers:
        viewer.wait_for_bodies(body, seconds=5)
    assert [viewer.bodies.count(body) for viewer in viewers] == [1] * len(viewers)


def test_a_message_reaches_viewers_on_every_node_once(system: Composed, watch: Watch) -> None:
    viewers = watch(6)
    assert min(occupied(system).values()) >= 2
    all_receive_once(viewers, "from one node to all")
    all_receive_once(viewers[::-1], "and from the other end")


def test_long_polling_stays_on_one_node(system: Composed, watch: Watch, slug: str) -> None:
    """Only its own node knows a session: on any other, each of these requests fails."""
    [viewer] = watch(1)
    address = f"{system.url}/socket.io/?EIO=4&transport=polling"
    for _ in range(5):
        opened = viewer.web.get(address, timeout=PATIENCE)
        session = f"{address}&sid={json.loads(opened.text[1:])['sid']}"
        packet = "40/live," + json.dumps({"event": slug})
        assert viewer.web.post(session, data=packet, timeout=PATIENCE).status_code == 200
        assert "40/live," in viewer.web.get(session, timeout=PATIENCE).text


def test_added_nodes_take_new_viewers_while_nginx_runs_on(system: Composed, watch: Watch) -> None:
    viewers = watch(4)
    before = nginx_processes(system)
    system.up("--scale", "realtime=4")
    deadline = time.monotonic() + 60
    while len(viewers) < 30 and not all(occupied(system).values()):
        viewers += watch(1)
        assert time.monotonic() < deadline, f"unused nodes: {occupied(system)}"
    assert len(occupied(system)) == 4
    assert all(occupied(system).values())
    assert nginx_processes(system) == before
    assert not any(viewer.lost for viewer in viewers)
    all_receive_once(viewers, "to all four nodes")


def test_viewers_of_a_killed_node_are_back_within_5_seconds(system: Composed, watch: Watch) -> None:
    viewers = watch(6)
    killed_at = time.monotonic()
    system.docker("kill", system.containers("realtime")[0].id)
    wait_for(lambda: sum(len(v.lost) for v in viewers) >= 2, 5, "its viewers notice")
    wait_for(lambda: all(v.present for v in viewers), 10, "all are back")
    assert max(v.connected[-1] for v in viewers) - killed_at < 5
    assert sum(len(v.lost) for v in viewers) <= 4
    all_receive_once(viewers, "we are still together")


def test_pages_answer_while_a_node_is_gone(system: Composed) -> None:
    system.docker("kill", system.containers("realtime")[0].id)
    assert requests.get(system.url, timeout=PATIENCE).status_code == 200
