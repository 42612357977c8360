"""The attacks of tests/faults/test_abuse.py on the Compose system, with the same canary."""

from collections.abc import Callable, Iterator

import pytest

from tests.compose.composed import Composed
from tests.support.attacks import ATTACKS, Attacker, Canary, unharmed_canary
from tests.support.meeting import Meeting, held_meeting
from webapp.infra.settings import load_settings

PASSWORD = ["cat", "/run/townhall/mysql_password"]


@pytest.fixture(scope="module")
def meeting(started: Composed) -> Iterator[Meeting]:
    """Hold an event by the database of the containers, which this machine alone can reach."""
    password = started.compose("exec", "-T", "mysql", *PASSWORD).strip()
    mysql, redis = (started.address(service) for service in ("mysql", "redis"))
    settings = {
        "DATABASE_URL": f"mysql+pymysql://townhall:{password}@{mysql}:3306/townhall",
        "REDIS_URL": f"redis://{redis}:6379/0",
        "SECRET_KEY": started.compose("exec", "-T", "web", "cat", "/run/townhall/secret_key"),
    }
    with held_meeting(load_settings(settings), started.url, stream_url="") as meeting:
        yield meeting
    # Other tests look for the only open event.
    started.sql(f"UPDATE events SET state = 'closed' WHERE slug = '{meeting.slug}'")


@pytest.fixture(scope="module")
def canary(started: Composed, meeting: Meeting) -> Iterator[Canary]:
    own = ("web", "realtime")
    logs = ["logs", "--no-color", "--no-log-prefix", "--since", started.now()]

    def lines() -> list[str]:
        logged = started.compose(*logs, *own).splitlines()
        return [line for line in logged if " INFO " not in line]

    with unharmed_canary(meeting, started.pids(*own), lines) as canary:
        yield canary


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_an_attack_harms_nobody_else(
    system: Composed, meeting: Meeting, canary: Canary, attack: Callable[[Attacker], None]
) -> None:
    attack(Attacker(meeting))
    canary.check()
    assert system.at_rest()
