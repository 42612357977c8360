"""The sweep of a node: what the database has and the viewers may lack."""

from typing import Any

from flask import Flask
from sqlalchemy import event as listeners

from realtime.fanout.delivered import DeliveredLog
from tests.support.data import add_event
from webapp.domain.events.store import get_event
from webapp.infra.extensions import db

OLD = {"id": 3, "body": "Lunch", "posted_at": "2026-01-15T10:00:00Z"}
NEW = OLD | {"id": 4, "body": "Dinner"}


def test_a_pin_that_arrives_during_the_sweep_stays(app: Flask) -> None:
    log = DeliveredLog([], 0, announcement=OLD)

    def arrive(*_args: Any) -> None:
        if "announcements" in str(_args[2]):
            log.take_new("announcement_posted", NEW)

    with app.app_context():
        add_event()
        event = get_event("town-hall")
        listeners.listen(db.engine, "after_cursor_execute", arrive)
        for name, payload in log.find_missed(event.id, event.slug):
            log.take_new(name, payload)
    assert log.snapshot(1)["announcement"] == NEW
