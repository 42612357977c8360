"""bin/upgrade replaces web workers and nodes one by one, and people notice nothing."""

import subprocess

import pytest

from stack.chaos.audience import Audience, Person
from tests.compose.composed import Composed
from tests.support.handbook import documented
from tests.support.visitors import Visitors

BACK_SECONDS = 5


def upgrade(system: Composed, *options: str) -> subprocess.CompletedProcess[str]:
    environment = system.environment | {"COMPOSE_PROJECT_NAME": system.project}
    return subprocess.run(
        [documented("bin/upgrade"), *options],
        cwd=system.tree,
        env=environment,
        text=True,
        capture_output=True,
        timeout=600,
    )


@pytest.fixture
def people(system: Composed) -> list[Person]:
    """Return the employees: each comes back after a minute, and does not post too often."""
    rows = system.sql("SELECT email, employee_number FROM employees WHERE active ORDER BY id")
    return [(email, number) for email, number in rows]


def test_an_upgrade_loses_no_request_and_no_viewer(
    system: Composed, slug: str, people: list[Person]
) -> None:
    before = {container.id for container in system.containers("web", "realtime")}
    others = {c.id for c in system.containers("nginx", "mysql", "redis")}
    # Another image of the application, and the same one of nginx.
    program = system.tree / "wsgi.py"
    program.write_text(program.read_text() + "# the next release\n")
    with (
        Audience(system.url, slug, people[:6]) as audience,
        Visitors(system.url, slug, people[6:]) as visitors,
    ):
        visitors.wait_for_more()
        audience.wait_for_messages(3)
        done = upgrade(system)
        assert done.returncode == 0, done.stdout + done.stderr
        audience.wait_for_messages(3)
        audience.wait_until_agreed(BACK_SECONDS)
        audience.quiet()
        assert 0 < max(audience.ledger.returns) < BACK_SECONDS
    log = system.compose("logs", "--no-color", "--no-log-prefix", "nginx")
    refused = [line for line in log.splitlines() if line.split()[1:2] > ["399"]]
    assert not visitors.errors, (visitors.errors, refused)
    after = system.containers("web", "realtime")
    assert not before & {container.id for container in after}
    assert len(after) == len(before)
    assert all(container.healthy for container in after)
    assert {c.id for c in system.containers("nginx", "mysql", "redis")} == others
    for container in after:
        assert "next release" in system.docker("exec", container.id, "tail", "-1", "wsgi.py")
    assert list((system.tree / "backups").glob("*.townhall.gz"))


def test_a_release_that_cannot_start_replaces_nothing(
    system: Composed, slug: str, people: list[Person]
) -> None:
    before = {container.id for container in system.containers("web", "realtime", "nginx")}
    program = system.tree / "realtime/__main__.py"
    working = program.read_text()
    program.write_text("raise SystemExit('a broken release')\n")
    try:
        with Visitors(system.url, slug, people) as visitors:
            visitors.wait_for_more()
            done = upgrade(system, "--no-backup")
            visitors.wait_for_more()
    finally:
        program.write_text(working)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "What ran before still serves" in done.stderr
    assert not visitors.errors
    assert {c.id for c in system.containers("web", "realtime", "nginx")} == before
    # As it says: run it again, with a release that starts.
    done = upgrade(system, "--no-backup")
    assert done.returncode == 0, done.stdout + done.stderr
    assert system.at_rest()
