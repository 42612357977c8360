"""The demo data: the same in every database, and moved to the present."""

import sqlite3
import subprocess
import sys
import unicodedata
from collections import Counter, defaultdict
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.support.client import PageClient, text_of
from webapp.domain.admins import accounts
from webapp.domain.events.store import list_events
from webapp.domain.models import (
    AudienceMinute,
    Employee,
    Event,
    Message,
    Question,
    QuestionVote,
    RosterEntry,
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
        for table in (RosterEntry, WatchedMinute, Message):
            past = select(func.count()).select_from(table).join(Event)
            assert (db.session.scalar(past.where(Event.state == "closed")) or 0) > 100
        assert accounts.sign_in(ADMIN_EMAIL, ADMIN_PASSWORD, Client("192.0.2.1")).name


def test_demo_questions_have_their_votes(app: Flask) -> None:
    rows = select(func.count()).where(QuestionVote.question_id == Question.id)
    with app.app_context():
        seed(utcnow())
        wrong = select(Question.id).where(Question.votes != rows.scalar_subquery())
        assert db.session.scalars(wrong).all() == []
        states = Counter(db.session.scalars(select(Question.state)))
        assert states.keys() == {"open", "answering", "answered"}
        assert db.session.scalars(select(Question.id).where(Question.author_id.is_(None))).all()


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


def test_totals_match_the_minutes(app: Flask) -> None:
    with app.app_context():
        seed(utcnow())
        seen: dict[tuple[int, int], list[int]] = defaultdict(list)
        for watched in db.session.scalars(select(WatchedMinute)):
            seen[watched.event_id, watched.employee_id].append(watched.minute)
        for entry in db.session.scalars(select(RosterEntry)):
            minutes = seen.pop((entry.event_id, entry.employee_id), [])
            assert entry.watched_minutes == len(minutes)
            assert entry.first_minute == min(minutes, default=None)
            assert entry.last_minute == max(minutes, default=None)
            assert entry.checked_in_at or not minutes
        assert not seen
        watching = select(func.sum(AudienceMinute.viewers))
        rows = select(func.count()).select_from(WatchedMinute)
        assert db.session.scalar(watching) == db.session.scalar(rows)


def test_its_rosters_are_complete_and_in_order(app: Flask) -> None:
    with app.app_context():
        seed(utcnow())
        for event in list_events():
            names = [
                (unaccented(row.last_name), unaccented(row.first_name))
                for row in roster.stream_rows(event, roster.Filters())
            ]
            # Four people have left since the first two events, two of whom were there.
            assert len(names) == {"closed": 196, "open": 194, "scheduled": 194}[event.state]
            if event.state != "scheduled":
                assert names == sorted(names)


def unaccented(name: str) -> str:
    return unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()


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
