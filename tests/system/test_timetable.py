"""Events open and close by themselves on the full system, once, and every node hears of it."""

from datetime import timedelta

import requests
from sqlalchemy import func, select, update

from stack import Stack
from tests.support.meeting import Meeting, held_meeting
from tests.support.viewer import Viewer
from tests.support.waiting import wait_for
from webapp.domain.models import AuditEntry, Event
from webapp.domain.running.timetable import LOOK_SECONDS
from webapp.infra.clock import utcnow
from webapp.infra.extensions import db
from webapp.infra.settings import load_settings

SECONDS = LOOK_SECONDS + 15


def count_entries(meeting: Meeting, action: str) -> int:
    with meeting.app.app_context():
        entries = select(func.count()).select_from(AuditEntry).join(Event)
        here = entries.where(Event.slug == meeting.slug, AuditEntry.action == action)
        return db.session.scalar(here) or 0


def is_closed(viewer: Viewer) -> bool:
    states = [payload["state"] for name, payload in viewer.events if name == "event_changed"]
    return "closed" in states


def test_events_open_and_close_once_on_all_processes(stack: Stack, meeting: Meeting) -> None:
    first, second = (node.url for node in stack.realtime)
    now = utcnow()
    planned = {"state": "scheduled", "starts_at": now, "ends_at": now + timedelta(hours=1)}
    moment = now + timedelta(seconds=3)
    with (
        held_meeting(load_settings(stack.settings), stack.url, **planned, opens_at=moment) as next_,
        meeting.viewer().connect(first) as ada,
        meeting.viewer().connect(second) as grace,
    ):
        with meeting.app.app_context():
            here = update(Event).where(Event.slug == meeting.slug)
            db.session.execute(here.values(closes_at=moment))
            db.session.commit()
        wait_for(lambda: is_closed(ada) and is_closed(grace), SECONDS)
        page = f"{stack.url}/events/{next_.slug}/"
        # The field of the form: an event that is not open shows a page without it.
        form = 'name="employee_number"'
        wait_for(lambda: form in requests.get(page, timeout=10).text, SECONDS)
        assert count_entries(meeting, "event_closed") == 1
        assert count_entries(next_, "event_opened") == 1
