"""The demo data: the same in every database, and moved to the present."""

import sqlite3
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete, func, select, update

from tests.support.client import PageClient, text_of
from webapp.domain import admins
from webapp.domain.attendance.closing import close
from webapp.domain.events.store import get_event, list_events
from webapp.domain.models import (
    Attendance,
    Closing,
    Employee,
    Event,
    FrozenAttendance,
    Message,
    WatchedMinute,
)
from webapp.domain.roster import roster
from webapp.domain.seed import (
    ADMIN_EMAIL,
    ADMIN_PASSWORD,
    EMPLOYEE_EMAIL,
    EMPLOYEE_NUMBER,
    DatabaseNotEmpty,
    seed,
)
from webapp.infra.clock import minute_of, utcnow
from webapp.infra.extensions import db
from webapp.infra.rate_limit import Client
from webapp.infra.settings import ROOT


def counts() -> dict[str, int]:
    return {
        name: db.session.scalar(select(func.count()).select_from(table)) or 0
        for name, table in db.metadata.tables.items()
    }


def test_committed_file_is_up_to_date() -> None:
    script = ROOT / "bin" / "make_seed.py"
    written = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert (ROOT / "seed.sql").read_text() == written.stdout


def test_seed_loads_the_demo_company(app: Flask) -> None:
    with app.app_context():
        seed(utcnow())
        assert counts()["employees"] == 200
        states = Counter(db.session.scalars(select(Event.state)))
        assert states == {"open": 1, "closed": 2, "scheduled": 1}
        assert len(set(db.session.scalars(select(Employee.department)))) == 7
        assert len(set(db.session.scalars(select(Employee.location)))) == 5
        for table in (Attendance, WatchedMinute, Message):
            past = select(func.count()).select_from(table).join(Event)
            assert (db.session.scalar(past.where(Event.state == "closed")) or 0) > 100
        assert admins.sign_in(ADMIN_EMAIL, ADMIN_PASSWORD, Client("192.0.2.1")).name


def test_open_event_is_on_now(app: Flask) -> None:
    now = utcnow()
    with app.app_context():
        seed(now)
        event = db.session.scalars(select(Event).where(Event.state == "open")).one()
        assert abs(now - event.starts_at - timedelta(minutes=20)) <= timedelta(minutes=1)
        assert event.ends_at > now
        latest = db.session.scalar(select(func.max(Message.posted_at)))
        assert latest is not None
        assert timedelta(0) < now - latest < timedelta(minutes=15)
        last_minute = db.session.scalar(select(func.max(WatchedMinute.minute)))
        assert last_minute is not None
        assert 0 <= minute_of(now) - last_minute <= 3


def test_watched_minutes_lie_within_their_event(app: Flask) -> None:
    with app.app_context():
        seed(utcnow())
        query = select(Event, func.min(WatchedMinute.minute), func.max(WatchedMinute.minute))
        rows = db.session.execute(query.join(WatchedMinute).group_by(Event.id)).all()
        assert len(rows) == 3
        for event, first, last in rows:
            assert minute_of(event.starts_at) <= first <= last <= minute_of(event.ends_at)


def test_totals_and_frozen_figures_match_the_minutes(app: Flask) -> None:
    now = utcnow()
    with app.app_context():
        seed(now)
        seen: dict[tuple[int, int], list[int]] = defaultdict(list)
        for watched in db.session.scalars(select(WatchedMinute)):
            seen[watched.event_id, watched.employee_id].append(watched.minute)
        for row in db.session.scalars(select(Attendance)):
            minutes = seen[row.event_id, row.employee_id]
            assert row.watched_minutes == len(minutes)
            assert row.first_minute == min(minutes, default=None)
            assert row.last_minute == max(minutes, default=None)
        frozen = {
            event.slug: [row.counted for row in roster.stream_rows(event, roster.Filters())]
            for event in list_events()
            if event.state == "closed"
        }
        assert sorted(map(len, frozen.values())) == [196, 196]
        for slug in frozen:
            # Closing the event again at the same time gives the same figures.
            event = get_event(slug)
            closing = db.session.get_one(Closing, event.id)
            _close_again(event.id, closing.closed_at)
            again = [row.counted for row in roster.stream_rows(event, roster.Filters())]
            assert again == frozen[slug]


def _close_again(event_id: int, closed_at: datetime) -> None:
    db.session.execute(delete(Closing).where(Closing.event_id == event_id))
    db.session.execute(
        update(FrozenAttendance)
        .where(FrozenAttendance.event_id == event_id)
        .values(status="absent", watched_minutes=0, checked_in_at=None)
    )
    db.session.commit()
    close(event_id, None, closed_at)


def test_seed_refuses_a_database_with_data(app: Flask) -> None:
    with app.app_context():
        seed(utcnow())
        before = counts()
        with pytest.raises(DatabaseNotEmpty):
            seed(utcnow())
        seed(utcnow(), force=True)
        assert counts() == before


def test_demo_employee_can_check_in(app: Flask, client: PageClient) -> None:
    with app.app_context():
        seed(utcnow())
    slug = client.get("/").location.split("/")[2]
    client.check_in(slug, EMPLOYEE_EMAIL, EMPLOYEE_NUMBER)
    assert "Ada Lovelace" in text_of(client.get(f"/events/{slug}/live").text)


def test_file_loads_without_the_loader(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        seed(utcnow())
        loaded = counts()
        tables = [str(table) for table in db.metadata.sorted_tables]
    by_hand = sqlite3.connect(tmp_path / "by_hand.sqlite3")
    try:
        with app.app_context():
            for table in db.metadata.sorted_tables:
                columns = ", ".join(column.name for column in table.columns)
                by_hand.execute(f"CREATE TABLE {table} ({columns})")
        by_hand.executescript((ROOT / "seed.sql").read_text())
        for name in tables:
            rows = by_hand.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
            assert rows == loaded[name]
    finally:
        by_hand.close()
