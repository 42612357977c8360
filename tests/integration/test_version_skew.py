"""Two releases share the cache and the message queue of the nodes while an upgrade runs.

`tests/data/releases/` has the fields of both as the release before wrote them;
`python -m tests.support.shared_state > FILE` records them (docs/development.md, "Make a release").
"""

import json
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from realtime.fanout.delivered import DeliveredLog
from tests.support import shared_state
from tests.support.client import PageClient
from tests.support.data import add_event
from tests.support.polls import add_viewers
from tests.support.shared_state import PREFIX, SLUG, cached_keys, kind_of, lacks, narrowed, shape_of
from webapp.domain.employees import directory
from webapp.domain.events import store as events
from webapp.infra import previous_release
from webapp.infra.extensions import db
from webapp.infra.settings import ROOT

RECORDS = ROOT / "tests" / "data" / "releases"
BEFORE = json.loads((RECORDS / f"{previous_release.RELEASE}.json").read_text())
EVENT = f"{PREFIX}event:v7:{SLUG}"

full = pytest.mark.parametrize("settings", ["full"], indirect=True)


@pytest.fixture
def redis(app: Flask) -> Any:
    return app.extensions["redis"]


@pytest.fixture
def state(app: Flask, redis: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the cached values and the packets of a meeting in which everything happens."""
    with app.app_context():
        return shared_state.fill(redis)


@full
def test_the_release_before_can_read_what_this_one_shares(
    state: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    values, packets = state
    # A value under another key would not be dropped by the release before when it changes.
    assert lacks(shape_of(values), BEFORE["cache"]) == []
    assert lacks(shape_of(packets), BEFORE["packets"]) == []
    for kind, fields in previous_release.STRICT_VALUES.items():
        assert set(values[kind]) == fields
        assert set(BEFORE["cache"][kind]) == fields


@full
def test_this_release_can_read_what_the_one_before_shares(
    app: Flask, redis: Any, state: tuple[dict[str, Any], dict[str, Any]], client: PageClient
) -> None:
    client.check_in(SLUG, f"person{SLUG}-0@example.com", f"{SLUG}-0")
    client.get(f"/events/{SLUG}/live")
    for key in cached_keys(redis):
        value = narrowed(json.loads(redis.get(key) or b""), BEFORE["cache"][kind_of(key)])
        redis.set(key, json.dumps(value), keepttl=True)
        redis.delete(f"{key}:added")
    for page in ("live", "questions", "polls", "attendance/me"):
        assert client.get(f"/events/{SLUG}/{page}").status_code == 200
    with app.app_context():
        log = DeliveredLog.begin(events.get_event(SLUG).id, SLUG)
        for name, payload in state[1].items():
            log.take_new(name.split(" ")[0], narrowed(payload, BEFORE["packets"].get(name)))


def test_unknown_packets_reach_viewers_unless_they_are_for_nodes() -> None:
    log = DeliveredLog([], 0)
    assert log.take_new("hand_raised", {"name": "Ada"}) == {"name": "Ada"}
    assert log.take_new("node:admin_signed_out", {"admin_id": 1}) is None


@pytest.fixture
def with_added_field(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the recording a field that the release before does not know."""
    known = previous_release.STRICT_VALUES["event:v7"] - {"recording_url"}
    monkeypatch.setitem(previous_release.STRICT_VALUES, "event:v7", known)


@full
@pytest.mark.usefixtures("with_added_field")
def test_the_release_before_gets_no_field_that_it_does_not_know(app: Flask, redis: Any) -> None:
    with app.app_context():
        add_event(SLUG, recording_url="https://video.example/")
        events.get_event(SLUG)
        assert "recording_url" not in json.loads(redis.get(EVENT) or b"")
        assert events.get_event(SLUG).recording_url == "https://video.example/"


@full
@pytest.mark.usefixtures("with_added_field")
def test_changes_by_the_release_before_are_seen_at_once(app: Flask, redis: Any) -> None:
    with app.app_context():
        add_event(SLUG, recording_url="https://video.example/")
        events.get_event(SLUG)
        value = json.loads(redis.get(EVENT) or b"")
        db.session.execute(text("UPDATE events SET title = 'Changed'"))
        db.session.commit()
        # It drops its own key alone; perhaps it also puts the new value there.
        redis.delete(EVENT)
        assert events.get_event(SLUG).title == "Changed"
        redis.set(EVENT, json.dumps(value | {"title": "Changed again"}))
        changed = events.get_event(SLUG)
        assert (changed.title, changed.recording_url) == (
            "Changed again",
            "https://video.example/",
        )


@full
@pytest.mark.usefixtures("with_added_field")
def test_a_value_without_the_added_fields_is_read_from_the_database(app: Flask, redis: Any) -> None:
    with app.app_context():
        add_event(SLUG, recording_url="https://video.example/")
        events.get_event(SLUG)
        redis.delete(f"{EVENT}:added")
        assert events.get_event(SLUG).recording_url == "https://video.example/"


@full
def test_fields_of_the_next_release_are_left_out(app: Flask, redis: Any) -> None:
    with app.app_context():
        add_event(SLUG)
        employee = directory.get_employee(add_viewers(1, SLUG)[0].employee.id)
        assert employee
        for key, read in (
            (EVENT, lambda: events.get_event(SLUG)),
            (f"{PREFIX}employee:v2:{employee.id}", lambda: directory.get_employee(employee.id)),
        ):
            before = read()
            value = json.loads(redis.get(key) or b"")
            redis.set(key, json.dumps(value | {"planned": True}))
            assert read() == before
