"""Viewers on several realtime nodes, while nodes come and go."""

import json
import time

import requests
from viewer import PATIENCE
from waiting import until


def occupied(system) -> dict[str, int]:
    """Connections per running node."""
    return {n.id: system.connections(n) for n in system.containers("realtime") if n.running}


def nginx_processes(system) -> tuple:
    """Changes when nginx restarts (its container) and when it reloads (its workers)."""
    [nginx] = system.containers("nginx")
    return nginx.id, nginx.started, system.docker("top", nginx.id, "-o", "pid")


def all_receive_once(viewers, body: str) -> None:
    """Post from the first of `viewers`, and see that each of them gets it once."""
    assert viewers[0].post(body)["ok"]
    until(lambda: all(v.times_received(body) for v in viewers), 5, f"everyone has {body!r}")
    assert [v.times_received(body) for v in viewers] == [1] * len(viewers)


def test_a_message_reaches_viewers_on_every_node_once(system, watch):
    viewers = watch(6)
    assert min(occupied(system).values()) >= 2
    all_receive_once(viewers, "from one node to all")
    all_receive_once(viewers[::-1], "and from the other end")


def test_long_polling_stays_on_one_node(system, watch):
    """A session is known to its own node alone: on any other, each of these requests fails."""
    [viewer] = watch(1)
    address = f"{system.url}/socket.io/?EIO=4&transport=polling"
    for _ in range(5):
        opened = viewer.browser.get(address, timeout=PATIENCE)
        session = f"{address}&sid={json.loads(opened.text[1:])['sid']}"
        packet = "40/live," + json.dumps({"event": viewer.slug})
        assert viewer.browser.post(session, data=packet, timeout=PATIENCE).status_code == 200
        assert viewer.browser.get(session, timeout=PATIENCE).text.startswith("40/live,")


def test_added_nodes_take_new_viewers_while_nginx_runs_on(system, watch):
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
    assert [viewer.disconnects for viewer in viewers] == [0] * len(viewers)
    all_receive_once(viewers, "to all four nodes")


def test_viewers_of_a_killed_node_are_back_within_5_seconds(system, watch):
    viewers = watch(6)
    victim = system.containers("realtime")[0]
    lost = system.connections(victim)
    assert lost
    killed_at = time.monotonic()
    system.docker("kill", victim.id)
    until(lambda: sum(v.disconnects for v in viewers) >= lost, 5, "the loss is noticed")
    until(lambda: all(len(v.connected_at) > v.disconnects for v in viewers), 5, "all are back")
    took = max(v.connected_at[-1] for v in viewers) - killed_at
    assert took < 5
    assert sum(v.disconnects for v in viewers) == lost
    all_receive_once(viewers, "we are still together")


def test_pages_answer_while_a_node_is_gone(system):
    system.docker("kill", system.containers("realtime")[0].id)
    assert requests.get(system.url, timeout=PATIENCE).status_code == 200
