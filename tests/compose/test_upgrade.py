"""bin/upgrade replaces web workers and nodes one by one, and people notice nothing."""

import subprocess

import pytest

from stack.chaos.audience import Person
from tests.compose.composed import Composed
from tests.compose.conftest import Watch
from tests.support.handbook import documented
from tests.support.visitors import Visitors
from tests.support.waiting import wait_for

# Of this client: from try to try it waits longer than a page does.
BACK_SECONDS = 60


def upgrade(system: Composed) -> subprocess.CompletedProcess[str]:
    environment = system.environment | {"COMPOSE_PROJECT_NAME": system.project}
    return subprocess.run(
        [documented("bin/upgrade")],
        cwd=system.tree,
        env=environment,
        text=True,
        capture_output=True,
        timeout=600,
    )


@pytest.fixture
def people(system: Composed) -> list[Person]:
    """Return employees who have not checked in, from the end of the list."""
    rows = system.sql(
        "SELECT email, employee_number FROM employees WHERE active AND id NOT IN"
        " (SELECT employee_id FROM roster_entries WHERE checked_in_at IS NOT NULL) ORDER BY id"
    )
    return [(email, number) for email, number in rows]


def test_an_upgrade_loses_no_request_and_no_viewer(
    system: Composed, watch: Watch, slug: str, people: list[Person]
) -> None:
    before = {container.id for container in system.containers("web", "realtime")}
    others = {c.id for c in system.containers("nginx", "mysql", "redis")}
    viewers = watch(6)
    # Another image of the application, and the same one of nginx.
    program = system.tree / "wsgi.py"
    program.write_text(program.read_text() + "# the next release\n")
    with Visitors(system.url, slug, people) as visitors:
        visitors.wait_for_more()
        done = upgrade(system)
        assert done.returncode == 0, done.stdout + done.stderr
    log = system.compose("logs", "--no-color", "--no-log-prefix", "nginx")
    assert not visitors.errors, [line for line in log.splitlines() if " 50" in line]
    after = system.containers("web", "realtime")
    assert not before & {container.id for container in after}
    assert len(after) == len(before)
    assert all(container.healthy for container in after)
    assert {c.id for c in system.containers("nginx", "mysql", "redis")} == others
    for container in after:
        assert "next release" in system.docker("exec", container.id, "tail", "-1", "wsgi.py")
    wait_for(
        lambda: all(viewer.socket.connected for viewer in viewers), BACK_SECONDS, "all are back"
    )
    assert all(viewer.lost for viewer in viewers)
    assert viewers[0].post("after the upgrade")["ok"]
    for viewer in viewers:
        viewer.wait_for_bodies("after the upgrade")
    assert list((system.tree / "backups").glob("*.townhall.gz"))
